"""`python -m tests.bench.gazetteer_memory DATABASE`: how much a process grows by loading the
gazetteer, in bytes. A process of its own, so that nothing else has been there before.
"""

import gc
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, insert

from gateway.database.schema import metadata
from gateway.places.current_gazetteer import load_gazetteer
from gateway.places.tables import place_aliases, places
from tests.bench.place_corpus import COUNTRY, Corpus


def grown_bytes(corpus: Corpus) -> int:
    """The growth of a fresh process that loads all of these from a database."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'places.db'}"
        _fill(url, corpus)
        command = [sys.executable, "-m", "tests.bench.gazetteer_memory", url]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(ran.stdout)


def _fill(url: str, corpus: Corpus) -> None:
    engine = create_engine(url)
    metadata.create_all(engine)
    rows, aliases = [], []
    for number, each in enumerate(corpus.named, start=1):
        place = each.place
        rows.append(
            {
                "id": number,
                "source": "bench",
                "source_id": str(number),
                "name": place.name,
                "kind": str(place.kind),
                "county": place.county,
                "parent": place.parent,
                "lat": place.lat,
                "lon": place.lon,
                "radius_m": place.radius_m,
                "population": each.population,
            }
        )
        aliases += [{"place_id": number, "name": name} for name in dict.fromkeys(each.aliases)]
    with engine.begin() as connection:
        connection.execute(insert(places), rows)
        connection.execute(insert(place_aliases), aliases)
    engine.dispose()


def _main(url: str) -> None:
    with create_engine(url).connect() as connection:
        # What SQLAlchemy and numpy take at their first use is not the gazetteer's.
        connection.execute(places.select().limit(1)).all()
        gc.collect()
        before = _resident_bytes()
        gazetteer = load_gazetteer(connection, COUNTRY)
    gazetteer.search("thikka")
    gc.collect()
    print(_resident_bytes() - before)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    _main(sys.argv[1])
