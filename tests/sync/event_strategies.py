"""Any event that the codec's table allows, for property tests."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.dispatch import CannotTreatReason, DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from shared.hospital import HospitalStatus
from sync import events

_START = datetime(2025, 1, 1, tzinfo=UTC)

# Whole milliseconds from 2025 on: what the wire keeps.
instants = st.integers(0, 10**12).map(lambda ms: _START + timedelta(milliseconds=ms))
identifiers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(0, 2**40)
latitudes = st.integers(-9_000_000, 9_000_000).map(lambda steps: steps / 100_000)
longitudes = st.integers(-18_000_000, 18_000_000).map(lambda steps: steps / 100_000)
phones = st.one_of(st.from_regex(r"\+[0-9]{1,15}", fullmatch=True), texts)
tails = st.binary(max_size=12)


def _maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


_claim = {
    "at": instants,
    "claim_id": identifiers,
    "dispatch_id": identifiers,
    "by": texts,
    "age_s": numbers,
    "unknown_tail": tails,
}

_report = {"at": instants, "report_id": identifiers, "by": texts, "unknown_tail": tails}

any_event: st.SearchStrategy[events.Event] = st.one_of(
    st.builds(
        events.EpochStarted,
        at=instants,
        previous_epoch=st.integers(0, 2**32 - 1),
        previous_seq=numbers,
        previous_hash=st.binary(max_size=16),
        snapshot=st.booleans(),
    ),
    st.builds(
        events.DispatchOffered,
        at=instants,
        dispatch_id=identifiers,
        emergency_id=identifiers,
        version=numbers,
        help_code=texts,
        answer_code=texts,
        kind=st.sampled_from(Kind),
        priority=st.sampled_from(Priority),
        needs=st.integers(0, 2**27 - 1),
        raised_at=instants,
        answer_by=instants,
        valid_until=instants,
        place_text=texts,
        place_name=texts,
        lat=_maybe(latitudes),
        lon=_maybe(longitudes),
        radius_m=_maybe(numbers),
        travel_min=numbers,
        distance_m=numbers,
        caller_phone=_maybe(phones),
        patient_count=numbers,
        age_years=_maybe(st.integers(0, 130)),
        note=texts,
        signs=st.lists(texts, max_size=4).map(tuple),
        rule_id=texts,
        ruleset=texts,
        referred_by=texts,
        part=st.sampled_from(Part),
        unknown_tail=tails,
    ),
    st.builds(
        events.DispatchChanged,
        at=instants,
        dispatch_id=identifiers,
        version=numbers,
        state=st.sampled_from(DispatchState),
        reason=texts,
        transport=_maybe(st.sampled_from(Transport)),
        place_text=_maybe(texts),
        place_name=_maybe(texts),
        lat=_maybe(latitudes),
        lon=_maybe(longitudes),
        radius_m=_maybe(numbers),
        patient_count=_maybe(numbers),
        age_years=_maybe(numbers),
        note=_maybe(texts),
        priority=_maybe(st.sampled_from(Priority)),
        travel_min=_maybe(numbers),
        kind=_maybe(st.sampled_from(Kind)),
        needs=_maybe(st.integers(0, 2**27 - 1)),
        signs=_maybe(st.lists(texts, max_size=4).map(tuple)),
        answer_by=_maybe(instants),
        distance_m=_maybe(numbers),
        rule_id=_maybe(texts),
        ruleset=_maybe(texts),
        still_needed=_maybe(st.booleans()),
        unknown_tail=tails,
    ),
    st.builds(
        events.Verdict,
        at=instants,
        claim_id=identifiers,
        dispatch_id=identifiers,
        accepted=st.booleans(),
        state=st.sampled_from(DispatchState),
        version=numbers,
        reason=texts,
        unknown_tail=tails,
    ),
    st.builds(events.DispatchDelivered, **_claim, audible=st.booleans()),
    st.builds(events.AcceptDispatch, **_claim),
    st.builds(events.CannotTreat, **_claim, reason=st.sampled_from(CannotTreatReason), note=texts),
    st.builds(events.TreatAfterAll, **_claim),
    st.builds(events.PatientArrived, **_claim),
    st.builds(
        events.AvailabilityReported,
        **_report,
        status=st.sampled_from(HospitalStatus),
        staffed_beds=_maybe(numbers),
        free_beds=_maybe(numbers),
        last_dispatch_seen=identifiers,
    ),
    st.builds(
        events.AlarmState, at=instants, audible=st.booleans(), reason=texts, unknown_tail=tails
    ),
    st.builds(
        events.DispatchRemoved,
        at=instants,
        dispatch_id=identifiers,
        reason=texts,
        unknown_tail=tails,
    ),
    st.builds(
        events.ReportTaken,
        at=instants,
        report_id=identifiers,
        accepted=st.booleans(),
        reason=texts,
        unknown_tail=tails,
    ),
    st.builds(
        events.DutyPhonesSet,
        at=instants,
        phones=st.lists(texts, max_size=4).map(tuple),
        hours=st.lists(texts, max_size=4).map(tuple),
        unknown_tail=tails,
    ),
    st.builds(
        events.StockReported,
        **_report,
        has=st.integers(0, 2**27 - 1),
        lacks=st.integers(0, 2**27 - 1),
    ),
    st.builds(events.NoteWritten, **_report, text=texts, dispatch_id=identifiers),
    st.builds(
        events.WalkInRegistered,
        **_report,
        kind=st.sampled_from(Kind),
        priority=st.sampled_from(Priority),
        help_code=texts,
        patient_count=numbers,
        age_years=_maybe(st.integers(0, 130)),
    ),
    st.builds(
        events.SimReported,
        at=instants,
        working=st.booleans(),
        credit_cents=_maybe(numbers),
        sent_today=numbers,
        problem=texts,
        unknown_tail=tails,
    ),
    st.builds(
        events.SummaryShared,
        at=instants,
        dispatch_id=identifiers,
        blood_type=texts,
        allergies=texts,
        unknown_tail=tails,
    ),
    st.builds(events.SummaryWithdrawn, at=instants, dispatch_id=identifiers, unknown_tail=tails),
)
