"""What the text model knows beforehand, made once:

    python -m tests.sync.train_text_model primer > sync/primer_1.bin
    python -m tests.sync.train_text_model weights

The second prints the table of weights in `sync/text_model.py`. Both are part of the wire's form and
must not change; write better ones under the next number, and give `sync.compression` a form for it.
"""

import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import help_code, identifier
from shared.capability import Capability
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Kind, Priority
from sync import events, frame, packing, text_model
from sync.codec import encode
from sync.events import DispatchOffered, Event
from tests.bench.corpus import START

_RULES = Path("shared/triage_rules.toml")
_WORDS = Path(__file__).with_name("typed_words.toml")
# One for each rule of triage: notes and places are shared out among them.
_OFFERS = 51
_FOLDS = 6
_UNSEEN_OFFERS = 60
_STEPS = 500


def words() -> dict[str, list[str]]:
    """What people type."""
    return tomllib.loads(_WORDS.read_text("utf-8"))


def contents(
    notes: Sequence[str], places: Sequence[str], seed: int, offers: int = _OFFERS
) -> Iterator[bytes]:
    """Contents of frames, and events by themselves as a text carries them, that say all these
    notes and places.
    """
    rng = Random(seed)
    for number, event in enumerate(_events(rng, notes, places, offers)):
        payload = encode(event)
        if number % 3 == 0:
            yield payload
            continue
        epoch, seq = rng.randrange(1, 1 << 32), int(10 ** rng.uniform(0.3, 4.5))
        yield frame.content_of(frame.Frame(1, epoch, seq, (payload,)))


