"""Every fault that the check knows, planted into Haven's own menus and found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.menus.host import FACTS, INTENTS, LISTS
from shared import triage
from tests.ussd_menus.broken import changed
from ussd_menus import files
from ussd_menus.check import check
from ussd_menus.check_names import Known, check_trial
from ussd_menus.definitions import Definitions

RULES_TEXT = Path("shared/triage_rules.toml").read_text(encoding="utf-8")
Change = Callable[[Any], object]
_QUESTION = {
    "kind": "menu",
    "remember": "question",
    "options": {"1": {"value": "on", "goto": "what"}},
}
# What is wrong: the file that is changed, the change, and the fault that is told.
FAULTS: dict[str, tuple[str, Change, str]] = {
    "a screen that nothing leads to": (
        "menus.yaml",
        lambda d: d["screens"].update(alone={"kind": "end"}),
        "Screen alone: nothing leads to it",
    ),
    "a way without an end": (
        "menus.yaml",
        lambda d: d["screens"].update(
            cause={
                "kind": "menu",
                "remember": "cause",
                "options": {"1": {"value": "pregnancy", "goto": "cause"}},
            }
        ),
        "Screen cause: no way leads from it to an end",
    ),
    "a screen without its title": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["what"].pop("title"),
        "sw.yaml, screens.what.title: it is missing",
    ),
    "an option without its words": (
        "catalogues/en.yaml",
        lambda d: d["screens"]["what"].pop("3"),
        "en.yaml, screens.what.3: it is missing",
    ),
    "a text that no screen shows": (
        "catalogues/en.yaml",
        lambda d: d["screens"].update(old={"title": "Old"}),
        "en.yaml, screens.old.title: no screen shows it",
    ),
    "a text that only a translation has": (
        "catalogues/sw.yaml",
        lambda d: d["sms"].update(extra="Zaidi"),
        "sw.yaml, sms.extra: en.yaml does not have it",
    ),
    "a text that a translation lacks": (
        "catalogues/sw.yaml",
        lambda d: d["sms"].pop("worse"),
        "sw.yaml, sms.worse: it is missing",
    ),
    "a reason that is missing": (
        "catalogues/sw.yaml",
        lambda d: d["errors"].pop("place"),
        "sw.yaml, errors.place: it is missing",
    ),
    "a word that nobody fills in": (
        "catalogues/en.yaml",
        lambda d: d["screens"]["cause"].update(title="{kode} saved"),
        "{kode} is not among the variables",
    ),
    "a word that English does not have": (
        "catalogues/sw.yaml",
        lambda d: d["sms"].update(discreet="{code}: {hospital}"),
        "sw.yaml, sms.discreet: en.yaml has no {hospital}",
    ),
    "a screen that is too long": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["what"].update(title="Bonyeza namba ya kwanza iliyo ya kweli hapa"),
        "sw.yaml, screens.what: 171 characters",
    ),
    "a screen too long with the worst words alone": (
        "catalogues/en.yaml",
        lambda d: d["screens"]["receipt_told"].update(
            title=d["screens"]["receipt_told"]["title"] + " and take care"
        ),
        "en.yaml, screens.receipt_told: 1",
    ),
    "a screen that is too long after a wrong answer": (
        "catalogues/en.yaml",
        lambda d: d["errors"].update(choice="That is not possible. Press a number that you see:"),
        "screens.what after a wrong answer: 1",
    ),
    "a message of two segments": (
        "catalogues/en.yaml",
        lambda d: d["sms"].update(worse="x" * 161),
        "en.yaml, sms.worse: 161 characters",
    ),
    "a message too long in one of its plural forms": (
        "catalogues/en.yaml",
        lambda d: d["sms"].update(discreet={"by": "minutes", "one": "y" * 170, "other": "{code}"}),
        "en.yaml, sms.discreet: 170 characters",
    ),
    "an intent that the gateway does not know": (
        "menus.yaml",
        lambda d: d["screens"]["finish"].update(intent="rise_emergency"),
        "Screen finish: the gateway knows no intent 'rise_emergency'",
    ),
    "a list that the gateway cannot fill": (
        "menus.yaml",
        lambda d: d["screens"]["county"].update(items="provinces"),
        "Screen county: the gateway can fill no list 'provinces'",
    ),
    "an emergency of five screens": (
        "menus.yaml",
        lambda d: (
            d["screens"].update(
                age={
                    "kind": "menu",
                    "remember": "age",
                    "options": {"1": {"value": "child", "goto": "locate"}},
                }
            ),
            d["screens"]["cause"]["options"]["1"].update(goto="age"),
        ),
        "an emergency takes 5 screens (what, cause, age, where, which)",
    ),
    "an emergency that leads to no alarm": (
        "menus.yaml",
        lambda d: d["screens"]["finish"].pop("intent"),
        "Screen what: no way leads from it to an alarm",
    ),
    "an emergency of five screens that begins with another question": (
        "menus.yaml",
        lambda d: (
            d["screens"].update(welcome=_QUESTION),
            d["screens"]["begin_caller"]["to"][-1].update(goto="welcome"),
        ),
        "Screen welcome: an emergency takes 5 screens (welcome, what, cause, where, which)",
    ),
    "an emergency of five screens after the language was chosen": (
        "menus.yaml",
        lambda d: (
            d["screens"].update(welcome=_QUESTION),
            d["screens"]["language"].update(goto="welcome"),
        ),
        "Screen welcome: an emergency takes 5 screens (welcome, what, cause, where, which)",
    ),
    "an emergency that nothing notes": (
        "menus.yaml",
        lambda d: d["screens"]["what"].pop("intent"),
        "Screen what: it leads to finish, which raises an alarm, without an answer",
    ),
    "first aid that would be cut off": (
        "catalogues/so.yaml",
        lambda d: d["advice"].update(dont_move="Qoorta iyo dhabarka ha dhaqaajin."),
        "so.yaml, advice.dont_move: 33 characters with the longest words; advice_words",
    ),
    "what a hospital says that would be cut off": (
        "catalogues/sw.yaml",
        lambda d: d["alert_states"].update(accepted="{hospital} inakungoja wewe sasa hivi"),
        "sw.yaml, alert_states.accepted: 56 characters with the longest words; alert_state_words",
    ),
    "a number to go by that does not exist": (
        "catalogues/en.yaml",
        lambda d: d["screens"]["staff"]["title"].update(by="waitin"),
        "en.yaml, screens.staff.title: {waitin} is not among the variables",
    ),
    "a form that is wider though shorter as it is written": (
        "catalogues/en.yaml",
        lambda d: d["sms"].update(
            discreet={"by": "minutes", "one": "{hospital}" * 6, "other": "x" * 150}
        ),
        "en.yaml, sms.discreet: 180 characters",
    ),
    "a triage rule that no caller can answer so": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["3"].update(goto="locate"),
        "Triage rule fits-pregnancy: no screen lets a caller answer cause = pregnancy after fits",
    ),
    "a need of a patient that no rule is for": (
        "menus.yaml",
        lambda d: d["screens"]["staff_refer"]["options"]["1"].update(value="operation"),
        "The triage rules: staff may refer a patient for operation, and no rule has",
    ),
    "a triage rule that nobody can answer": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"].pop("7"),
        "Triage rule poison: no screen lets a caller answer sign = poison",
    ),
    "a misspelt variable in the `if` of a line": (
        "menus.yaml",
        lambda d: d["screens"]["where"]["options"]["1"].update({"if": "last_plac"}),
        "Screen where, 1: its `if` asks for last_plac, which no answer remembers and no intent "
        "makes known. Is last_place meant?",
    ),
    "a misspelt variable in the `if` of a way": (
        "menus.yaml",
        lambda d: d["screens"]["alert_done"]["to"][1].update({"if": {"alert_anser": "arrived"}}),
        "Screen alert_done, the way to done_no_transport: its `if` asks for alert_anser, which no "
        "answer remembers and no intent makes known. Is alert_answer meant?",
    ),
    "a misspelt value in the `if` of a way": (
        "menus.yaml",
        lambda d: d["screens"]["alert_done"]["to"][1].update(
            {"if": {"alert_answer": "no_transprt"}}
        ),
        "Screen alert_done, the way to done_no_transport: its `if` asks for alert_answer = "
        "no_transprt, which no answer is and no intent makes known. Is no_transport meant?",
    ),
    "a misspelt value of what the gateway makes known": (
        "menus.yaml",
        lambda d: d["screens"]["finish"]["to"][2].update({"if": {"told": "tolled"}}),
        "Screen finish, the way to receipt_told: its `if` asks for told = tolled, which no answer "
        "is and no intent makes known. Is told meant?",
    ),
    "a value that is like no other": (
        "menus.yaml",
        lambda d: d["screens"]["begin_caller"]["to"][0].update({"if": {"alert": "zzz"}}),
        "There are: no_place, open, provisional, several.",
    ),
    "a variable that is like no other": (
        "menus.yaml",
        lambda d: d["screens"]["where"]["options"]["1"].update({"if": {"xxxxx": ""}}),
        "There are: advice, alert, ",
    ),
    "advice without words": (
        "catalogues/sw.yaml",
        lambda d: d["advice"].pop("fits"),
        "sw.yaml has no advice.fits",
    ),
}


@pytest.mark.parametrize(("file", "change", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(tmp_path: Path, file: str, change: Change, fault: str) -> None:
    menus = files.load(changed(tmp_path / "menus", file, change))
    known = _everything_in(files.load().definitions)
    found = [str(each) for each in check(menus, triage.parse(RULES_TEXT), known)]
    assert any(fault in each for each in found), found


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda d: d["intents"].update(raise_emergancy={}),
            "trial.yaml, intents.raise_emergancy: the gateway knows no intent of this name.",
        ),
        (
            lambda d: d["lists"].update(contees={}),
            "trial.yaml, lists.contees: the gateway can fill no list of this name.",
        ),
        (
            lambda d: d["intents"]["raise_emergency"].update(tolled="told"),
            "trial.yaml, intents.raise_emergency: it gives tolled, which no answer remembers and "
            "no intent makes known. Is told meant?",
        ),
        (
            lambda d: d["intents"]["raise_emergency"].update(told="tolled"),
            "trial.yaml, intents.raise_emergency: it gives told = tolled, which no answer is and "
            "no intent makes known. Is told meant?",
        ),
        (
            lambda d: d["facts"].update(home_plaice="Kibra"),
            "trial.yaml, facts: it gives home_plaice, which no answer remembers and no intent "
            "makes known. Is home_place meant?",
        ),
    ],
)
def test_example_data_for_what_does_not_exist_is_found(
    tmp_path: Path, change: Change, fault: str
) -> None:
    data = files.load_trial(changed(tmp_path / "menus", "trial.yaml", change))
    menus = files.load()
    found = check_trial(menus, data, Known(INTENTS, LISTS, FACTS))
    assert [str(each) for each in found] == [fault]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ('when = { sign = "bleeding" }', "Triage rule bleeding-injury: first stands above it"),
        ("", "Triage rule unresponsive: first stands above it and always decides first"),
        ('when = { status = "closed" }', "first: no screen lets a caller answer status = closed"),
        ('when = { sign = "referral" }', "Triage rule referral-icu: first stands above it"),
    ],
)
def test_a_rule_that_never_decides_is_found(rule: str, fault: str) -> None:
    first = f"""[[rule]]
