"""Where patients' whereabouts may be sent."""

import pytest

from gateway.travel.engine_address import check_before_asking, engine_address, require_ours
from gateway.travel.trouble import EngineTrouble
from shared.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "kind", "base_url"),
    [
        ("osrm+http://127.0.0.1:5000", "osrm", "http://127.0.0.1:5000"),
        ("osrm+http://localhost:5000/", "osrm", "http://localhost:5000"),
        ("valhalla+http://10.1.2.3:8002/valhalla/", "valhalla", "http://10.1.2.3:8002/valhalla"),
        ("valhalla+https://roads.hospital.internal", "valhalla", "https://roads.hospital.internal"),
        ("osrm+http://[::1]:5000", "osrm", "http://[::1]:5000"),
        ("osrm+http://[fd00::7]:5000", "osrm", "http://[fd00::7]:5000"),
        ("osrm+http://[::ffff:192.168.0.9]", "osrm", "http://[::ffff:192.168.0.9]"),
    ],
)
def test_addresses_that_are_ours(written: str, kind: str, base_url: str) -> None:
    address = engine_address(written)
    assert (address.kind, address.base_url) == (kind, base_url)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("http://127.0.0.1:5000", "must look like"),
        ("osrm://127.0.0.1:5000", "must look like"),
        ("graphhopper+http://127.0.0.1", "must look like"),
        ("osrm+ftp://127.0.0.1", "must look like"),
        ("osrm+http://", "must look like"),
        ("osrm+http://127.0.0.1:99999", "must look like"),
        ("osrm+http://127.0.0.1:port", "must look like"),
        ("osrm+http://me:secret@127.0.0.1:5000", "no password"),
        ("osrm+http://127.0.0.1:5000/?key=1", "no password, question"),
        ("osrm+http://198.51.100.7:5000", "hear where patients are"),
        ("osrm+http://8.8.8.8", "HAVEN_ROUTING_REMOTE=yes"),
        ("valhalla+http://[2001:db8::1]", "public address"),
        ("osrm+http://[::ffff:8.8.8.8]", "public address"),
        # Where cloud providers answer with credentials.
        ("osrm+http://169.254.169.254", "public address"),
        ("osrm+http://0.0.0.0:5000", "public address"),
    ],
)
def test_addresses_that_are_refused(written: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        engine_address(written)
    assert "secret" not in str(refused.value)


def test_the_operator_may_say_otherwise() -> None:
    address = engine_address("osrm+https://198.51.100.7", may_be_remote=True)
    require_ours(address, lambda host: ("198.51.100.7",))


@pytest.mark.parametrize(
    "found", [("198.51.100.7",), ("10.0.0.7", "198.51.100.7"), ("2001:db8::1",), ("rubbish",)]
)
def test_a_name_that_leads_outside_is_refused(found: tuple[str, ...]) -> None:
    address = engine_address("osrm+http://roads:5000")
    with pytest.raises(InvalidInput, match="leads to roads"):
        require_ours(address, lambda host: found)
    with pytest.raises(EngineTrouble):
        check_before_asking(address, lambda host: found)()


@pytest.mark.parametrize("found", [(), ("172.18.0.4",), ("fd00::4", "10.0.0.4"), ("127.0.0.1",)])
def test_a_name_that_stays_inside_or_is_not_known_yet(found: tuple[str, ...]) -> None:
    check_before_asking(engine_address("osrm+http://roads:5000"), lambda host: found)()
