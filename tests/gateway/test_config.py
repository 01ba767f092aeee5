"""The configuration: what is needed, what is refused, and what is never shown."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, from_environment
from gateway.database.database import Database
from tests.journeys.world import build_world

NEEDED = {
    "HAVEN_CALLBACK_SECRET": "a-secret-for-tests-only",
    "HAVEN_AT_USERNAME": "sandbox",
    "HAVEN_AT_API_KEY": "a-key-that-nobody-may-see",
    "HAVEN_AT_SHORTCODE": "40404",
}


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        from_environment({})
    for name in NEEDED:
        assert f"{name} is not set" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HAVEN_LISTEN", "8000", "HAVEN_LISTEN must look like"),
        ("HAVEN_LISTEN", "127.0.0.1:99999", "HAVEN_LISTEN must look like"),
        ("HAVEN_DATABASE_URL", "mysql://x", "must start with sqlite"),
        ("HAVEN_PUBLIC_URL", "haven.example", "HAVEN_PUBLIC_URL must start with https://"),
        ("HAVEN_LIVE_PUBLIC_URL", "https://haven.example", "must start with wss://"),
        ("HAVEN_CALLBACK_SECRET", "short", "at least 16 characters"),
        ("HAVEN_CALLBACK_SECRET", "a" * 16 + "," + "b" * 16 + "," + "c" * 16, "or two joined"),
        ("HAVEN_OPERATOR_PHONES", "+254700000001,hello", "is no phone number"),
        ("HAVEN_EMERGENCY_NUMBERS", "999,", "numbers joined by commas"),
        ("HAVEN_THREADS", "0", "a number from 1 to 256"),
        ("HAVEN_SUMMARY_LEASE_HOURS", "0", "a number from 1 to 840"),
        ("HAVEN_SUMMARY_LEASE_HOURS", "7 days", "a number from 1 to 840"),
        ("HAVEN_DEFAULT_PLACES", "maybe", "HAVEN_DEFAULT_PLACES must be yes or no"),
        ("HAVEN_ROUTING_URL", "http://127.0.0.1:5000", "HAVEN_ROUTING_URL must look like osrm"),
        ("HAVEN_ROUTING_URL", "osrm+http://8.8.8.8", "HAVEN_ROUTING_URL leads to 8.8.8.8"),
        ("HAVEN_ROUTING_REMOTE", "perhaps", "HAVEN_ROUTING_REMOTE must be yes or no"),
    ],
)
def test_a_wrong_value_says_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        from_environment({**NEEDED, name: value})


def test_secrets_are_not_shown() -> None:
    config = from_environment(
        {
            **NEEDED,
            "HAVEN_DATABASE_URL": "postgresql+psycopg://haven:pass-of-the-database@db/haven",
            "HAVEN_OPERATOR_PHONES": "0700000001",
        }
    )
    assert config.operator_phones == ("+254700000001",)
    for secret in ("a-secret-for-tests-only", "a-key-that-nobody", "pass-of-the", "+254700000001"):
        assert secret not in repr(config)


def test_emergency_numbers_may_be_written_with_spaces() -> None:
    config = from_environment({**NEEDED, "HAVEN_EMERGENCY_NUMBERS": "112, 1199"})
    assert config.emergency_numbers == ("112", "1199")


def test_two_callback_secrets_are_accepted_while_one_is_rotated() -> None:
    both = f"{'a' * 16}, {'b' * 16}"
    config = from_environment({**NEEDED, "HAVEN_CALLBACK_SECRET": both})
    assert config.callback_secrets == ("a" * 16, "b" * 16)


@pytest.mark.parametrize(
    ("name", "value"),
    [("HAVEN_EMERGENCY_NUMBERS", "0800723253,999"), ("HAVEN_USSD_CODE", "*384*911000#")],
)
def test_what_texts_would_show_cut_off_is_refused(
    database: Database, tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}: .* is wider than"):
        build_world(database, tmp_path, None, **{name: value})


def test_a_routing_engine_may_be_elsewhere_when_the_operator_says_so() -> None:
    assert from_environment(NEEDED).routing is None
    ours = from_environment({**NEEDED, "HAVEN_ROUTING_URL": "valhalla+http://127.0.0.1:8002/"})
    assert ours.routing is not None
    assert (ours.routing.kind, ours.routing.base_url) == ("valhalla", "http://127.0.0.1:8002")
    remote = {"HAVEN_ROUTING_URL": "osrm+https://198.51.100.7", "HAVEN_ROUTING_REMOTE": "yes"}
    assert from_environment({**NEEDED, **remote}).routing is not None
