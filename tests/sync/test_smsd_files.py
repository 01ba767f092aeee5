"""How gammu-smsd names its files, and what is in them."""

from datetime import UTC, datetime

import pytest

from sync.smsd_files import IncomingName, outgoing_name, read_incoming_name, read_text

NOON = datetime(2026, 3, 1, 12, 5, 9, tzinfo=UTC)


def test_a_name_says_whom_and_how_urgent() -> None:
    assert (
        outgoing_name("+254733000007", NOON, "e1n2", urgent=True)
        == "OUTA20260301_120509_00_+254733000007_e1n2.txt"
    )
    usual = outgoing_name("40404", NOON, "e1n2", urgent=False)
    assert outgoing_name("40404", NOON, "e1n3", urgent=True) < usual


@pytest.mark.parametrize("number", ["", "+", "../40404", "40404_1", "Safaricom", "4" * 30])
def test_what_is_no_number_gets_no_name(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        outgoing_name(number, NOON, "x", urgent=False)


@pytest.mark.parametrize("note", ["", "a_b", "a/b", "a.b"])
def test_what_would_break_the_name_is_no_note(note: str) -> None:
    with pytest.raises(ValueError, match="note"):
        outgoing_name("40404", NOON, note, urgent=False)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (
            "IN20261130_064055_00_+254711222333_00.txt",
            IncomingName("20261130_064055_00", "+254711222333", 0),
        ),
        (
            "IN20261130_064055_00_Safaricom_01.txt",
            IncomingName("20261130_064055_00", "Safaricom", 1),
        ),
        ("IN20261130_064055_00__00.txt", IncomingName("20261130_064055_00", "", 0)),
        ("IN20261130_064055_00_a_b_00.txt", IncomingName("20261130_064055_00", "a_b", 0)),
        ("IN20261130_064055_00_+254711222333_00.bin", None),
        ("OUT20261130.txt", None),
    ],
)
def test_what_the_name_of_a_message_says(name: str, read: IncomingName | None) -> None:
    assert read_incoming_name(name) == read


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xfe\xff\x00H\x00V\x00N", "HVN"),
        (b"\xff\xfeH\x00V\x00N\x00", "HVN"),
        (b"HVNabc", "HVNabc"),
        ("Degedege ĩ".encode(), "Degedege ĩ"),
        (b"caf\xe9", "caf�"),
        (b"", ""),
    ],
)
def test_a_message_is_read_however_it_was_written(content: bytes, text: str) -> None:
    assert read_text(content) == text
