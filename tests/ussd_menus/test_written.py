"""What is written wrongly is refused, with where and what."""

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
        "Screen what: ",
    ),
    "a misspelt word": (
        "menus.yaml",
        lambda d: d["screens"]["what"].update(rember="sign"),
        "Screen what, rember: Extra inputs",
    ),
    "a jump to nowhere": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["1"].update(goto="nowhere"),
        "Screen what: there is no screen 'nowhere' to go to",
    ),
    "an option without a goto": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"]["1"].pop("goto"),
        "Screen what, options.1.goto: Field required",
    ),
    "a key that means back": (
        "menus.yaml",
        lambda d: d["screens"]["what"]["options"].update({"0": {"value": "x", "goto": "what"}}),
        "Screen what, options.0",
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
    "an operator without a limit": (
        "operators.yaml",
        lambda d: d["63902"].pop("screen"),
        "operators.yaml: 63902.screen: Field required",
    ),
    "an operator that shows nothing": (
        "operators.yaml",
        lambda d: d["63902"].update(screen=4),
        "operators.yaml: 63902.screen: ",
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


@pytest.mark.parametrize(
    ("text", "fault"),
    [
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
    text = text.replace("{name: Kiswahili, position: 2}", "{name: Sheng, position: 9}")
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


def test_the_schema_for_editors_agrees_with_what_is_taken() -> None:
    described = Draft202012Validator(schema.json_schema())
    with open("ussd_menus/menus.yaml", encoding="utf-8") as file:
        document = yaml.safe_load(file)
    assert list(described.iter_errors(document)) == []
    document["screens"]["what"]["kind"] = "meny"
    assert list(described.iter_errors(document)) != []
