"""Plays one story on the stage, and holds every answer against what it has to be."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Row, select

from gateway.menus.tables import menu_sessions
from gateway.ussd.turn import way_out
from shared import gsm
from tests.fuzz import rubbish
from tests.fuzz.ledger import Ledger, Snapshot
from tests.fuzz.stage import MARKS, NUMBERS, SECRET_WORD, Stage
from tests.fuzz.steps import Step
from tests.journeys.world import SERVICE_CODE

T = TypeVar("T")

_KEY = re.compile(r"^([0-9]+) ", re.MULTILINE)
_PRESSED = ("1", "2", "1", "3", "9", "5", "6", "8", "0", "", "*", "00", "11", "\x00", "x" * 999)
_LONGEST_HISTORY = 4_000
_LONGEST_FIELD = 8_000
_QUIET_S = 200
_SHORT_WAITS_S = (0.5, 1, 2, 3, 5, 10, 20, 31, 46, 61, 76, 125, 181, 196)
_LONG_WAITS_S = (201, 300, 601, 660, 3_700, 7_300, 90_000)


@dataclass
class Talk:
    """One session as it has to be: whose it is, and what was answered last."""

    session_id: str
    number: str
    service_code: str
    network: str
    history: str = ""
    answer: str = ""
    screen: str = ""
    ended: bool = False
    # How many emergencies it may have: one, and one more for each "another patient".
    may_raise: int = 1
    raised: list[int] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)


@dataclass
class Story:
    """The phones, their sessions, and what has happened so far."""

    stage: Stage
    ledger: Ledger
    turns: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    _talks: dict[str, Talk] = field(default_factory=dict)
    _of_phone: dict[str, Talk] = field(default_factory=dict)
    _now: Snapshot = field(init=False)
    _sent: list[str] = field(default_factory=list)
    _calls: dict[str, Talk] = field(default_factory=dict)
    _steps_of_call: Counter[str] = field(default_factory=Counter)
    # By session: what each key on its screen means.
    _shown: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stage.begins()
        self._now = self.ledger.begins()

    def plays(self, steps: list[Step], faults: list[Mapping[str, Any]]) -> None:
        """Every step, then silence; AssertionError says what was wrong."""
        for step in [*steps, Step("wait_long", 0, 1)]:
            self.kinds[step.kind] += 1
            _STEPS[step.kind](self, NUMBERS[step.phone], step)
            self.ledger.reads_texts()
            assert not faults, f"it broke: {faults}"

    # What a phone does.

    def _dials(self, number: str, step: Step) -> None:
        self._opens(number, step, "")

    def _dials_straight(self, number: str, step: Step) -> None:
        dialled = _one_of(rubbish.CODES_DIALLED, step)
        mark = MARKS[NUMBERS.index(number)]
        self._opens(number, step, dialled[len("*384*911*") : -1].replace("kibra", mark))

    def _opens(self, number: str, step: Step, text: str) -> None:
        network = rubbish.NETWORKS[step.which % 7 if step.which < 30 else step.which % 2]
        talk = Talk(f"ATUid_{len(self._talks)}", number, SERVICE_CODE, network)
        self._of_phone[number] = talk
        self._turn(talk, text)

    def _goes_on(self, number: str, step: Step) -> None:
        talk = self._of_phone.get(number)
        if talk is None or talk.ended:
            self._dials(number, step)
        else:
            self._types(talk, self._likely(talk, step))

    def _goes_far(self, number: str, step: Step) -> None:
        for turn in range(4):
            self._goes_on(number, replace(step, which=(step.which + 13 * turn) % 100))

    def _likely(self, talk: Talk, step: Step) -> str:
        definition = self.stage.world.services.menus.definitions.screens[talk.screen]
        mark = MARKS[NUMBERS.index(talk.number)]
        keys = _KEY.findall(talk.answer.partition("\n")[2])
        if definition.kind == "number":
            return str(step.which % 30)
        if definition.kind == "text" and not (keys and step.which % 3 == 0):
            if definition.accepts == "code":
                return self._code(step)
            if definition.accepts == "words":
                return f"{SECRET_WORD} {step.which}"
            ways = ("", " stage", " nowhere", " far", " stage likely", ", town")
            return mark + _one_of(ways, step)
        if definition.narrows and step.which % 5 == 0:
            return _one_of(("Kis", "nai", "Q", "laini"), step)
        return keys[step.which % len(keys)] if keys else "1"

    def _code(self, step: Step) -> str:
        codes = [row.help_code for row in self._now.emergencies.values()]
        return codes[step.which % len(codes)] if codes else "7k2f"

    def _types(self, talk: Talk, typed: str) -> None:
        self._turn(talk, f"{talk.history}*{typed}" if talk.history else typed)

    def _presses_way_back(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            self._types(self._of_phone[number], _one_of(("0", "0", "00", "98"), step))

    def _presses_rubbish(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            self._types(self._of_phone[number], _one_of(rubbish.TYPED, step))

    def _types_several(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            more = _one_of(("1*1", "1*2*9", "2*6*1*9", "0*1*1", "6*9*9", "00*5*4", "1**2"), step)
            self._types(self._of_phone[number], more)

    def _again(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            talk = self._of_phone[number]
            self._turn(talk, talk.posted[-1])

    def _turn_of_before(self, number: str, step: Step) -> None:
        talks = [talk for talk in self._talks.values() if talk.number == number]
        if talks:
            talk = _one_of(talks, step)
            self._turn(talk, _one_of(talk.posted, step))

    def _shorter(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            talk = self._of_phone[number]
            self._turn(talk, talk.history[: -1 - step.which % 3])

    def _contradicts(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            talk = self._of_phone[number]
            rest = talk.history.rpartition("*")[0]
            self._turn(talk, f"{rest}*{step.which}" if rest else str(step.which))

    def _longer(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            talk = self._of_phone[number]
            self._types(talk, f"{talk.history}*{_one_of(rubbish.TYPED, step)}")

    def _foreign_session(self, number: str, step: Step) -> None:
        others = [talk for talk in self._talks.values() if talk.number != number]
        if others:
            talk = _one_of(others, step)
            more = _one_of(("", "*1", "*2*2"), step)
            self._turn(talk, f"{talk.history}{more}", number=number)

    def _foreign_code(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            talk = self._of_phone[number]
            code = _one_of(("*384#", "", "*911*384#", "\x00", "x" * 50), step)
            self._turn(talk, f"{talk.history}*1", service_code=code)

    # One turn, and all that has to be true of its answer.

    def _turn(self, talk: Talk, text: str, *, number: str = "", service_code: str = "*") -> None:
        number = number or talk.number
        service_code = talk.service_code if service_code == "*" else service_code
        received = text.replace("\x00", "")[:_LONGEST_FIELD]
        form = {
            "sessionId": talk.session_id,
            "phoneNumber": number,
            "networkCode": talk.network,
            "serviceCode": service_code,
            "text": text,
        }
        expected = self._expected(talk, received, number, service_code)
        before = None if expected is None else self.ledger.rows()
        faults_to_tell = f"{number} {talk.session_id} {text[:120]!r}"
        status, body = self.stage.posts("ussd", form)
        self.turns += 1
        self.told.append(f"{faults_to_tell} -> {body!r}")
        talk.posted.append(text)
        self._looks_right(status, body)
        if expected is not None:
            assert body == expected, f"the answer was to be {expected!r}"
            assert self.ledger.rows() == before, "a turn that says nothing new wrote something"
            return
        self.ledger.typed(number, text)
        operator = self.stage.world.services.menus.operators.of(talk.network)
        assert (gsm.septets(body) or 0) <= operator.screen, f"too long for {operator.name}"
        self._took_place(talk, received, body)
        self.ledger.reads(number, body)

    def _expected(self, talk: Talk, received: str, number: str, service_code: str) -> str | None:
        """What has to be answered because nothing new was said; None when there is something
        new.
        """
        if talk.session_id not in self._talks:
            return None
        if (number, service_code) != (talk.number, talk.service_code):
            return self._way_out
        if received == talk.history or talk.ended:
            return talk.answer
        if talk.history and not received.startswith(f"{talk.history}*"):
            return talk.answer
        return None

    def _took_place(self, talk: Talk, received: str, body: str) -> None:
        row = self._stored(talk.session_id)
        if row is None or row.answered_length != len(received):
            # Refused: only staff whose phone is their hospital's no more get no better answer, also
            # when they go on with a session that was cut off.
            assert row is not None, "the first turn was refused"
            assert "hospital_here" in json.dumps(row.state), "the turn was refused"
            assert body == self._way_out
            return
        assert row.answer == body, "another answer was stored than was given"
        first = received[len(talk.history) :].removeprefix("*").split("*")[0].strip().rstrip("#")
        if self._shown.get(talk.session_id, {}).get(first.strip()) == "another":
            talk.may_raise += 1
        self._talks[talk.session_id] = talk
        self._shown[talk.session_id] = row.state.get("shown", {})
        talk.history, talk.answer, talk.ended = received, body, row.ended
        talk.screen = row.state["screen"]
        if len(received) > _LONGEST_HISTORY:
            assert talk.screen == "expired", "a history without end does not end"
        assert body.startswith("END ") == row.ended
        self.ledger.screens[talk.screen] += 1
        self._counted(talk, self._compared(talk.number))
        self._is_raised(talk)

    def _stored(self, session_id: str) -> Row[Any] | None:
        query = select(menu_sessions).where(menu_sessions.c.session_id == session_id)
        return self.stage.database.read(lambda connection: connection.execute(query).first())

    def _counted(self, talk: Talk, new: list[int]) -> None:
        talk.raised += new
        rows = [self._now.emergencies[each] for each in talk.raised]
        # A nurse may be in need themselves, and refer a patient in the same session.
        referred = [row for row in rows if row.referred_by is not None]
        own = [row for row in rows if row.referred_by is None and not row.is_over]
        assert len(own) <= talk.may_raise, f"{len(own)} emergencies from one session"
        assert len(referred) <= 1, f"{len(referred)} referrals from one session"

    def _is_raised(self, talk: Talk) -> None:
        if talk.screen.startswith("receipt_"):
            theirs = [
                row
                for row in self._now.emergencies.values()
                if row.caller_id is not None
                and self._now.phones[row.caller_id] == talk.number
                and row.help_code in talk.answer
            ]
            assert theirs, "a receipt of no emergency"
            assert all(row.state != "provisional" for row in theirs), "a receipt of none raised"

    def _compared(self, actor: str, speaks_for: set[int] | None = None) -> list[int]:
        before, self._now = self._now, self.ledger.snapshot()
        theirs = self.stage.hospitals_of(actor) if speaks_for is None else speaks_for
        return self.ledger.compares(before, self._now, actor, theirs)

    def _looks_right(self, status: int, body: str) -> None:
        assert status == 200
        assert body.startswith(("CON ", "END ")), f"the network cannot show {body!r}"
        assert gsm.septets(body) is not None, f"no GSM-7: {body!r}"

    @property
    def _way_out(self) -> str:
        return way_out(self.stage.world.services)

    # What comes beside the turns.

    def _ends(self, number: str, step: Step) -> None:
        if number in self._of_phone:
            self._posts_end(self._of_phone[number].session_id, number)
            if step.which % 2:
                self.stage.world.settle()
                self._compared("")

    def _ends_foreign(self, number: str, step: Step) -> None:
        before = self.ledger.rows()
        others = [talk.session_id for talk in self._talks.values() if talk.number != number]
        self._posts_end(_one_of([*others, *rubbish.SESSION_IDS], step), number)
        assert self.ledger.rows() == before, "the end of a foreign session wrote something"

    def _posts_end(self, session_id: str, number: str) -> None:
        form = {"sessionId": session_id, "phoneNumber": number, "status": "Incomplete"}
        self.told.append(f"end {form}")
        assert self.stage.posts("ussd-end", form) == (200, "")

    def _texts(self, number: str, step: Step) -> None:
        mark = MARKS[NUMBERS.index(number)]
        code = self._code(step)
        words = _one_of(
            (
                f"help {mark} bleeding", f"{mark} stage", "1", "2", "3", "4", "CANCEL", "WORSE",
                f"PLACE {mark} far", "YES", "NO", f"YES {code}", f"NO {code}", f"CANCEL {code}",
                "help", "HELP", f"nowhere {mark}", f"{mark} stage likely",
                _one_of(rubbish.TYPED, step), "ok thanks",
            ),
            step,
        )  # fmt: skip
        self.ledger.typed(number, words)
        repeated = bool(self._sent) and step.which % 10 == 9
        if not repeated:
            self._sent.append(f"in-{len(self._sent)}")
        before = self.ledger.rows()
        form = {"id": self._sent[-1], "from": number, "to": "40404", "text": words}
        self.told.append(f"sms {form}")
        assert self.stage.posts("sms", form) == (200, "")
        if repeated:
            assert self._without_callers(self.ledger.rows()) == self._without_callers(before), (
                "a text that came again wrote something"
            )
            self._now = self.ledger.snapshot()
            return
        self._compared(number)
        self.stage.world.settle()
        self._compared("")

    def _without_callers(self, rows: list[Any]) -> list[Any]:
        return [row for row in rows if row[0] != "callers"]

    def _waits(self, number: str, step: Step) -> None:
        self._passes(_one_of(_SHORT_WAITS_S, step))

    def _waits_long(self, number: str, step: Step) -> None:
        self._passes(_one_of(_LONG_WAITS_S, step))

    def _passes(self, seconds: float) -> None:
        self.told.append(f"{seconds} seconds pass")
        self.stage.waits(seconds)
        self._compared("")
        left = [row for row in self._now.emergencies.values() if row.state == "provisional"]
        assert seconds < _QUIET_S or not left, "nobody was told of an emergency"

    def _malformed(self, number: str, step: Step) -> None:
        before = self.ledger.rows()
        form: Mapping[str, str] | bytes = {
            "sessionId": _one_of(rubbish.SESSION_IDS[:5], step),
            "phoneNumber": _one_of(rubbish.PHONES, step),
            "serviceCode": _one_of(rubbish.TYPED, step),
            "text": _one_of(rubbish.TYPED, step),
        }
        size: str | None = "right"
        content_type = "application/x-www-form-urlencoded"
        if step.which % 3 == 1:
            form = _one_of(rubbish.BODIES, step)
            content_type = _one_of(rubbish.TYPES, step)
        elif step.which % 3 == 2:
            size = _one_of(rubbish.SIZES[:6], step)
            form = b"sessionId=ATUid_0" if step.which % 2 else b"\xff" * 30
        door = "ussd" if step.which % 4 else "ussd-end"
        self.told.append(f"{door} {size} {content_type} {str(form)[:200]}")
        status, body = self.stage.posts(door, form, content_type=content_type, size=size)
        if door == "ussd":
            self.turns += 1
            self._looks_right(status, body)
        assert status == 200
        assert self.ledger.rows() == before, "a request that says nothing wrote something"

    def _wrong_door(self, number: str, step: Step) -> None:
        form = {"sessionId": "ATUid_0", "phoneNumber": number, "text": "1"}
        method = _one_of(rubbish.METHODS, step)
        folder = "/callbacks/africastalking/not-the-secret-at-all/"
        wrong = (
            self.stage.posts("ussd", form, method=method),
            self.stage.posts("ussd", form, secret_folder=folder),
            self.stage.posts("ussd/", form),
        )
        assert all(answer == (404, "Not found\n") for answer in wrong), wrong

    def _voice(self, number: str, step: Step) -> None:
        calls = self.stage.world.carrier.calls
        session_id, heard_by = f"ATVId_{number}", number
        speaks_for = self.stage.hospitals_of(number)
        if calls and step.which % 4:
            # One of the calls that were made: whoever was called has it at their ear.
            session_id, heard_by = _one_of(
                [(f"ATVId_{made}", to) for made, to in enumerate(calls, start=1)], step
            )
            # They had the duty phone when they were called.
            speaks_for = set(self.stage.hospitals.values())
        form = {
            "sessionId": session_id,
            "isActive": "1" if step.which % 3 else _one_of(("0", "", "2"), step),
            "callerNumber": heard_by,
            "destinationNumber": _one_of((heard_by, "", "abc"), step),
            "direction": _one_of(("Inbound", "Outbound", ""), step),
            "dtmfDigits": _one_of(_PRESSED, step),
            "hangupCause": _one_of(("", "USER_BUSY", "NORMAL_CLEARING"), step),
        }
        self._steps_of_call[session_id] += 1
        door = f"voice/{self._steps_of_call[session_id] - 1}"
        if step.which % 10 < 4:
            door = _one_of(("voice", "voice-events", "voice/1", "voice/2/-", "voice"), step)
        self.told.append(f"{door} {form}")
        talk = self._calls.setdefault(session_id, Talk(session_id, heard_by, "", ""))
        row = self._stored(session_id)
        if row is not None and row.state.get("shown", {}).get(form["dtmfDigits"]) == "another":
            talk.may_raise += 1
        status, body = self.stage.posts(door, form)
        assert status == 200
        assert body == "" or "<Response" in body, body
        self._counted(talk, self._compared(heard_by, speaks_for))
        self.ledger.reads(heard_by, body)

    def _delivery(self, number: str, step: Step) -> None:
        form = {
            "id": f"ATXid_{step.which % 9}",
            "status": _one_of(("Success", "Failed", "Rejected", "?", ""), step),
            "failureReason": _one_of(("", "UserInBlackList", "x" * 3000), step),
        }
        self.told.append(f"delivery {form}")
        assert self.stage.posts("delivery", form) == (200, "")
        self._compared("")

    def _moves_duty_phone(self, number: str, step: Step) -> None:
        at_work = [
            hospital_id
            for talk in self._of_phone.values()
            if talk.screen.startswith("staff") and not talk.ended
            for hospital_id in sorted(self.stage.hospitals_of(talk.number))
        ]
        # Most telling is what becomes of somebody who is just answering for it.
        hospital_id = _one_of(at_work or list(self.stage.hospitals.values()), step)
        self.told.append(f"hospital {hospital_id} has the duty phone {number}")
        self.stage.gives_duty_phone(hospital_id, None if step.which % 3 == 0 else number)
        # From now on its answers, and what it was asked, are this phone's to see.
        self._now = self.ledger.snapshot()


_STEPS: Mapping[str, Callable[[Story, str, Step], None]] = {
    "nothing": lambda story, number, step: None,
    "go_on": Story._goes_on,
    "go_far": Story._goes_far,
    "dial": Story._dials,
    "dial_straight": Story._dials_straight,
    "press_way_back": Story._presses_way_back,
    "press_rubbish": Story._presses_rubbish,
    "several_answers": Story._types_several,
    "again": Story._again,
    "turn_of_before": Story._turn_of_before,
    "shorter": Story._shorter,
    "contradict": Story._contradicts,
    "longer": Story._longer,
    "foreign_session": Story._foreign_session,
    "foreign_code": Story._foreign_code,
    "end": Story._ends,
    "foreign_end": Story._ends_foreign,
    "text": Story._texts,
    "wait": Story._waits,
    "wait_long": Story._waits_long,
    "malformed": Story._malformed,
    "voice": Story._voice,
    "delivery": Story._delivery,
    "wrong_door": Story._wrong_door,
    "duty_phone": Story._moves_duty_phone,
}


def _one_of(ways: Sequence[T], step: Step) -> T:
    return ways[step.which % len(ways)]
