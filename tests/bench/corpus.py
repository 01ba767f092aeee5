"""A thousand seeded emergencies as a Nairobi hospital might get them, for size and speed."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from shared import identifier
from shared.capability import Capability
from shared.emergency import Kind, Priority
from sync.events import DispatchOffered

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
_RULES = Path("shared/triage_rules.toml")
_CODE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Typed:
    """What people type. Places: typed words, the gazetteer's name, latitude, longitude, radius in
    metres. A note is to whom it happened, now and then, and what.
    """

    places: tuple[tuple[str, str, float, float, int], ...]
    who: tuple[str, ...]
    what: tuple[str, ...]


_PLACES = (
    ("olympic kibra", "Olympic, Kibra", -1.3146, 36.7810, 800),
    ("kibera laini saba karibu na mosque", "Laini Saba, Kibra", -1.3133, 36.7922, 500),
    ("makina market", "Makina, Kibra", -1.3106, 36.7838, 500),
    ("kayole junction", "Kayole Junction", -1.2772, 36.9093, 600),
    ("githurai 45", "Githurai 45", -1.2011, 36.9213, 700),
    ("githurai kimbo stage", "Githurai Kimbo", -1.1892, 36.9310, 900),
    ("ngara fig tree", "Fig Tree, Ngara", -1.2762, 36.8221, 400),
    ("kiamaiko", "Kiamaiko", -1.2604, 36.8722, 500),
    ("huruma flats opposite chief's camp", "Huruma", -1.2578, 36.8701, 700),
    ("mathare 4a near the river", "Mathare 4A", -1.2591, 36.8585, 600),
    ("mlolongo stage", "Mlolongo", -1.3946, 36.9402, 1500),
    ("nyuma ya msikiti eastleigh 7th street", "Eastleigh Section II", -1.2727, 36.8513, 900),
    ("eastleigh section 3", "Eastleigh Section III", -1.2698, 36.8559, 900),
    ("dagoretti corner", "Dagoretti Corner", -1.3003, 36.7602, 500),
    ("kawangware 46 stage", "Kawangware", -1.2853, 36.7519, 800),
    ("kangemi flyover", "Kangemi", -1.2647, 36.7484, 900),
    ("juja karibu na jkuat", "Juja", -1.1018, 37.0144, 2900),
    ("rongai tuskys", "Ongata Rongai", -1.3962, 36.7427, 2200),
    ("mukuru kwa njenga primary school", "Mukuru kwa Njenga", -1.3117, 36.8884, 700),
    ("mukuru kwa reuben", "Mukuru kwa Reuben", -1.3149, 36.8783, 700),
    ("pipeline stage mpya", "Pipeline, Embakasi", -1.3182, 36.8937, 600),
    ("donholm caltex", "Donholm", -1.2953, 36.8887, 800),
    ("umoja 1 market", "Umoja I", -1.2839, 36.8936, 700),
    ("buruburu phase 2 shopping centre", "Buruburu", -1.2887, 36.8789, 800),
    ("dandora phase 4 dumpsite", "Dandora Phase IV", -1.2498, 36.9041, 900),
    ("kariobangi north roundabout", "Kariobangi North", -1.2519, 36.8827, 600),
    ("roysambu trm", "Roysambu", -1.2187, 36.8886, 700),
    ("zimmerman base", "Zimmerman", -1.2099, 36.8958, 700),
    ("kahawa west stage", "Kahawa West", -1.1869, 36.8971, 900),
    ("kasarani mwiki terminus", "Mwiki", -1.2271, 36.9342, 1200),
    ("ruaka market", "Ruaka", -1.2053, 36.7840, 1100),
    ("wangige sokoni", "Wangige", -1.2236, 36.7156, 1500),
    ("kikuyu town near the railway", "Kikuyu", -1.2463, 36.6627, 1900),
    ("uthiru cooperation", "Uthiru", -1.2672, 36.7203, 800),
    ("lang'ata barracks", "Lang'ata", -1.3308, 36.7773, 1000),
    ("south b shopping centre", "South B", -1.3110, 36.8357, 700),
    ("industrial area lunga lunga road", "Industrial Area", -1.3065, 36.8603, 1400),
    ("syokimau katani", "Syokimau", -1.3633, 36.9303, 1800),
    ("kitengela next to the shell petrol station", "Kitengela", -1.4738, 36.9605, 2500),
    ("athi river makadara", "Athi River", -1.4563, 36.9785, 2400),
)
_WHO = ("", "", "mama", "mzee", "mtoto", "my brother", "dada", "a man")
_WHAT = (
    "anatoka damu nyingi kichwani",
    "haongei wala hasikii",
    "amekatwa panga mkononi",
    "joto kali tangu jana",
    "amegongwa na matatu",
    "cannot breathe well",
    "bleeding and very weak",
    "uchungu umeanza saa kumi",
    "ameumwa na nyoka mguuni",
    "fell from second floor",
    "hit by a lorry",
    "fits since morning",
)
NAIROBI = Typed(_PLACES, _WHO, _WHAT)


def emergencies(
    count: int = 1000, seed: int = 1, start: datetime = START, typed_by: Typed = NAIROBI
) -> list[DispatchOffered]:
    """`count` offers, some minutes apart from `start` on, the same for the same seed."""
    rng, rules = Random(seed), tomllib.loads(_RULES.read_text("utf-8"))
    moment = start
    new_id = identifier.maker(lambda: moment, rng)
    made = []
    for _ in range(count):
        moment += timedelta(milliseconds=rng.randrange(10_000, 600_000))
        typed, name, lat, lon, radius_m = rng.choice(typed_by.places)
        rule = rng.choice(rules["rule"])
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
                kind=Kind[rule["kind"].upper()],
                priority=Priority[rule["priority"].upper()],
                needs=int(sum(Capability[need.upper()] for need in rule["needs"])),
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
                note=" ".join(filter(None, map(rng.choice, (typed_by.who, typed_by.what)))),
                signs=tuple(map(str, rule.get("when", {}).values())) or ("other",),
                rule_id=rule["id"],
                ruleset=rules["version"],
            )
        )
    return made
