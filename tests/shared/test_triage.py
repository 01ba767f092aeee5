"""The rules that come with Haven, and how a broken rule file is refused."""

from importlib.resources import files

import pytest

from shared.capability import codes
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.triage import parse
from ussd_menus import files as menu_files

TEXT = (files("shared") / "triage_rules.toml").read_text(encoding="utf-8")
RULES = parse(TEXT)

CASES = [
    # answers, rule, priority, one thing the hospital must have
    ("unresponsive", "cause=child", "unresponsive-child", "critical", "paediatrics"),
    ("bleeding", "cause=pregnancy", "bleeding-pregnancy", "critical", "cemonc"),
    ("bleeding", "cause=other", "bleeding", "critical", "blood"),
    ("bleeding", "", "bleeding", "critical", "theatre"),
    ("fits", "cause=pregnancy", "fits-pregnancy", "critical", "cemonc"),
    ("pregnancy", "detail=labour", "labour", "critical", "bemonc"),
    ("pregnancy", "detail=headache", "pregnancy-headache", "critical", "blood"),
    ("pregnancy", "detail=newborn", "newborn-sick", "critical", "newborn_unit"),
    ("pregnancy", "detail=none", "pregnancy-other", "high", "bemonc"),
    ("injury", "detail=penetrating", "injury-penetrating", "critical", "trauma_surgery"),
    ("injury", "detail=other", "injury-other", "high", "xray"),
    ("snakebite", "", "snakebite", "critical", "antivenom"),
    ("poison", "", "poison", "critical", "oxygen"),
    ("sickness", "detail=stroke", "stroke", "critical", "ct"),
    ("sickness", "detail=assault", "assault", "high", "sexual_assault_care"),
    ("sickness", "detail=other", "sickness-other", "high", "emergency_24h"),
    ("referral", "detail=surgery", "referral-surgery", "critical", "theatre"),
    ("referral", "detail=caesarean", "referral-caesarean", "critical", "blood"),
    ("referral", "detail=newborn", "referral-newborn", "critical", "newborn_unit"),
    ("referral", "detail=icu", "referral-icu", "critical", "icu_adult"),
    ("referral", "detail=blood", "referral-blood", "critical", "blood"),
    ("referral", "detail=head", "referral-head", "critical", "ct"),
    ("referral", "detail=antivenom", "referral-antivenom", "critical", "antivenom"),
    ("referral", "detail=other", "referral-other", "high", "emergency_24h"),
    ("", "", "unknown", "high", "emergency_24h"),
]


@pytest.mark.parametrize(("sign", "more", "rule", "priority", "need"), CASES)
def test_answers_lead_to_their_rule(
    sign: str, more: str, rule: str, priority: str, need: str
) -> None:
    answers = {"sign": sign} if sign else {}
    if more:
        question, _, value = more.partition("=")
        answers[question] = value
    triage = RULES.triage(answers)
    assert triage.rule_id == rule
    assert triage.priority is Priority[priority.upper()]
    assert need in codes(triage.needs)
    assert triage.ruleset == RULES.version


def test_every_answer_of_the_menus_is_known_to_the_rules() -> None:
    menus = menu_files.load()
    conditions = {(q, value) for rule in RULES.rules for q, value in rule.when.items()}
    for name, question in (("what", "sign"), ("cause", "cause")):
        for option in menus.definitions.screens[name].options:
            if option.remember != question:
                continue
            assert (question, option.value) in conditions or option.value == "other"


def test_nobody_who_is_in_a_hospital_already_is_stabilised_first_elsewhere() -> None:
    referrals = [rule for rule in RULES.rules if rule.when.get("sign") == "referral"]
    assert [rule.when["detail"] for rule in referrals] == list(RULES.details_of("referral"))
    assert not any(rule.stabilise_first for rule in referrals)


def test_every_advice_has_its_words_in_every_language() -> None:
    for catalogue in menu_files.load().catalogues.values():
        for rule in RULES.rules:
            assert catalogue.has(f"advice.{rule.advice}")


def test_nothing_unknown_is_ever_medium() -> None:
    assert all(rule.priority is not Priority.MEDIUM for rule in RULES.rules)


LAST = (
    '[[rule]]\nid = "unknown"\nkind = "unknown"\npriority = "high"\nneeds = []\nadvice = "rest"\n'
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml at all [", "not TOML"),
        ('version = "1"\n', "last triage rule must have no condition"),
        ('version = "1"\n' + LAST.replace("high", "medium"), "never medium"),
        ('version = "1"\n' + LAST.replace("high", "urgent"), "unknown: 'URGENT' is missing"),
        ('version = "1"\n' + LAST.replace("[]", '["cemock"]'), "Unknown capability code 'cemock'"),
        ('version = "1"\n' + LAST + LAST, "the id stands twice"),
        ('version = "1"\n' + LAST.replace('advice = "rest"\n', ""), "'advice' is missing"),
        (LAST, "'version' is missing"),
        ("version = 2\n" + LAST, "`version` must be a text of at most 24"),
        (f'version = "{"x" * 25}"\n' + LAST, "`version` must be a text of at most 24"),
        (
            'version = "1"\nsigned = "Dr A"\n' + LAST,
            "no field 'signed'. There are: rule, signed_by",
        ),
        ('version = "1"\nrule = 5\n', "each rule below a line"),
        ('version = "1"\nrule = ["a"]\n', "each rule below a line"),
        ('version = "1"\n[rule]\nid = "a"\n', "each rule below a line"),
        ('version = "1"\n' + LAST.replace('"unknown"', '""', 1), "`id` must be a text"),
        ('version = "1"\n' + LAST.replace('"unknown"', f'"{"x" * 49}"', 1), "of at most 48"),
        ('version = "1"\n' + LAST.replace('kind = "unknown"', "kind = 5"), "`kind` must be a text"),
        (
            'version = "1"\n' + LAST.replace("[]", '"oxygen"'),
            "rule unknown: `needs` must be a list",
        ),
        ('version = "1"\n' + LAST.replace("[]", "[1]"), "rule unknown: `needs` must be a list"),
        ('version = "1"\n' + LAST + 'when = "x"\n', "rule unknown: `when` must be like"),
        ('version = "1"\n' + LAST + "when = { sign = 5 }\n", "rule unknown: `when` must be like"),
        ('version = "1"\n' + LAST + 'stabilise_first = "no"\n', "must be true or false"),
        ('version = "1"\n' + LAST + "stabilize_first = true\n", "no field 'stabilize_first'"),
    ],
)
def test_a_broken_rule_file_names_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        parse(text)