def _events(
    rng: Random, notes: Sequence[str], places: Sequence[str], offers: int
) -> Iterator[Event]:
    rules = tomllib.loads(_RULES.read_text("utf-8"))
    moment = START
    new_id = identifier.maker(lambda: moment, rng)
    for number in range(offers):
        moment += timedelta(milliseconds=rng.randrange(100_000, 100_000_000))
        rule = rules["rule"][number % len(rules["rule"])]
        here = [place.split(" | ") for place in places[number % len(places) :: offers]]
        travel_min = rng.randrange(3, 120)
        emergency_id, raised_at = new_id(), moment
        moment += timedelta(milliseconds=rng.randrange(5, 20_000))
        offer = DispatchOffered(
            at=moment,
            dispatch_id=new_id(),
            emergency_id=emergency_id,
            version=rng.choice([1, 1, 1, 1, 2, 3]),
            help_code=help_code.new(rng),
            answer_code=f"{rng.randrange(10**4):04d}",
            kind=Kind[rule["kind"].upper()],
            priority=Priority[rule["priority"].upper()],
            needs=int(sum({Capability[need.upper()] for need in rule["needs"]})),
            raised_at=raised_at,
            answer_by=moment + timedelta(seconds=rng.choice([45, 90, 240, 600])),
            valid_until=moment + max(timedelta(hours=2), timedelta(minutes=3 * travel_min)),
            place_text=", ".join(typed for typed, _ in here),
            place_name=", ".join(name for _, name in here),
            lat=round(rng.uniform(-4.5, 4.5), 5),
            lon=round(rng.uniform(34, 41), 5),
            radius_m=rng.choice([300, 400, 500, 600, 800, 900, 1200, 1500, 2000, 3000]),
            travel_min=travel_min,
            distance_m=rng.randrange(300, 90_000),
            caller_phone=f"+254{rng.choice(['7', '7', '7', '1'])}{rng.randrange(10**8):08d}",
            patient_count=rng.choice([1, 1, 1, 1, 2, 3]),
            age_years=rng.choice([None, rng.randrange(0, 90)]),
            note=". ".join(notes[number % len(notes) :: offers]),
            signs=tuple(map(str, rule.get("when", {}).values())) or ("other",),
            rule_id=rule["id"],
            ruleset=rules["version"],
        )
        yield offer
        if number % 4 == 0:
            yield _answer(rng, number // 4, offer)


def _answer(rng: Random, number: int, offer: DispatchOffered) -> Event:
    """What is said of an offer, of each sort in turn."""
    said = words()
    after_ms = rng.randrange(500, 200_000)
    at = offer.at + timedelta(milliseconds=after_ms)
    claim_id = offer.dispatch_id + (after_ms << 22) + rng.randrange(1 << 22)
    claim: dict[str, Any] = {
        "at": at,
        "claim_id": claim_id,
        "dispatch_id": offer.dispatch_id,
    }
    by = rng.choice(said["people"])
    state, reason = rng.choice(list(DispatchState)), rng.choice(said["reasons"])
    answers: list[Event] = [
        events.DispatchDelivered(**claim, audible=True),
        events.AcceptDispatch(**claim, by=by),
        events.Verdict(**claim, accepted=True, state=DispatchState.ACCEPTED, version=3),
        events.DispatchChanged(
            at=at, dispatch_id=offer.dispatch_id, version=4, state=state, reason=reason
        ),
        events.CannotTreat(**claim, by=by, reason=rng.choice(list(CannotTreatReason))),
        events.Verdict(**claim, accepted=True, state=DispatchState.DELIVERED, version=2),
    ]
    return answers[number % len(answers)]


def primer() -> bytes:
    """The bytes of `sync/primer_1.bin`."""
    said = words()
    return b"".join(map(packing.block, contents(said["notes"], said["places"], seed=1)))


class _Watched(text_model.Model):
    """A model that notes each bit that it learns with the counts that it had for it."""

    def __init__(self, slots: bytearray, noted: dict[int, list[tuple[int, ...]]]) -> None:
        super().__init__(slots)
        self._noted = noted

    def learn(self, byte: int) -> None:
        contexts = self.contexts()
        for which, bit in text_model.PATHS[byte]:
            states = [self.slots[context ^ which] for context in contexts]
            self._noted.setdefault(len(contexts), []).append((bit, *states))
        super().learn(byte)


def weights() -> list[list[int]]:
    """What counts are worth, by context and confidence: learnt from contents whose notes and places
    the model has not read.
    """
    said, rng = words(), Random(2)
    notes, places = said["notes"], said["places"]
    noted: dict[int, list[tuple[int, ...]]] = {}
    for fold in range(_FOLDS):
        rng.shuffle(notes)
        rng.shuffle(places)
        few, some = len(notes) // _FOLDS, len(places) // _FOLDS
        read = contents(notes[few:], places[some:], seed=fold)
        slots = text_model.primed(b"".join(map(packing.block, read)))
        for content in contents(notes[:few], places[:some], 100 + fold, _UNSEEN_OFFERS):
            model = _Watched(bytearray(slots), noted)
            for byte in packing.block(content):
                model.learn(byte)
    return [row for count in sorted(noted) for row in _fitted(np.array(noted[count]))]


def _fitted(noted: NDArray[np.int64]) -> list[list[int]]:
    """Logistic regression of the bits on the evidence, by Adam."""
    bits, states = noted[:, 0], noted[:, 1:]
    logarithms = np.array([text_model.evidence_of(state) for state in range(256)])
    columns = np.array([text_model.confidence_of(state) for state in range(256)])
    row_length = int(columns.max()) + 1
    evidence = logarithms[states] / text_model.EVIDENCE_UNIT
    which = np.arange(states.shape[1]) * row_length + columns[states]
    weight = np.full(states.shape[1] * row_length, 0.25)
    mean, square = np.zeros_like(weight), np.zeros_like(weight)
    for step in range(1, _STEPS + 1):
        chances = 1 / (1 + np.exp(-(evidence * weight[which]).sum(axis=1)))
        errors = (evidence * (chances - bits)[:, None]).ravel()
        slope = np.bincount(which.ravel(), errors, len(weight)) / len(bits)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        weight -= 0.02 * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-9)
    scaled = np.rint(weight * (1 << text_model.WEIGHT_BITS)).astype(int)
    table: list[list[int]] = scaled.reshape(-1, row_length).tolist()
    return table


if __name__ == "__main__":
    if sys.argv[1:] == ["weights"]:
        for row in weights():
            print(f"    {tuple(row)},")
    elif sys.argv[1:] == ["primer"]:
        sys.stdout.buffer.write(primer())
    else:
        sys.exit("Say what to make: primer or weights.")