id = "first"
{rule}
kind = "bleeding"
priority = "high"
needs = []
advice = "press_wound"

"""
    menus = files.load()
    rules = triage.parse(RULES_TEXT.replace("[[rule]]", first + "[[rule]]", 1))
    found = [str(each) for each in check(menus, rules, _everything_in(menus.definitions))]
    assert any(fault in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'kind = "assault"',
            'kind = "injury"',
            "The triage rules: none has the kind assault: whoever answers so would be called",
        ),
        (
            'when = { sign = "sickness", detail = "assault" }\nkind = "assault"',
            'when = { sign = "sickness", detail = "assault" }\nkind = "injury"',
            "Triage rule assault: it decides for sign = sickness, detail = assault, and its kind "
            "injury is not discreet",
        ),
        (
            '[[rule]]\nid = "assault"',
            '[[rule]]\nid = "sick"\nwhen = { sign = "sickness" }\nkind = "sickness"\n'
            'priority = "high"\nneeds = []\nadvice = "press_wound"\n\n[[rule]]\nid = "assault"',
            "Triage rule sick: it decides for sign = sickness, detail = self_harm, and its kind "
            "sickness is not discreet",
        ),
    ],
)
def test_rules_that_would_betray_somebody_who_is_watched_are_found(
    old: str, new: str, fault: str
) -> None:
    assert old in RULES_TEXT
    menus = files.load()
    rules = triage.parse(RULES_TEXT.replace(old, new, 1))
    found = [str(each) for each in check(menus, rules, _everything_in(menus.definitions))]
    assert any(fault in each for each in found), found


def test_a_rule_that_takes_a_watched_child_away_is_found(tmp_path: Path) -> None:
    """One that a second answer leads to, though the first alone does not."""

    def asks_on(document: Any) -> None:
        document["screens"]["sickness"]["options"]["6"]["goto"] = "cause"

    first = """[[rule]]
