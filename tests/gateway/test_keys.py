"""Keys belong to one database; phone numbers are sealed and found without being readable."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import keys
from gateway.database.database import Database
from gateway.keys import KeysUnusable, PhoneVault


def test_keys_are_made_once_and_read_back(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "secrets")
    assert keys.load(tmp_path / "secrets") == made
    assert len({made.database, made.phone_numbers, made.boxes, made.tokens, made.profiles}) == 5
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    with pytest.raises(KeysUnusable, match="they are kept"):
        keys.make(tmp_path / "secrets")
    assert keys.load(tmp_path / "secrets") == made


def test_keys_that_are_missing_damaged_or_readable_by_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="keys init"):
        keys.load(tmp_path)
    keys.make(tmp_path)
    (tmp_path / "boxes.key").chmod(0o644)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        keys.load(tmp_path)
    (tmp_path / "boxes.key").chmod(0o600)
    (tmp_path / "boxes.key").write_bytes(b"too short")
    with pytest.raises(KeysUnusable, match="damaged"):
        keys.load(tmp_path)


def test_a_database_refuses_the_keys_of_another(database: Database, tmp_path: Path) -> None:
    own, others = keys.make(tmp_path / "own"), keys.make(tmp_path / "others")
    database.write(lambda c: keys.confirm(c, own))
    database.write(lambda c: keys.confirm(c, own))
    with pytest.raises(KeysUnusable, match="phone_numbers"):
        database.write(lambda c: keys.confirm(c, others))


def test_no_key_is_ever_shown(tmp_path: Path) -> None:
    made = keys.make(tmp_path)
    assert made.boxes.hex() not in repr(made)
    assert str(made.boxes) not in repr(made)


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_a_number_is_found_and_opened_only_with_its_key(number: str) -> None:
    vault, other = PhoneVault(bytes(32)), PhoneVault(bytes([1]) * 32)
    sealed = vault.seal(number)
    assert vault.open(sealed) == number
    assert number.encode() not in sealed
    assert vault.seal(number) != sealed
    assert vault.index(number) == vault.index(number)
    assert vault.index(number) != other.index(number)
