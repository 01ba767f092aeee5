from pathlib import Path

import pytest

from edge_node.identity import Identity, IdentityUnusable, NotEnrolled, Site
from edge_node.store import Store
from sync.sealing import PublicKeys


def test_the_file_is_encrypted_and_durable(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite", b"k" * 32)
    pragmas = store.write(
        lambda connection: [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert pragmas == ["wal", 2]
    store.close()
    assert b"SQLite format" not in (tmp_path / "store.sqlite").read_bytes()


@pytest.mark.parametrize("content", [b"", b"noise" * 5000, None], ids=["empty", "noise", "key"])
def test_a_store_that_cannot_be_read_is_moved_aside_and_kept(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "store.sqlite"
    Store(path, b"k" * 32).close()
    key = b"k" * 32
    if content is None:
        key = b"another key of thirty-two bytes!"
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    store = Store(path, key)
    if content == b"":  # an empty file is what a crash at the very first start leaves
        assert store.moved_aside is None
    else:
        assert store.moved_aside is not None
        assert store.moved_aside.read_bytes() == before
    assert store.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM claims").scalar_one()) == 0
    store.close()


def test_keys_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    identity = Identity(tmp_path / "box")
    assert identity.store_key() == Identity(tmp_path / "box").store_key()
    assert identity.node_keys().public == Identity(tmp_path / "box").node_keys().public
    for file in (tmp_path / "box").iterdir():
        assert file.stat().st_mode & 0o077 == 0
    (tmp_path / "box" / "node.key").chmod(0o644)
    with pytest.raises(IdentityUnusable, match="chmod 600"):
        identity.node_keys()


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    identity.store_key()
    (tmp_path / "store.key").write_bytes(b"short")
    with pytest.raises(IdentityUnusable, match="damaged"):
        identity.store_key()


def test_the_site_is_kept(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    with pytest.raises(NotEnrolled, match="haven-edge enrol"):
        identity.site()
    site = Site(3, 11, "Kibra", "https://g.test", "", PublicKeys(b"x" * 32, b"y" * 32))
    identity.keep(site)
    identity.keep(site)
    assert identity.site() == site
    (tmp_path / "site.json").write_text("{}")
    with pytest.raises(IdentityUnusable, match="new code"):
        identity.site()
