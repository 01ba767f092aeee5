"""Every case of the table, through the reference and through the index's arrays."""

from dataclasses import dataclass
from functools import cache

import pytest

from shared.explanation import explain, explain_to_patient
from shared.gsm import SINGLE_SEPTETS, septets
from shared.match_policy import MatchPolicy
from shared.matching import Match, Role, rank
from tests.bench.matching import arrays_of
from tests.matching_cases.case import Case, Pair, cases, real_pairs
from tests.matching_cases.real_register import DATA, REGISTER, by_code

_POLICY = MatchPolicy()
_LIMIT = 3

# On one process: what the reference says of a case takes long, and several tests ask for it.
pytestmark = pytest.mark.xdist_group("matching_cases")
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


@dataclass(frozen=True)
class Result:
    """What the reference and the index say of a case, and the hospitals that are named."""

    reference: list[Match]
    index: list[Match]
    named: dict[int, Pair]


@cache
def _results() -> dict[str, Result]:
    """Of every case, in one go over the register."""
    register = {hospital.id: (hospital, reported) for hospital, reported in real_pairs()}
    of_register = arrays_of(list(register.values()))
    results = {}
    for case in cases():
        pairs = case.hospitals()
        whole = case.only is None and not case.only_levels
        arrays = of_register if whole else arrays_of(pairs)
        said = [pair for pair in pairs if register.get(pair[0].id) != pair] if whole else []
        for pair in said:
            arrays.put(*pair)
        reference = rank(case.query(), pairs, _POLICY, case.now)[:_LIMIT]
        index = arrays.rank(case.query(), _POLICY, case.now, _LIMIT)
        for hospital, _ in said:
            if hospital.id in register:
                arrays.put(*register[hospital.id])
            else:
                arrays.remove(hospital.id)
        asked = {match.hospital_id for match in reference}
        named = {pair[0].id: pair for pair in pairs if pair[0].id in asked}
        results[case.case] = Result(reference, index, named)
    return results


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
    result = _results()[case.case]
    matches = result.reference
    if case.first is None:
        assert matches == []
        return
    asked = [result.named[match.hospital_id][0].name for match in matches]
    code, name = case.first
    expected = [code, *case.then]
    assert by_code()[code].record.name == name
    assert [match.hospital_id for match in matches][: len(expected)] == [
        by_code()[each].number for each in expected
    ], f"{case.why} Asked: {asked}"
    assert matches[0].role is Role(case.role)
    if case.county:
        assert result.named[matches[0].hospital_id][0].county == case.county


@on_real_places
def test_the_index_finds_what_the_reference_finds() -> None:
    for case, result in _results().items():
        assert result.index == result.reference, case


@on_real_places
def test_staff_and_patients_can_read_every_case() -> None:
    for case in cases():
        query, result = case.query(), _results()[case.case]
        for match in result.reference:
            hospital, reported = result.named[match.hospital_id]
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
