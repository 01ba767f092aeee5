"""Which pages may show the console in a frame, and what no page may do."""

from pathlib import Path

import pytest

from edge_node.config import from_environment
from edge_node.web.app import create_app
from shared.errors import InvalidInput
from tests.edge_node.two_sides import Gateway, Hospital


def test_only_named_origins_may_frame_it(two_sides: tuple[Gateway, Hospital]) -> None:
    _, hospital = two_sides
    app = create_app(
        hospital.box,
        hospital.condition,
        frozenset(),
        "Kibra Hospital",
        ("http://192.168.1.9:8800",),
    )
    answer = app.test_client().get("/", headers={"Host": "localhost"})
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' http://192.168.1.9:8800")
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "not yet signed" not in answer.text  # the words are in the catalogue
    assert 'data-text="notice.rules_unsigned"' in answer.text


@pytest.mark.parametrize(
    ("named", "origins"),
    [
        ("", ()),
        ("http://127.0.0.1:8800", ("http://127.0.0.1:8800",)),
        ("https://a.example  http://[::1]:80", ("https://a.example", "http://[::1]:80")),
    ],
)
def test_origins_are_read(tmp_path: Path, named: str, origins: tuple[str, ...]) -> None:
    environment = {"HAVEN_EDGE_DIR": str(tmp_path), "HAVEN_EDGE_FRAME_ANCESTORS": named}
    assert from_environment(environment).frame_ancestors == origins


@pytest.mark.parametrize(
    "named",
    ["*", "a.example", "http://", "http://a/path", "http://a;script-src", "http://a,b", "http://["],
)
def test_what_is_no_origin_is_refused(tmp_path: Path, named: str) -> None:
    environment = {"HAVEN_EDGE_DIR": str(tmp_path), "HAVEN_EDGE_FRAME_ANCESTORS": named}
    with pytest.raises(InvalidInput, match="HAVEN_EDGE_FRAME_ANCESTORS must be origins"):
        from_environment(environment)
