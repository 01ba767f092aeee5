"""A box whose store, key or disk is not what it was: it starts, says so, and is told by its gateway
again what matters; what staff said and the gateway has comes back.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_node.config import from_environment
from edge_node.identity import IdentityUnusable
from edge_node.machine import real_system
from edge_node.node import open_node
from edge_node.store import Store, StoreUnusable
from gateway.sites.tables import streams as gateway_streams
from shared.dispatch import DispatchState
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]
PAGE_BYTES = 4096


def meets(gateway: Gateway, hospital: Hospital) -> None:
    """Several exchanges, as the box makes them by the clock."""
    for _ in range(4):
        gateway.clock.forward(15)
        hospital.exchanges()


def flips_a_byte_in_every_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), PAGE_BYTES):
        content[start + PAGE_BYTES // 2] ^= 0x40
    path.write_bytes(content)


def flips_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def loses_its_second_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 // PAGE_BYTES * PAGE_BYTES])


def loses_part_of_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -PAGE_BYTES // 2])


def has_no_header(path: Path) -> None:
    path.write_bytes(bytes(PAGE_BYTES) + path.read_bytes()[PAGE_BYTES:])


def is_noise(path: Path) -> None:
    path.write_bytes(b"noise" * 20_000)


@pytest.mark.parametrize(
    "damage",
    [
        flips_a_byte_in_every_page,
        flips_one_bit,
        loses_its_second_half,
        loses_part_of_a_page,
        has_no_header,
        is_noise,
    ],
)
def test_a_damaged_store_is_set_aside_and_filled_again(
    two_sides: Both, damage: Callable[[Path], None]
) -> None:
    gateway, hospital = two_sides
    ids = [gateway.offers(note="x" * 200) for _ in range(8)]
    hospital.exchanges()
    hospital.box.accept(ids[0], "AK")
    note = hospital.box.write_note("before the damage", "AK").id
    meets(gateway, hospital)
    effects = sorted(gateway.effects())
    path = hospital.folder / "store.sqlite"
    hospital.store.close()
    assert not path.with_name("store.sqlite-wal").exists()
    damage(path)
    damaged = path.read_bytes()
    with pytest.raises(StoreUnusable, match="Stop and start the box"):
        Store(path, hospital.identity.store_key(), mends=False)
    hospital.starts()
    assert hospital.store.moved_aside is not None
    assert hospital.store.moved_aside.read_bytes() == damaged
    (problem,) = hospital.condition().problems
    assert "answers that were not sent then are missing" in problem
    assert "store.sqlite.damaged-1" in problem
    meets(gateway, hospital)
    box = hospital.box
    assert {each.id for each in box.dispatches()} == set(ids)
    assert [claim.by for claim in box.dispatch(ids[0]).claims if claim.by] == ["AK"]
    assert not box.dispatch(ids[0]).rings
    assert all(box.dispatch(each).rings for each in ids[1:])
    assert [each.id for each in box.reports()] == [note]
    # Nothing that was said once had a second effect.
    assert sorted(effect for effect in gateway.effects() if effect in effects) == effects
    assert hospital.condition().problems == [problem]  # until somebody deletes the file
    later = gateway.offers()
    meets(gateway, hospital)
    box.accept(later, "AK")
    meets(gateway, hospital)
    assert gateway.state_of(later) is DispatchState.ACCEPTED


def test_noise_in_the_journal_loses_nothing_that_the_gateway_has(two_sides: Both) -> None:
    gateway, hospital = two_sides
    first = gateway.offers()
    hospital.exchanges()
    # As at a power cut: the newest commits stand in the journal alone.
    copy = hospital.folder.with_name("cut")
    second = gateway.offers()
    hospital.exchanges()
    hospital.box.accept(second, "AK")
    meets(gateway, hospital)
    shutil.copytree(hospital.folder, copy)
    hospital.store.close()
    shutil.rmtree(hospital.folder)
    copy.rename(hospital.folder)
    journal = hospital.folder / "store.sqlite-wal"
    assert journal.stat().st_size > 0
    journal.write_bytes(b"noise" * (journal.stat().st_size // 5))
    hospital.starts()
    meets(gateway, hospital)
    box = hospital.box
    assert {each.id for each in box.dispatches()} == {first, second}
    assert box.dispatch(first).rings
    assert not box.dispatch(second).rings
    assert gateway.state_of(second) is DispatchState.ACCEPTED
    assert len(gateway.effects()) == len(set(gateway.effects()))


def test_two_copies_of_a_disk_both_ring_both_count_and_people_are_told(
    two_sides: Both, tmp_path: Path
) -> None:
    gateway, hospital = two_sides
    before = gateway.offers()
    meets(gateway, hospital)
    hospital.store.close()
    shutil.copytree(hospital.folder, tmp_path / "copy")
    hospital.starts()
    copy = Hospital(tmp_path / "copy", gateway.clock, hospital.network, seed=9)
    boxes = (hospital, copy)
    for each in boxes:
        meets(gateway, each)
    after = [gateway.offers() for _ in range(3)]
    for _ in range(3):
        for each in boxes:
            meets(gateway, each)
    for each in boxes:
        assert {shown.id for shown in each.box.dispatches()} == {before, *after}
        assert each.box.dispatch(after[0]).rings
    hospital.box.accept(after[0], "AK")
    copy.box.accept(after[1], "BN")
    for _ in range(3):
        for each in boxes:
            meets(gateway, each)
    for dispatch_id in after[:2]:
        assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED
    for each in boxes:
        assert {each.box.dispatch(shown).state for shown in after[:2]} == {DispatchState.ACCEPTED}
    troubles = gateway.quiet.read(gateway_streams.incoming.troubles)
    assert any("Two copies of this box's disk" in trouble.what for trouble in troubles)
    copy.store.close()


@pytest.fixture
def environment(two_sides: Both) -> Iterator[dict[str, str]]:
    """An enrolled box that has stopped."""
    gateway, hospital = two_sides
    gateway.offers()
    hospital.exchanges()
    hospital.store.close()
    yield {"HAVEN_EDGE_DIR": str(hospital.folder)}
    hospital.starts()


@pytest.mark.parametrize(
    ("name", "damage", "sentence"),
    [
        ("node.key", lambda path: path.unlink(), "enrol the box again with a new code"),
        ("node.key", lambda path: path.write_bytes(b"short"), "is damaged"),
        ("node.key", lambda path: path.chmod(0o644), "chmod 600"),
        ("site.json", lambda path: path.write_text("{"), "Enrol the box again"),
        ("site.json", lambda path: path.unlink(), "not enrolled"),
    ],
)
def test_a_box_without_its_identity_shows_what_it_has_and_says_what_is_missing(
    environment: dict[str, str], name: str, damage: Callable[[Path], object], sentence: str
) -> None:
    path = Path(environment["HAVEN_EDGE_DIR"]) / name
    kept = path.read_bytes()
    damage(path)
    node = open_node(from_environment(environment), real_system())
    try:
        assert [each.rings for each in node.box.dispatches()] == [True]
        assert node.exchanger is None
        assert any(sentence in problem for problem in node.condition().problems)
    finally:
        node.close()
        path.unlink(missing_ok=True)
        path.write_bytes(kept)
        path.chmod(0o600)


def test_a_store_without_its_key_is_set_aside(environment: dict[str, str]) -> None:
    folder = Path(environment["HAVEN_EDGE_DIR"])
    (folder / "store.key").unlink()
    node = open_node(from_environment(environment), real_system())
    try:
        assert node.store.moved_aside is not None
        assert node.box.dispatches() == []
        assert node.condition().damaged_stores == ("store.sqlite.damaged-1",)
    finally:
        node.close()


def test_a_store_key_that_is_damaged_stops_the_start_with_what_to_do(
    environment: dict[str, str],
) -> None:
    key = Path(environment["HAVEN_EDGE_DIR"]) / "store.key"
    kept = key.read_bytes()
    for damage in (lambda: key.write_bytes(b"short"), key.mkdir):
        key.unlink()
        damage()
        with pytest.raises(IdentityUnusable, match=r"store\.key"):
            open_node(from_environment(environment), real_system())
    key.rmdir()
    key.write_bytes(kept)
    key.chmod(0o600)


def test_an_answer_that_was_not_sent_is_lost_with_a_damaged_store_and_asked_for_again(
    two_sides: Both,
) -> None:
    gateway, hospital = two_sides
    asked = gateway.offers()
    hospital.exchanges()
    hospital.network.cut = True
    hospital.box.accept(asked, "AK")
    hospital.network.cut = False
    hospital.store.close()
    is_noise(hospital.folder / "store.sqlite")
    hospital.starts()
    meets(gateway, hospital)
    assert hospital.box.dispatch(asked).rings
    hospital.box.accept(asked, "BN")
    meets(gateway, hospital)
    assert gateway.state_of(asked) is DispatchState.ACCEPTED
