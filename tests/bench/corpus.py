"""A thousand seeded emergencies as a Nairobi hospital might get them, for size and speed."""

from datetime import UTC, datetime, timedelta
from random import Random

from shared import identifier
from shared.capability import Capability
from shared.emergency import Kind, Priority
from sync.events import DispatchOffered

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
_CODE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

# Typed words, the gazetteer's name, latitude, longitude, radius in metres.
_PLACES = (
    ("olympic kibra", "Olympic, Kibra", -1.3146, 36.7810, 800),
    ("kayole junction", "Kayole Junction", -1.2772, 36.9093, 600),
    ("githurai 45", "Githurai 45", -1.2011, 36.9213, 700),
    ("ngara fig tree", "Fig Tree, Ngara", -1.2762, 36.8221, 400),
    ("kiamaiko", "Kiamaiko", -1.2604, 36.8722, 500),
    ("mlolongo stage", "Mlolongo", -1.3946, 36.9402, 1500),
    ("nyuma ya msikiti eastleigh 7th street", "Eastleigh Section II", -1.2727, 36.8513, 900),
    ("dagoretti corner", "Dagoretti Corner", -1.3003, 36.7602, 500),
    ("juja karibu na jkuat", "Juja", -1.1018, 37.0144, 2900),
    ("rongai tuskys", "Ongata Rongai", -1.3962, 36.7427, 2200),
)
_KINDS = (
    (Kind.BLEEDING, Priority.CRITICAL, "bleeding", "adult.bleeding"),
    (Kind.PREGNANCY, Priority.CRITICAL, "fits", "pregnancy.fits"),
    (Kind.PREGNANCY, Priority.HIGH, "birth pains", "pregnancy.labour"),
    (Kind.INJURY, Priority.HIGH, "hit", "injury.road"),
    (Kind.SNAKEBITE, Priority.CRITICAL, "snake bite", "adult.snakebite"),
    (Kind.SICKNESS, Priority.MEDIUM, "other", "adult.other"),
    (Kind.CHILD, Priority.CRITICAL, "fits", "child.fits"),
    (Kind.CHEST_PAIN, Priority.CRITICAL, "chest pain", "adult.chest"),
)
_NOTES = ("", "", "", "wasee wawili wako down mmoja haongei", "amekatwa panga", "joto kali")


def emergencies(count: int = 1000, seed: int = 1) -> list[DispatchOffered]:
    """`count` offers, some minutes apart, the same for the same seed."""
    rng = Random(seed)
    moment = START
    new_id = identifier.maker(lambda: moment, rng)
    made = []
    for _ in range(count):
        moment += timedelta(milliseconds=rng.randrange(10_000, 600_000))
        typed, name, lat, lon, radius_m = rng.choice(_PLACES)
        kind, priority, sign, rule = rng.choice(_KINDS)
        emergency_id = new_id()
        raised_at = moment
        moment += timedelta(milliseconds=rng.randrange(5, 20_000))
        made.append(
            DispatchOffered(
                at=moment,
                dispatch_id=new_id(),
                emergency_id=emergency_id,
                version=1,
                help_code="".join(rng.choices(_CODE, k=4)),
                answer_code="".join(rng.choices("0123456789", k=4)),
                kind=kind,
                priority=priority,
                needs=rng.choice([1, Capability.CEMONC | Capability.BLOOD, Capability.THEATRE]),
                raised_at=raised_at,
                answer_by=moment + timedelta(seconds=45),
                valid_until=moment + timedelta(hours=4),
                place_text=typed,
                place_name=name,
                lat=round(lat + rng.uniform(-0.01, 0.01), 5),
                lon=round(lon + rng.uniform(-0.01, 0.01), 5),
                radius_m=radius_m,
                travel_min=rng.randrange(4, 90),
                distance_m=rng.randrange(800, 40_000),
                caller_phone=f"+2547{rng.randrange(10**8):08d}",
                patient_count=rng.choice([1, 1, 1, 1, 2]),
                age_years=rng.choice([None, rng.randrange(0, 90)]),
                note=rng.choice(_NOTES),
                signs=(sign,),
                rule_id=rule,
                ruleset="ke1",
            )
        )
    return made
