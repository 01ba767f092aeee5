"""Files that are large, endless, or change: bounded memory, and nothing that was not checked."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.hospitals.hospital_record import HospitalRecord, hospital_store
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.importing.importing import Manner, Store, Stored, run_import
from gateway.importing.reading import FileChanged
from tests.gateway.hospitals.importing_gateway import ImportingGateway


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


_HEADER = "id,name,level,county,lat,lon,has,lacks\n"
_MEGABYTE = 1_000_000

# Reads a whole file as the importer does, with so much memory beyond what Python took to start.
_READ_WITHIN = """
import resource, sys
from pathlib import Path
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.importing.reading import FileRefused

def now_bytes():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

limit = now_bytes() + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
rows = refused = 0
try:
    file = open_hospital_file(Path(sys.argv[1]), "KE")
    for _, fields in file.rows():
        rows += 1
        refused += "\\0unreadable" in fields
except FileRefused as error:
    print("refused:", error)
print(rows, refused)
"""


def _read_within(path: Path, memory_bytes: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _READ_WITHIN, str(path), str(memory_bytes)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _write(path: Path, parts: Iterator[str]) -> Path:
    with path.open("w") as file:
        for part in parts:
            file.write(part)
    return path


def _feature(number: int) -> str:
    feature = {
        "type": "Feature",
        "id": f"node/{number}",
        "properties": {"amenity": "hospital", "name": f"H{number}", "note": "x" * 500},
        "geometry": {"type": "Point", "coordinates": [36.8, -1.3]},
    }
    return json.dumps(feature)


def _on_one_line(count: int) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":['
    for number in range(count):
        yield ("," if number else "") + _feature(number)
    yield "]}"


def test_a_collection_on_one_line_takes_no_more_memory_than_a_feature(tmp_path: Path) -> None:
    path = _write(tmp_path / "one-line.geojson", _on_one_line(100_000))
    assert path.stat().st_size > 64 * _MEGABYTE
    assert _read_within(path, 32 * _MEGABYTE).split() == ["100000", "0"]


def _csv(count: int) -> Iterator[str]:
    yield _HEADER
    for number in range(count):
        yield f"h{number},{'x' * 700},4,Nairobi,-1.3,36.8,theatre,\n"


def test_a_long_list_takes_no_more_memory_than_a_row(tmp_path: Path) -> None:
    path = _write(tmp_path / "long.csv", _csv(100_000))
    assert path.stat().st_size > 64 * _MEGABYTE
    assert _read_within(path, 32 * _MEGABYTE).split() == ["100000", "0"]


def _repeated(before: str, endless: str, after: str, megabytes: int = 64) -> Iterator[str]:
    yield before
    for _ in range(megabytes * _MEGABYTE // len(endless)):
        yield endless
    yield after


_X = "x" * 10_000
_FEATURE = '{"type":"FeatureCollection","features":[' + _feature(1) + ","


@pytest.mark.parametrize(
    ("name", "before", "endless", "after", "words"),
    [
        ("line.csv", _HEADER + "a,", _X, "", "over 1,000,000 characters in line 2"),
        ("header.csv", "", _X, "", "over 1,000,000 characters in line 1"),
        ("field.csv", _HEADER + 'a,"', _X + "\n", '"', "field larger than field limit"),
        ("commas.csv", _HEADER + "a", "," * 10_000, "", "over 1,000,000 characters in line 2"),
        ("string.json", '{"id":"', _X, '"}', "single value of over 1,000,000 bytes"),
        ("key.json", '{"', _X, '":1}', "single value of over 1,000,000 bytes"),
        ("number.json", "[", "1" * 10_000, "]", "single value of over 1,000,000 bytes"),
        ("spaces.json", "[", " " * 10_000, "]", "single value of over 1,000,000 bytes"),
        ("deep.json", "", "[" * 10_000, "", "over 1,000 lists and objects"),
        ("deep-object.json", "", '{"a":' * 2_000, "", "over 1,000 lists and objects"),
    ],
)
def test_an_endless_value_is_refused_in_bounded_memory(
    tmp_path: Path, name: str, before: str, endless: str, after: str, words: str
) -> None:
    path = _write(tmp_path / name, _repeated(before, endless, after))
    said = _read_within(path, 32 * _MEGABYTE)
    assert "refused:" in said
    assert words in said


def test_one_endless_feature_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    ring = '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[36.8,-1.3]'
    after = "]]}}," + _feature(2) + "]}"
    path = _write(
        tmp_path / "a.geojson", _repeated(_FEATURE + ring, ",[36.8,-1.3]" * 100, after, 8)
    )
    # Put together, its positions alone would take some 80 megabytes.
    assert _read_within(path, 16 * _MEGABYTE).split() == ["3", "1"]


def _rows(count: int, name: str = "H") -> str:
    return _HEADER + "".join(
        f"h{number},{name}{number},4,Nairobi,-1.{number:04},36.8,theatre,\n"
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("changed", "written"),
    [
        # The first batch differs: nothing is written.
        (_rows(500, "X"), 0),
        # A row more at the end: what comes before is as it was checked.
        (_rows(501), 400),
        (_rows(450), 400),
        # Only a row that is refused came in.
        (_rows(500) + "z,,4,Nairobi,-1.3,36.8,,\n", 500),
        (_rows(410) + '"unfinished', 400),
        ("no list at all\n" * 900, 0),
        (None, 0),
    ],
    ids=["other rows", "longer", "shorter", "one refused", "broken off", "another file", "gone"],
)
def test_a_file_that_changes_between_its_readings_is_written_no_further(
    gateway: ImportingGateway, changed: str | None, written: int
) -> None:
    path = gateway.folder / "changing.csv"
    path.write_text(_rows(500))
    file = open_hospital_file(path, "KE")

    def progress(what: str, done: int, total: int | None) -> None:
        if what == "Checking" and done == 500:
            path.unlink()
            if changed is not None:
                path.write_text(changed)

    with pytest.raises(FileChanged) as stopped:
        run_import(file, hospital_store(gateway.system), gateway.database, progress, Manner())
    assert len(gateway.rows()) == written
    said = "Nothing was written" if not written else f"{written} rows were written"
    assert said in str(stopped.value)
    path.write_text(_rows(500))
    run_import(file, hospital_store(gateway.system), gateway.database, _silent, Manner())
    assert len(gateway.rows()) == 500


def _silent(what: str, done: int, total: int | None) -> None:
    pass


def test_the_command_says_that_the_file_changed(gateway: ImportingGateway) -> None:
    path = gateway.folder / "register.csv"

    def changing(store: Store[HospitalRecord]) -> Store[HospitalRecord]:
        def write(connection: Connection, batch: Sequence[HospitalRecord], dry_run: bool) -> Stored:
            path.write_text(_rows(2000, "X"))
            return store(connection, batch, dry_run)

        return write

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "gateway.hospitals.commands.hospital_store",
            lambda system: changing(hospital_store(system)),
        )
        result = gateway.imports(_rows(2000))
    assert result.exit_code == 4, result.output
    assert "changed while it was read" in result.stderr
    names = {row["name"][0] for row in gateway.rows()}
    assert names == {"H"}
    assert len(gateway.rows()) < 2000


def test_who_dies_half_way_leaves_whole_batches_and_completes_them(
    gateway: ImportingGateway,
) -> None:
    path = gateway.folder / "register.csv"
    path.write_text(_rows(500))
    file = open_hospital_file(path, "KE")
    plain = hospital_store(gateway.system)
    batches = 0

    def dying(connection: Connection, batch: Sequence[HospitalRecord], dry_run: bool) -> Stored:
        nonlocal batches
        stored = plain(connection, batch, dry_run)
        batches += 1
        if batches == 2:
            # Written, and not committed.
            raise KeyboardInterrupt
        return stored

    with pytest.raises(KeyboardInterrupt):
        run_import(file, dying, gateway.database, _silent, Manner())
    assert len(gateway.rows()) == 200
    again = run_import(file, plain, gateway.database, _silent, Manner())
    assert again.stored == Stored(created=300, unchanged=200)


def test_a_file_of_nonsense_is_given_up_early(gateway: ImportingGateway) -> None:
    def nonsense() -> Iterator[str]:
        yield _HEADER
        for number in range(30_000):
            yield f"h{number},,4,Nairobi,-1.3,36.8,,\n"

    path = _write(gateway.folder / "nonsense.csv", nonsense())
    result = gateway.imports(path.read_text())
    assert result.exit_code == 1
    assert "10001 of 10001 rows make no sense" in result.stderr
