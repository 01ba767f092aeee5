"""Texting the duty phones by the box's own modem when nobody answers at the console, and taking
their answers: the last resort of a hospital that is cut off.

Where the link works the gateway phones them itself, so the box gives it time first.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert, select

from edge_node import dispatches, duty_phones
from edge_node.box import Box
from edge_node.dispatch import Dispatch
from edge_node.link import Link
from edge_node.modem.tables import duty_texts
from edge_node.store import Store
from edge_node.unanswered import Unanswered, UnansweredPatients
from shared import duty_hours, gsm
from shared.dispatch import CannotTreatReason
from shared.emergency import Priority
from shared.errors import HavenError, InvalidInput
from shared.phone_number import masked
from sync.events import DispatchOffered
from sync.smsd_spool import IncomingText, Spool

# When nobody at the console has answered for so long, the first phone is texted.
_AFTER = {
    Priority.CRITICAL: timedelta(seconds=60),
    Priority.HIGH: timedelta(minutes=2),
    Priority.MEDIUM: timedelta(minutes=5),
}
# And then one after the other.
_NEXT_AFTER = timedelta(seconds=60)
# The gateway does the same, sooner, where it can be reached.
_LINKED_FACTOR = 3
_ANSWER = re.compile(r"\W*(YES|NDIYO|NDIO|NO|HAPANA|LA)\b\W*([0-9]{4})?\b\W*(.*)", re.I | re.S)
_YES = frozenset({"YES", "NDIYO", "NDIO"})
_LONGEST_TEXT = 150


class DutyTexts:
    """What the modem's thread does for the duty phones, once a second."""

    def __init__(
        self,
        spool: Spool,
        store: Store,
        box: Box,
        link: Link,
        patients: UnansweredPatients,
        hospital_name: str,
    ) -> None:
        self._spool = spool
        self._store = store
        self._box = box
        self._link = link
        self._patients = patients
        self._hospital_name = hospital_name

    def text_due(self) -> None:
        """Texts the next phone of every patient who has waited too long. Raises SpoolUnusable."""
        now = self._box.now()
        waiting = self._patients.look(now)
        for each in waiting:
            self._text_next(each, now)

    def _text_next(self, each: Unanswered, now: datetime) -> None:
        phone = self._store.read(lambda connection: self._next(connection, each, now))
        if phone is None:
            return
        self._text(phone, _asking(each.offer, self._hospital_name), now)
        told = insert(duty_texts).values(dispatch_id=each.dispatch_id, phone=phone, at=now)
        self._store.write(lambda connection: connection.execute(told))

    def _next(self, connection: Connection, each: Unanswered, now: datetime) -> str | None:
        after = _AFTER[each.offer.priority]
        if self._link.state.connected:
            after *= _LINKED_FACTOR
        told = {
            row.phone: row.at
            for row in connection.execute(
                select(duty_texts).where(duty_texts.c.dispatch_id == each.dispatch_id)
            )
        }
        if each.waited < after + _NEXT_AFTER * len(told):
            return None
        phones = on_duty(duty_phones.stored(connection), now)
        return next((phone for phone in phones if phone not in told), None)

    def take(self, message: IncomingText) -> bool:
        """Takes an answer of a duty phone. False when it is none."""
        known = self._store.read(duty_phones.stored)
        if message.sender not in {phone for phone, _ in known}:
            return False
        answer = _ANSWER.fullmatch(message.text.strip())
        if answer is None:
            return False
        word, code, rest = answer[1].upper(), answer[2], answer[3]
        meant = self._meant(code)
        now = self._box.now()
        if meant is None or meant.offer is None:
            self._text(message.sender, _WHICH, now)
            return True
        by = f"SMS {masked(message.sender)}"
        try:
            if word in _YES:
                self._box.accept(meant.id, by)
            else:
                self._box.cannot_treat(meant.id, by, CannotTreatReason.OTHER, rest[:120])
        except HavenError as error:
            self._text(message.sender, f"HAVEN {meant.offer.answer_code}: {error}", now)
            return True
        self._text(message.sender, _noted_words(meant.offer.answer_code, word in _YES), now)
        return True

    def _meant(self, code: str | None) -> Dispatch | None:
        """The patient with that answer code; without one the only one who was texted about."""
        known = self._store.read(lambda connection: dispatches.latest(connection))
        if code is not None:
            return next(
                (each for each in known if each.offer and each.offer.answer_code == code), None
            )
        asked = self._store.read(
            lambda connection: set(connection.execute(select(duty_texts.c.dispatch_id)).scalars())
        )
        rings = [each for each in known if each.rings and each.id in asked]
        return rings[0] if len(rings) == 1 else None

    def _text(self, phone: str, text: str, now: datetime) -> None:
        plain = gsm.clip(gsm.to_gsm(text), _LONGEST_TEXT)
        note = f"d{int(now.timestamp() * 1000):x}"
        self._spool.send(phone, plain, now, note, urgent=True)


_WHICH = "HAVEN: which patient? Reply YES or NO and the 4 figures of the text, such as YES 4831"


def _asking(offer: DispatchOffered, hospital_name: str) -> str:
    """No name and no medical fact: whoever holds the phone may read it."""
    code, priority = offer.answer_code, offer.priority.name.lower()
    return (
        f"HAVEN {code}, {gsm.clip(hospital_name, 30)}: nobody answers at the box for a patient "
        f"({priority}). Go there, or reply YES {code} or NO {code}"
    )


def _noted_words(code: str, accepted: bool) -> str:
    if accepted:
        return f"HAVEN {code}: noted on your box. Haven and the patient hear it as soon as it can"
    return f"HAVEN {code}: noted on your box. Whoever arrives must still be stabilised"


def on_duty(phones: Sequence[tuple[str, str]], now: datetime) -> list[str]:
    """Who is on duty by the box's own time of day; where nobody is, everybody: somebody has to
    hear. A box knows no public holidays.
    """
    there = [phone for phone, hours in phones if _is_there(hours, now)]
    return there or [phone for phone, _ in phones]


def _is_there(hours: str, now: datetime) -> bool:
    try:
        return duty_hours.parse(hours).on_duty(now.astimezone(), _no_holiday)
    except InvalidInput:
        return True  # a rota of a newer gateway


def _no_holiday(day: date) -> bool:
    return False
