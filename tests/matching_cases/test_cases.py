"""Every case of the table, through the reference and through the index's arrays."""

import pytest

from shared.explanation import explain, explain_to_patient
from shared.gsm import SINGLE_SEPTETS, septets
from shared.match_policy import MatchPolicy
from shared.matching import Role, rank
from tests.bench.matching import arrays_of
from tests.matching_cases.case import Case, cases, real_pairs
from tests.matching_cases.real_register import DATA, REGISTER, by_code

_POLICY = MatchPolicy()
_LIMIT = 3
_FRIGHTENS = ("full", "capable", "lack", " no ", " not ")
_OF_NEEDS = (
    "Has: ",
    "Does not have: ",
    "Full, by its own count: ",
    "Used up, by its own report: ",
    "Out of order, as operators set: ",
    "Not known, so ask: ",
)

on_real_places = pytest.mark.skipif(
    not REGISTER.exists(), reason=f"{DATA} with the register of Kenya is not on this machine"
)


def _parameters() -> list[object]:
    # A case that a clinician holds otherwise stays in the table as long as it is not decided; the
    # day it comes out right, the mark has to go.
    return [
        pytest.param(
            case,
            id=case.case,
            marks=pytest.mark.xfail(strict=True, reason=case.differs) if case.differs else (),
        )
        for case in cases()
    ]


@on_real_places
@pytest.mark.parametrize("case", _parameters())
def test_the_right_hospital_is_asked_first(case: Case) -> None:
    pairs = case.hospitals()
    matches = rank(case.query(), pairs, _POLICY, case.now)[:_LIMIT]
    if case.first is None:
        assert matches == []
        return
    hospitals = {hospital.id: hospital for hospital, _ in pairs}
    asked = [hospitals[match.hospital_id].name for match in matches]
    code, name = case.first
    expected = [code, *case.then]
    assert by_code()[code].record.name == name
    assert [match.hospital_id for match in matches][: len(expected)] == [
        by_code()[each].number for each in expected
    ], f"{case.why} Asked: {asked}"
    assert matches[0].role is Role(case.role)
    if case.county:
        assert hospitals[matches[0].hospital_id].county == case.county


@on_real_places
def test_the_index_finds_what_the_reference_finds() -> None:
    register = {hospital.id: (hospital, reported) for hospital, reported in real_pairs()}
    of_register = arrays_of(list(register.values()))
    for case in cases():
        pairs = case.hospitals()
        whole = case.only is None and not case.only_levels
        arrays = of_register if whole else arrays_of(pairs)
        said = [pair for pair in pairs if register.get(pair[0].id) != pair] if whole else []
        for pair in said:
            arrays.put(*pair)
        found = arrays.rank(case.query(), _POLICY, case.now, _LIMIT)
        assert found == rank(case.query(), pairs, _POLICY, case.now)[:_LIMIT], case.case
        for hospital, _ in said:
            if hospital.id in register:
                arrays.put(*register[hospital.id])
            else:
                arrays.remove(hospital.id)


@on_real_places
def test_staff_and_patients_can_read_every_case() -> None:
    for case in cases():
        pairs, query = case.hospitals(), case.query()
        by_id = {hospital.id: (hospital, reported) for hospital, reported in pairs}
        for match in rank(query, pairs, _POLICY, case.now)[:_LIMIT]:
            hospital, reported = by_id[match.hospital_id]
            lines = explain(match, hospital, query, reported)
            assert not [line for line in lines if "_" in line or "nan" in line], case.case
            # Each thing needed is said to be there, not to be there, or to be asked for: once.
            told = [line.partition(": ")[2] for line in lines if line.startswith(_OF_NEEDS)]
            assert sum(len(words.split(", ")) for words in told) == query.needs.bit_count()
            text = explain_to_patient(match, hospital)
            assert (septets(text) or 999) <= SINGLE_SEPTETS, text
            assert not [word for word in _FRIGHTENS if word in _about(text)]


def _about(text: str) -> str:
    """What stands after the hospital's name."""
    return text.partition(": about ")[2].casefold()
