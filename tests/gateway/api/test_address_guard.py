"""Whose address counts, and how many requests it has."""

from datetime import timedelta

import pytest
from flask import Request
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import EnvironBuilder

from gateway.api.address_guard import REQUESTS_PER_MINUTE, AddressGuard, client_address
from tests.journeys.world import Clock


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("197.136.0.9", "", "197.136.0.9"),
        # A stranger may write what it likes into the header.
        ("197.136.0.9", "10.0.0.1", "197.136.0.9"),
        # Our own proxy appends the address that it saw.
        ("127.0.0.1", "6.6.6.6, 197.136.0.9", "197.136.0.9"),
        ("172.18.0.2", "197.136.0.9", "197.136.0.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2c0f:fe38:1::5", "", "2c0f:fe38:1::/64"),
        ("", "", "None"),
    ],
)
def test_the_address_that_counts(peer: str, forwarded: str, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    environ = EnvironBuilder(headers=headers).get_environ()
    environ["REMOTE_ADDR"] = peer
    assert client_address(Request(environ)) == address


def test_the_first_twenty_of_a_minute_are_never_refused() -> None:
    assert REQUESTS_PER_MINUTE >= 20


def test_a_bucket_refills_steadily_and_a_clock_that_jumps_back_does_no_harm() -> None:
    clock = Clock()
    guard = AddressGuard(clock, per_minute=30)
    for _ in range(30):
        guard.admit("a")
    with pytest.raises(TooManyRequests) as refused:
        guard.admit("a")
    assert refused.value.retry_after == 2
    guard.admit("b")
    clock.now -= timedelta(hours=1)
    with pytest.raises(TooManyRequests):
        guard.admit("a")
    clock.now += timedelta(seconds=2)
    guard.admit("a")
    with pytest.raises(TooManyRequests):
        guard.admit("a")
