"""What is written wrongly is refused, with where and what."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from shared.errors import InvalidInput
from tests.ussd_menus.broken import changed
from ussd_menus import files, schema

Change = Callable[[Any], object]
WRONG: dict[str, tuple[str, Change, str]] = {
    "an unknown kind": (
        "menus.yaml",
        lambda d: d["screens"]["what"].update(kind="meny"),
        "Screen what: there is no kind 'meny'. There are 'route', 'menu', 'text'",
    ),
    "a misspelt word": (
        "menus.yaml",
        lambda d: d["screens"]["what"].update(rember="sign"),
        "Screen what, rember: nothing of this name belongs here. Is it misspelt?",
    ),
    "a jump to nowhere": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["1"].update(goto="nowhere"),
        "Screen what: there is no screen 'nowhere' to go to",
    ),
    "an option without a goto": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["1"].pop("goto"),
        "Screen what, options.1.goto: it is missing. Write it.",
    ),
    "a key that means back": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"].update({"0": {"value": "x", "goto": "what"}}),
        "Screen what, options.0: a key must be one of 1 to 9",
    ),
    "a route that may lead nowhere": (
        "menus.yaml",
        lambda d: d["screens"]["begin"]["to"].pop(),
        "Screen begin: a route's last way must have no condition",
    ),
    "a number between nothing": (
        "menus.yaml",
        lambda d: d["screens"]["staff_beds"].update(least=9, most=3),
        "Screen staff_beds: `least` is more than `most`",
    ),
    "a start that is not there": (
        "menus.yaml",
        lambda d: d.update(start="beginning"),
        "There is no screen 'beginning'",
    ),
    "a kind left out": (
        "menus.yaml",
        lambda d: d["screens"]["what"].pop("kind"),
        "Screen what: its `kind` is missing",
    ),
    "a screen that is one word": (
        "menus.yaml",
        lambda d: d["screens"].update(what="menu"),
        "Screen what: it must have names with values below it.",
    ),
    "a screen's name in capitals": (
        "menus.yaml",
        lambda d: d["screens"].update({"My Screen": {"kind": "end"}}),
        "Screen My Screen: a name has small letters",
    ),
    "a goto that is no name": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["1"].update(goto="Next one"),
        'Screen what, options.1.goto: it must be the name of a screen, or "@resume".',
    ),
    "an option without quotes": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"].update({1: {"value": "x", "goto": "cause"}}),
        "Screen what, options.1: it must be a text; put it in quotes.",
    ),
    "a yes without quotes": (
        "menus.yaml",
        lambda d: d["screens"]["cancel_sure"].update({True: {"goto": "cancel_done"}}),
        'a name must be a text; put it in quotes, as "yes", "no" and "1" need them.',
    ),
    "options as a list": (
        "menus.yaml",
        lambda d: d["screens"]["what"].update(options=["1"]),
        "Screen what, options: it must have names with values below it.",
    ),
    "a route with nowhere to go": (
        "menus.yaml",
        lambda d: d["screens"]["begin"].update(to=[]),
        "Screen begin, to: it must have 1 or more below it.",
    ),
    "ways that are no list": (
        "menus.yaml",
        lambda d: d["screens"]["begin"].update(to={}),
        "Screen begin, to: it must be a list",
    ),
    "a switch that is no yes or no": (
        "menus.yaml",
        lambda d: d["screens"]["what"].update(pages="perhaps"),
        "Screen what, pages: it must be true or false.",
    ),
    "an answer of an unknown sort": (
        "menus.yaml",
        lambda d: d["screens"]["where"].update(accepts="plaice"),
        "Screen where, accepts: it must be 'place', 'words' or 'code'.",
    ),
    "a bound that is no number": (
        "menus.yaml",
        lambda d: d["screens"]["staff_beds"].update(least="few"),
        "Screen staff_beds, least: it must be a whole number.",
    ),
    "a bound that is too high": (
        "menus.yaml",
        lambda d: d["screens"]["staff_beds"].update(most=10**7),
        "Screen staff_beds, most: it must be 999999 or less.",
    ),
    "a yes or no in an `if`": (
        "menus.yaml",
        lambda d: d["screens"]["where"]["options"]["1"].update({"if": {"last_place": True}}),
        "Screen where, options.1.if.last_place: it must be a text; put it in quotes.",
    ),
    "a number where words belong": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["what"].update({"1": 5}),
        "sw.yaml: Catalogue sw: screens.what.1 must be a text; put it in quotes",
    ),
    "a character that phones cannot show": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["what"].update({"1": "Gĩkũyũ"}),
        "screens.what.1 has a character outside GSM-7",
    ),
    "a catalogue without a head": (
        "catalogues/sw.yaml",
        lambda d: d.pop("language"),
        "it must begin with `language:",
    ),
    "a plural without its last form": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["staff"].update(title={"by": "waiting", "one": "x"}),
        "screens.staff.title needs the form `other`",
    ),
    "a plural of a form that no language has": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["staff"].update(title={"by": "x", "other": "x", "lots": "y"}),
        "screens.staff.title needs the form `other`, and may have",
    ),
    "routes in a circle": (
        "menus.yaml",
        lambda d: d["screens"]["begin_caller"]["to"][-1].update(goto="begin"),
        "Screen begin: routes and empty lists lead from here in a circle",
    ),
    "a list that is empty in a circle": (
        "menus.yaml",
        lambda d: d["screens"]["county"].update(empty="county"),
        "Screen county: routes and empty lists lead from here in a circle",
    ),
    "two options of one value": (
        "menus.yaml",
        lambda d: d["screens"]["more"]["options"]["2"].update(value="consent"),
        "Screen more: two options have the value 'consent'",
    ),
    "a list whose options take every key": (
        "menus.yaml",
        lambda d: d["screens"]["county"].update(
            options={str(key): {"value": f"v{key}", "goto": "finish"} for key in range(1, 10)}
        ),
        "Screen county, options: it may have no more than 8 below it.",
    ),
    "a way to a person that goes on": (
        "menus.yaml",
        lambda d: d.update(helpless="begin"),
        "Screen begin: what `helpless` or `expired` names must be an `end`",
    ),
    "a word without width": (
        "menus.yaml",
        lambda d: d["variables"].update(code=0),
        "menus.yaml: variables.code: it must be 1 or more.",
    ),
    "a text without words": (
        "catalogues/sw.yaml",
        lambda d: d["screens"]["what"].update({"1": " "}),
        "sw.yaml: Catalogue sw: screens.what.1 has no words",
    ),
    "a language whose name phones cannot show": (
        "catalogues/sw.yaml",
        lambda d: d["language"].update(name="አማርኛ"),
        "sw.yaml: Catalogue sw: language.name has a character outside GSM-7",
    ),
    "an operator without a limit": (
        "operators.yaml",
        lambda d: d["63902"].pop("screen"),
        "operators.yaml: 63902.screen: it is missing. Write it.",
    ),
    "an operator that shows nothing": (
        "operators.yaml",
        lambda d: d["63902"].update(screen=4),
        "operators.yaml: 63902.screen: it must be 60 or more.",
    ),
    "no limits for other operators": (
        "operators.yaml",
        lambda d: d.pop("other"),
        "operators.yaml: `other` is missing",
    ),
}


@pytest.mark.parametrize(("file", "change", "fault"), WRONG.values(), ids=WRONG.keys())
def test_it_is_refused_with_where_and_what(
    tmp_path: Path, file: str, change: Change, fault: str
) -> None:
    folder = changed(tmp_path / "menus", file, change)
    with pytest.raises(InvalidInput) as refused:
        files.load(folder)
    assert fault in str(refused.value)
    # The words of the library that checks the schema tell a translator nothing.
    assert not re.search(r"Input|Field|String|Dictionary|List|valid", str(refused.value))


@pytest.mark.parametrize(
    "text",
    ["{code saved", "code} saved", "{}", "{0}", "{code.upper}", "{code:>9}", "{ code }", "{{"],
)
def test_a_brace_that_belongs_to_no_word_is_refused(tmp_path: Path, text: str) -> None:
    folder = changed(
        tmp_path / "menus", "catalogues/sw.yaml", lambda d: d["sms"].update(discreet=text)
    )
    with pytest.raises(InvalidInput, match=r"sms\.discreet has a brace"):
        files.load(folder)


@pytest.mark.parametrize(
    "name", ["ki.yml", "sw copy.yaml", "kiswahili.yaml", "pt-BR.yaml", "x.txt"]
)
def test_a_file_that_would_be_no_language_is_named(tmp_path: Path, name: str) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    shutil.copy(folder / "catalogues" / "sw.yaml", folder / "catalogues" / name)
    with pytest.raises(InvalidInput) as refused:
        files.load(folder)
    assert str(refused.value).startswith(f"catalogues/{name}: name it by its language's code")


def test_what_editors_leave_beside_a_catalogue_or_in_it_does_no_harm(tmp_path: Path) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    for name in ("._sw.yaml", ".sw.yaml.swp", "sw.yaml~"):
        (folder / "catalogues" / name).write_bytes(b"\x00\x05\x16\x07")
    swahili = folder / "catalogues" / "sw.yaml"
    as_on_windows = swahili.read_bytes().replace(b"\n", b"\r\n")
    swahili.write_bytes(b"\xef\xbb\xbf" + as_on_windows)
    assert files.load(folder).catalogue("sw").texts == files.load().catalogue("sw").texts


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 2026-13-45", "'2026-13-45' needs quotes to be a text"),
        ("\na: !!int ten", "line 2"),
        ("a: !!bool perhaps", "'perhaps' needs quotes to be a text"),
        ("a: !!timestamp now", "'now' needs quotes to be a text"),
        ("[" * 50_000, "menus.yaml: line 1: this is nested too deeply"),
        ("- " * 50_000, "menus.yaml: line 1: this is nested too deeply"),
        ("a: &a [1]\nb: *a\n", "menus.yaml: line 2: *a is not taken. Write it out"),
        ("? [a]\n: b\n", "menus.yaml is not YAML"),
        ("screens: [", "menus.yaml is not YAML"),
        ("just words", "menus.yaml: The menus: "),
        ("", "menus.yaml: The menus: "),
        ("start: a\nstart: b\n", "'start' stands twice"),
        ("!!python/object/apply:os.system [ls]", "menus.yaml is not YAML"),
        ("\udcff", "menus.yaml is not UTF-8"),
    ],
)
def test_a_file_that_is_no_menus_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    (folder / "menus.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInput) as refused:
        files.load(folder)
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    "name", ["menus.yaml", "operators.yaml", "catalogues", "catalogues/en.yaml"]
)
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    (folder / name).rename(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match=Path(name).name):
        files.load(folder)


def test_a_language_is_only_data(tmp_path: Path) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    text = (folder / "catalogues" / "sw.yaml").read_text(encoding="utf-8")
    text = text.replace("name: Kiswahili\n  position: 2", "name: Sheng\n  position: 9")
    (folder / "catalogues" / "xsh.yaml").write_text(text, encoding="utf-8")
    menus = files.load(folder)
    assert menus.languages[-1].label == "Sheng"
    # A code that nobody has plural rules for has one form for every number.
    words = menus.catalogue("xsh").text("screens.staff.title", {"waiting": "1", "hospital": "X"})
    assert words.startswith("X\nWagonjwa 1")


def test_numbers_are_written_as_the_language_does() -> None:
    menus = files.load()
    assert menus.catalogue("en").number("1234.5") == "1,234.5"
    assert menus.catalogue("en").number("many") == "many"


@pytest.mark.parametrize(
    ("language", "written"), [("fr", "1 234 km"), ("de", "1.234 km"), ("sw", "1,234")]
)
def test_phones_can_show_the_numbers_of_every_language(
    tmp_path: Path, language: str, written: str
) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: None)
    if language != "sw":
        shutil.copy(folder / "catalogues" / "en.yaml", folder / "catalogues" / f"{language}.yaml")
    words = {"hospital": "H", "distance_km": "1234", "minutes": "5"}
    text = files.load(folder).catalogue(language).text("screens.find_card.title", words)
    assert written in text


def test_the_schema_for_editors_agrees_with_what_is_taken() -> None:
    described = Draft202012Validator(schema.json_schema())
    with open("ussd_menus/menus.yaml", encoding="utf-8") as file:
        document = yaml.safe_load(file)
    assert list(described.iter_errors(document)) == []
    document["screens"]["what"]["kind"] = "meny"
    assert list(described.iter_errors(document)) != []