id = "first"
when = { cause = "child" }
kind = "child"
priority = "high"
needs = []
advice = "press_wound"

"""
    menus = files.load(changed(tmp_path / "menus", "menus.yaml", asks_on))
    rules = triage.parse(RULES_TEXT.replace("[[rule]]", first + "[[rule]]", 1))
    found = [str(each) for each in check(menus, rules, _everything_in(menus.definitions))]
    betrays = "Triage rule first: it decides for sign = sickness, detail = assault, cause = child"
    assert any(betrays in each for each in found), found


def test_the_longest_way_is_found_in_menus_where_everything_leads_everywhere(
    tmp_path: Path,
) -> None:
    def everywhere(document: Any) -> None:
        names = [f"s{number}" for number in range(30)]
        for name in names:
            options = {
                str(key): {"value": f"v{key}", "goto": names[(int(name[1:]) * 5 + key * 3) % 30]}
                for key in range(1, 9)
            }
            options["9"] = {"value": "raise", "goto": "finish"}
            document["screens"][name] = {"kind": "menu", "remember": "x", "options": options}
        document["screens"]["what"]["options"]["1"]["goto"] = "s0"

    menus = files.load(changed(tmp_path / "menus", "menus.yaml", everywhere))
    found = check(menus, triage.parse(RULES_TEXT), _everything_in(menus.definitions))
    assert any("an emergency takes 5 screens (what, s0" in str(each) for each in found)


def test_without_a_fault_nothing_is_found(tmp_path: Path) -> None:
    menus = files.load(changed(tmp_path / "menus", "menus.yaml", lambda d: None))
    known = _everything_in(menus.definitions)
    assert check(menus, triage.parse(RULES_TEXT), known) == []


def _everything_in(definitions: Definitions) -> Known:
    screens = definitions.screens.values()
    return Known(
        intents={intent for screen in screens for intent in screen.intents},
        lists={screen.items for screen in screens},
        facts=FACTS,
    )
