"""A gateway's database with ten thousand hospitals, one of them with a box and beds for
everybody.
"""

from random import Random

from sqlalchemy import Connection, insert

from gateway import bootstrap
from gateway.config import from_environment
from gateway.hospitals import changes
from gateway.hospitals.changes import Change
from gateway.hospitals.tables import availability, hospitals
from gateway.machine import real_system
from shared.hospital import HospitalStatus
from tests.bench import matching
from tests.faults.installation import Installation

HOSPITALS = 10_000
# What the caller types, near enough for a choice, and the place that is meant.
TYPED, MEANT = "thikka", "Thika"
# The hospital beside it, which has beds for everybody and so is always matched.
NEAR = "Hospital 10001"
_THIKA = (-1.03326, 37.06933)
_SEED = 20261123


def fill(installation: Installation) -> None:
    """Makes the database and fills it; the gateway must not be running."""
    config = from_environment(installation.environment)
    keys = bootstrap.load_or_make_keys(config)
    database = bootstrap.open_database(config, keys)
    system = real_system()
    pairs = matching.hospitals(HOSPITALS, Random(_SEED))

    def write(connection: Connection) -> None:
        # Logged as an import does: an index that finds no log reads everything again.
        numbers = changes.take_numbers(connection, HOSPITALS + 1)
        standing, reported = [], []
        for hospital, available in pairs:
            standing.append(
                _standing(hospital.id, hospital.level, hospital.lat, hospital.lon)
                | {"has": hospital.has, "lacks": hospital.lacks, "open_24h": hospital.open_24h}
            )
            reported.append(
                {
                    "hospital_id": hospital.id,
                    "status": str(available.status),
                    "staffed_beds": available.staffed_beds,
                    "free_beds": available.free_beds,
                    "assigned_since": 0,
                    "reported_at": available.reported_at,
                    "stock_has": available.stock_has,
                    "stock_lacks": available.stock_lacks,
                    "stock_reported_at": available.stock_reported_at,
                    "units_free": available.units_free,
                    "units_full": available.units_full,
                    "units_reported_at": available.units_reported_at,
                    "source": "bench",
                    "version": 0,
                }
            )
        lat, lon = _THIKA
        standing.append(
            _standing(HOSPITALS + 1, 6, lat, lon)
            | {"has": (1 << 27) - 1, "lacks": 0, "open_24h": True}
        )
        reported.append(
            {
                "hospital_id": HOSPITALS + 1,
                "status": str(HospitalStatus.NORMAL),
                "staffed_beds": 100_000,
                "free_beds": 100_000,
                "assigned_since": 0,
                "reported_at": system.now(),
                "stock_has": 0,
                "stock_lacks": 0,
                "stock_reported_at": None,
                "units_free": 0,
                "units_full": 0,
                "units_reported_at": None,
                "source": "bench",
                "version": 0,
            }
        )
        connection.execute(insert(hospitals), standing)
        connection.execute(insert(availability), reported)
        logged = [Change(number, system.new_id(), number) for number in numbers]
        changes.record(connection, logged)

    database.write(write)
    database.close()


def _standing(number: int, level: int, lat: float, lon: float) -> dict[str, object]:
    return {
        "id": number,
        "source": "bench",
        "source_id": str(number),
        "name": f"Hospital {number}",
        "official_name": f"Hospital {number}",
        "level": level,
        "owner": "",
        "county": "Nairobi",
        "sub_county": "",
        "ward": "",
        "lat": lat,
        "lon": lon,
        "beds": None,
        "status": "normal",
        "reachable": False,
    }
