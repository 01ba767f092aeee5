"""A case as a terminal shows it."""

from collections.abc import Iterator

from gateway.operators.asked_next import AskedNext
from gateway.operators.casebook import AskedHospital, CaseFile, OpenEmergency
from gateway.operators.plain_words import age_words, clock_words
from shared.matching import Role

_NOBODY = AskedNext()
_ROLES = {
    Role.TREAT.value: "",
    Role.STABILISE.value: ", stabilises first",
    Role.LAST_RESORT.value: ", last resort",
}
_PARTS = {
    "treat": "",
    "stabilise": ", to stabilise first",
    "take_over": ", to take over from there",
}
_NO_PHONE = "Do NOT phone the caller: they may be watched."


def open_line(row: OpenEmergency) -> str:
    """One emergency of the list."""
    waits = f"  ! {', '.join(row.alarms)}" if row.alarms else ""
    phone = "DO NOT PHONE" if row.do_not_phone else row.phone or "no number"
    return (
        f"{row.code}  {row.priority:<8} {row.state:<12} {age_words(row.age_s)}  {row.place}  "
        f"{row.hospital or 'no hospital'}  {phone}{waits}"
    )


def case_lines(case: CaseFile, coming: AskedNext = _NOBODY) -> list[str]:
    """All that is kept of one emergency, and who would be asked next."""
    return list(_lines(case, coming))


def _lines(case: CaseFile, coming: AskedNext) -> Iterator[str]:
    yield f"{case.code}  {case.priority}  {case.state}  ({case.id})"
    if case.do_not_phone:
        yield f"  {_NO_PHONE}"
    yield f"  said      {', '.join((case.kind, *case.said))}"
    patients = "" if case.patient_count == 1 else f"{case.patient_count} patients"
    age = "" if case.age_years is None else f"age {case.age_years}"
    for fact in filter(
        None, (patients, age, f"transport: {case.transport}" * bool(case.transport))
    ):
        yield f"            {fact}"
    for line in case.note.splitlines():
        yield f"  wrote     {line}"
    yield f"  place     {case.place}"
    if case.lat is not None:
        yield f"            {case.lat:.5f}, {case.lon:.5f}, within {case.radius_m} m"
    if case.place_typed and case.lat is not None:
        yield f"            typed: {case.place_typed}"
    caller = case.phone or "no verified number"
    if case.referred_by:
        caller = f"the staff of {case.referred_by}, who refer the patient"
    yield f"  caller    {caller} ({case.channel}, {case.language})"
    yield f"  alarms    {', '.join(case.alarms) or 'none'}"
    yield "Hospitals"
    for asked in case.asked:
        yield from _hospital_lines(asked)
    if not case.asked:
        yield "  nobody was asked yet"
    if coming.hospitals:
        names = ", ".join(
            f"{each.hospital} ({each.travel_min} min{_ROLES[each.role]})"
            for each in coming.hospitals
        )
        yield f"  Would be asked next: {names}"
    if coming.nearer:
        yield f"    {coming.nearer}"
    for note in case.staff_notes:
        yield f"  {clock_words(note.at)}  {note.hospital} wrote ({note.by}): {note.text}"
    yield "Messages"
    for message in case.messages:
        yield f"  {message.line()}"
    yield "What happened (UTC)"
    for moment in case.history:
        yield f"  {clock_words(moment.at)}  {moment.what}, by {moment.who}"
    if case.next:
        yield "What happens by itself (UTC)"
    for moment in case.next:
        yield f"  {clock_words(moment.at)}  {moment.what}"


def _hospital_lines(asked: AskedHospital) -> Iterator[str]:
    told = "" if asked.had_proved_channel else ", no proved channel"
    yield (
        f"  {asked.hospital} ({asked.hospital_id}): {asked.state}{_PARTS[asked.part]}, "
        f"about {asked.travel_min} min, asked {clock_words(asked.offered_at)}{told}"
    )
    if asked.answered_at is not None:
        by = f" {asked.answered_by}" if asked.answered_by else ""
        reason = f": {asked.reason}" if asked.reason else ""
        yield f"    answered {clock_words(asked.answered_at)} via {asked.answered_via}{by}{reason}"
    for why in asked.explanation:
        yield f"    {why}"
