"""A register that is being imported keeps serving: matching answers while batches are written."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.database.polite import PoliteWriter
from gateway.hospitals.hospital_record import HospitalRecord, hospital_store
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.hospitals.index import MatchIndex
from gateway.importing.importing import BATCH_ROWS, ImportSummary, Manner, Stored, run_import
from shared.capability import Capability
from shared.emergency import Priority
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from tests.gateway.hospitals.importing_gateway import NOW, ImportingGateway

_BATCHES = 5
_PATIENCE_S = 60


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


def test_matching_answers_while_batches_are_written(gateway: ImportingGateway) -> None:
    path = gateway.folder / "register.csv"
    # Each batch lies nearer to the patient than the one before.
    path.write_text(
        "id,name,level,county,lat,lon,has,lacks\n"
        + "".join(
            f"h{number},B{number // BATCH_ROWS},4,Nairobi,"
            f"{-1.3 + 0.1 * (_BATCHES - number // BATCH_ROWS)},36.8,theatre,\n"
            for number in range(BATCH_ROWS * _BATCHES)
        )
    )
    writing, ranked = threading.Semaphore(0), threading.Semaphore(0)
    plain = hospital_store(gateway.system)

    def store(connection: Connection, batch: Sequence[HospitalRecord], dry_run: bool) -> Stored:
        stored = plain(connection, batch, dry_run)
        # The batch is written and not committed: this is when a gateway could be held up.
        writing.release()
        assert ranked.acquire(timeout=_PATIENCE_S)
        return stored

    def run() -> ImportSummary:
        polite = PoliteWriter(gateway.database, least_rest_s=0)
        return run_import(open_hospital_file(path, "KE"), store, polite, _silent, Manner())

    index = MatchIndex(MatchPolicy())
    query = MatchQuery(-1.3, 36.8, 0.0, Capability.THEATRE, Priority.CRITICAL, NOW)

    def ranked_first() -> set[str]:
        return {index.get(match.hospital_id)[0].name for match in index.rank(query, NOW)}

    with ThreadPoolExecutor(1) as importer:
        importing = importer.submit(run)
        for done in range(_BATCHES):
            assert writing.acquire(timeout=_PATIENCE_S)
            gateway.database.read(index.catch_up)
            assert len(index) == done * BATCH_ROWS
            assert ranked_first() == ({f"B{done - 1}"} if done else set())
            ranked.release()
        summary = importing.result(timeout=_PATIENCE_S)
    assert summary.stored.created == BATCH_ROWS * _BATCHES
    gateway.database.read(index.catch_up)
    assert len(index) == BATCH_ROWS * _BATCHES
    assert ranked_first() == {f"B{_BATCHES - 1}"}


def _silent(what: str, done: int, total: int | None) -> None:
    pass
