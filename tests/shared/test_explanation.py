"""What a nurse, an operator and a patient read of a match."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.capability import Capability as C
from shared.emergency import Priority
from shared.explanation import explain, explain_to_patient, passed_over, passed_over_sentence
from shared.gsm import septets
from shared.hospital import Availability, Hospital, HospitalStatus
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, rank

_NOON = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # Wednesday, 12:00 in Nairobi
_NIGHT = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
_POLICY = MatchPolicy()
_UNKNOWN = Availability()
# What frightens a patient or turns them away.
_NEVER_READ = ("full", "capable", "missing", "lack", "score", "tier", "cannot", "no bed", "unknown")


def _hospital(id: int, km: float, has: int = 0, lacks: int = 0, level: int = 4) -> Hospital:
    lon = 37.0 + km / 111.195
    return Hospital(id, f"H{id}", level, "Nairobi", -1.0, lon, has, lacks, True, True)


def _query(needs: int = 0) -> MatchQuery:
    return MatchQuery(-1.0, 37.0, 0.0, int(needs), Priority.CRITICAL, _NOON, urban=False)


def _beds(free: int, age_h: float = 0, sent: int = 0) -> Availability:
    at = _NOON - timedelta(hours=age_h)
    return Availability(staffed_beds=10, free_beds=free, assigned_since=sent, reported_at=at)


def _first(query: MatchQuery, *pairs: tuple[Hospital, Availability]) -> Match:
    return rank(query, pairs, _POLICY, _NOON)[0]


def test_a_nurse_can_read_why() -> None:
    hospital = replace(_hospital(1, 10, C.THEATRE), reachable=False, open_24h=None)
    beds = _beds(5, age_h=2, sent=1)
    query = _query(C.THEATRE | C.ANTIVENOM)
    match = _first(query, (hospital, beds))
    assert explain(match, hospital, query, beds) == (
        "May be able to treat: ask about what is not known.",
        "About 21 min away (10.0 km as the crow flies).",
        "Has: theatre.",
        "Not known, so ask: antivenom.",
        "About 6 of 10 beds free now, reckoned from its report of 2 h ago.",
        "Patients whom Haven sent since then: 1.",
        "Not known whether it is open at night.",
        "No tested channel to it: operators phone it, it is not yet informed.",
    )


def test_the_last_resort_says_how_long_it_takes_in_all() -> None:
    hospital = _hospital(2, 9, 0, C.ICU_ADULT)
    words = explain(_first(_query(C.ICU_ADULT), (hospital, _UNKNOWN)), hospital)
    assert words == (
        "Nothing capable is in reach: here care is expected soonest.",
        "About 19 min away (9.0 km as the crow flies).",
        "Until somebody can treat, about 3 h 20 min in all, being moved on included.",
        "Does not have: intensive care for adults.",
        "Never reported its beds.",
    )


_BLEEDING = replace(_query(C.THEATRE | C.BLOOD), stabilise_first=True)
_WITH_ALL = _hospital(9, 80, C.THEATRE | C.BLOOD | C.ICU_ADULT)
_HURT_MANY = replace(_query(), mass_casualty=True)
_ICU = _query(C.ICU_ADULT)


@pytest.mark.parametrize(
    ("query", "hospital", "reported", "line"),
    [
        (
            _BLEEDING,
            _hospital(1, 3, C.OXYGEN, C.THEATRE),
            _UNKNOWN,
            "Much nearer and has oxygen: stabilises first, then the next hospital treats.",
        ),
        (
            _BLEEDING,
            _hospital(1, 3, 0, C.THEATRE),
            _UNKNOWN,
            "Much nearer: stabilises first, then the next hospital treats.",
        ),
        (
            _BLEEDING,
            _hospital(1, 3, C.THEATRE),
            Availability(stock_lacks=int(C.BLOOD), stock_reported_at=_NOON),
            "Used up, by its own report: blood.",
        ),
        (
            _ICU,
            _hospital(1, 3, C.ICU_ADULT),
            Availability(units_full=int(C.ICU_ADULT), units_reported_at=_NOON),
            "Full, by its own count: intensive care for adults.",
        ),
        (
            _ICU,
            replace(_hospital(1, 3, 0, C.ICU_ADULT), imposed_lacks=int(C.ICU_ADULT)),
            _UNKNOWN,
            "Out of order, as operators set: intensive care for adults.",
        ),
        (_HURT_MANY, _hospital(1, 3), _UNKNOWN, "Many are hurt: hospitals are asked to make room."),
        (
            _query(),
            _hospital(1, 3),
            Availability(HospitalStatus.ADVISORY),
            "It asks for patience: expect to wait (advisory).",
        ),
        (
            _query(),
            _hospital(1, 3),
            _beds(0, age_h=72),
            "Its last report of beds is 72 h old: ask.",
        ),
        (_query(), _hospital(1, 3), _beds(9, age_h=0.5), "reckoned from its report of 30 min ago."),
    ],
)
def test_each_thing_that_matters_has_its_line(
    query: MatchQuery, hospital: Hospital, reported: Availability, line: str
) -> None:
    match = _first(query, (hospital, reported), (_WITH_ALL, _UNKNOWN))
    assert match.hospital_id == hospital.id
    lines = explain(match, hospital, query, reported)
    assert any(said.endswith(line) for said in lines), lines


def test_a_full_hospital_is_called_so_to_staff_and_never_to_a_patient() -> None:
    hospital, beds = _hospital(1, 3), _beds(0)
    match = _first(_query(), (hospital, beds))
    assert "Full, by its report of 1 min ago." in explain(match, hospital, _query(), beds)
    assert "full" not in explain_to_patient(match, hospital).casefold()


@pytest.mark.parametrize(
    ("query", "hospital", "reported", "read"),
    [
        (
            _query(C.THEATRE),
            _hospital(1, 10, C.THEATRE),
            _UNKNOWN,
            "H1: about 21 min away, open day and night, has what is needed.",
        ),
        (
            _query(C.THEATRE),
            _hospital(1, 10),
            _UNKNOWN,
            "H1: about 21 min away, open day and night. The staff there will see you and tell you "
            "if you need another place.",
        ),
        (
            _BLEEDING,
            replace(_hospital(1, 3, C.OXYGEN, C.THEATRE), open_24h=None),
            _UNKNOWN,
            "H1: about 6 min away. Go here first: the staff start to help, and then help you "
            "onward.",
        ),
        (
            _query(C.STROKE),
            _hospital(1, 120, 0, C.STROKE, level=2),
            _UNKNOWN,
            "H1: about 4 h 10 min away, open day and night. Help is soonest here; the staff will "
            "help you onward if that is needed.",
        ),
        (
            _query(C.STROKE),
            _hospital(1, 600, 0, C.STROKE),
            _UNKNOWN,
            "H1: a long way away, open day and night. Help is soonest here; the staff will help "
            "you onward if that is needed.",
        ),
    ],
)
def test_a_patient_reads_where_to_go_and_nothing_that_frightens(
    query: MatchQuery, hospital: Hospital, reported: Availability, read: str
) -> None:
    far = (_WITH_ALL, _UNKNOWN) if query is _BLEEDING else (hospital, reported)
    matches = rank(
        query, {hospital.id: (hospital, reported), far[0].id: far}.values(), _POLICY, _NOON
    )
    text = explain_to_patient(matches[0], hospital)
    assert text == read
    assert not [word for word in _NEVER_READ if word in text.casefold()]
    # A name as long as a register may hold leaves the sentence whole.
    long_name = explain_to_patient(matches[0], replace(hospital, name="Hôpital Saint-Ĵean " * 10))
    assert (septets(long_name) or 999) <= 160
    assert long_name.endswith(read.partition("away")[2])


_OLD_STOCK = Availability(stock_lacks=int(C.BLOOD), stock_reported_at=_NOON)


@pytest.mark.parametrize(
    ("query", "hospital", "reported", "reason"),
    [
        (_query(C.BLOOD), _hospital(1, 3, 0, C.BLOOD | C.CT), _UNKNOWN, "no blood"),
        (_query(C.BLOOD | C.CT), _hospital(1, 3, 0, C.BLOOD | C.CT), _UNKNOWN, "no CT or blood"),
        (_query(C.BLOOD), _hospital(1, 3, C.BLOOD), _OLD_STOCK, "no blood"),
        (_query(), _hospital(1, 3), _beds(0), "full"),
        (_query(), _hospital(1, 3), Availability(HospitalStatus.DIVERTING), "diverting"),
        (
            replace(_query(), depart_at=_NIGHT),
            replace(_hospital(1, 3), open_24h=False),
            _UNKNOWN,
            "closed at that time",
        ),
        (replace(_query(), exclude=frozenset({1})), _hospital(1, 3), _UNKNOWN, "asked already"),
        (
            _ICU,
            _hospital(1, 3, C.ICU_ADULT),
            Availability(units_full=int(C.ICU_ADULT), units_reported_at=_NOON),
            "full: intensive care for adults",
        ),
        (
            _ICU,
            replace(_hospital(1, 3, 0, C.ICU_ADULT), imposed_lacks=int(C.ICU_ADULT)),
            _UNKNOWN,
            "out of order: intensive care for adults",
        ),
        (_ICU, _hospital(1, 3), _UNKNOWN, "not known: intensive care for adults"),
        (_query(), _hospital(1, 3), _beds(1), "fewer free beds, as far as is known"),
    ],
)
def test_operators_read_why_a_nearer_hospital_is_not_first(
    query: MatchQuery, hospital: Hospital, reported: Availability, reason: str
) -> None:
    ample = replace(_beds(60), staffed_beds=60)
    capable = _hospital(2, 6, C.BLOOD | C.CT | C.ICU_ADULT)
    pairs = [(hospital, reported), (capable, ample)]
    match = rank(query, pairs, _POLICY, _NOON)[0]
    assert match.hospital_id == 2
    nearer = passed_over(query, pairs, _POLICY, _NOON, match)
    assert passed_over_sentence(nearer) == f"Nearer, but not first: H1 ({reason})."


def test_two_are_named_and_no_health_centre() -> None:
    near = [(_hospital(id, id, 0, C.CT), _UNKNOWN) for id in (1, 2, 3)]
    centre = (_hospital(4, 0.5, 0, C.CT, level=3), _UNKNOWN)
    pairs = [*near, centre, (_hospital(5, 6, C.CT), _UNKNOWN), (_hospital(6, 7, C.CT), _UNKNOWN)]
    match = _first(_query(C.CT), *pairs)
    assert match.hospital_id == 5
    nearer = passed_over(_query(C.CT), pairs, _POLICY, _NOON, match)
    assert [(each.hospital_id, each.reason) for each in nearer] == [(1, "no CT"), (2, "no CT")]
    assert passed_over_sentence(()) == ""
