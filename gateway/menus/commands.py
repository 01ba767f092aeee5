"""`haven-gateway menus`: for whoever writes, translates or reviews what callers see."""

import json
from importlib.resources import as_file
from importlib.resources import files as resources
from pathlib import Path
from shutil import copytree, ignore_patterns

import click

from gateway.menus.loading import Loaded, load, trial_faults
from shared import gsm
from shared.errors import InvalidInput
from ussd_menus import files, schema
from ussd_menus.diagram import draw
from ussd_menus.menus import Menus
from ussd_menus.operators import PREFIX
from ussd_menus.trial import TrialPhone

_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="HAVEN_MENUS_DIR",
    help="Menus to use instead of Haven's own.  [env: HAVEN_MENUS_DIR]",
)
_RULES = click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="HAVEN_TRIAGE_RULES",
    help="Triage rules to use instead of Haven's own.  [env: HAVEN_TRIAGE_RULES]",
)


@click.group("menus")
def menus_group() -> None:
    """What callers see and hear: check it, try it, draw it."""


@menus_group.command("check")
@_FOLDER
@_RULES
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def check_command(folder: Path | None, rules: Path | None, as_json: bool) -> None:
    """Say everything that callers would stumble over. Exits with 1 if there is anything."""
    loaded = load(folder, rules)
    faults = [*loaded.faults, *trial_faults(folder, loaded.menus)]
    if as_json:
        click.echo(json.dumps([{"where": each.where, "what": each.what} for each in faults]))
    else:
        for fault in faults:
            click.echo(str(fault))
        click.echo(_summary(loaded, len(faults)))
    if faults:
        raise SystemExit(1)


def _summary(loaded: Loaded, faults: int) -> str:
    screens = [s for s in loaded.menus.definitions.screens.values() if s.kind != "route"]
    signed = loaded.rules.signed_by or "nobody: ask a clinician of your country"
    return (
        f"{len(screens)} screens in {', '.join(loaded.menus.catalogues)}; "
        f"triage rules {loaded.rules.version}, signed by {signed}; "
        f"{faults or 'no'} fault{'' if faults == 1 else 's'}."
    )


@menus_group.command("draw")
@_FOLDER
@click.option("--language", help="Whose words to use, such as sw; English if not given.")
def draw_command(folder: Path | None, language: str | None) -> None:
    """Print the way through the menus as a Mermaid flowchart."""
    menus = files.load(folder)
    _require_language(menus, language)
    click.echo(draw(menus, language), nl=False)


@menus_group.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of menus.yaml, for an editor that checks while you type."""
    click.echo(json.dumps(schema.json_schema(), indent=2))


@menus_group.command("copy")
@click.argument("folder", type=click.Path(path_type=Path))
def copy_command(folder: Path) -> None:
    """Copy Haven's own menus and triage rules into a new FOLDER, to be changed there."""
    if folder.exists():
        raise InvalidInput(f"{folder} is there already. Name a new folder.")
    with as_file(resources("ussd_menus")) as ours:
        copytree(ours, folder, ignore=ignore_patterns("*.py", "__pycache__"))
    rules = folder / "triage_rules.toml"
    rules.write_bytes((resources("shared") / "triage_rules.toml").read_bytes())
    click.echo(f"Change what is in {folder}, then: haven-gateway menus check --folder {folder}")
    click.echo(f"To use it: HAVEN_MENUS_DIR={folder.absolute()}")
    click.echo(f"           HAVEN_TRIAGE_RULES={rules.absolute()}")


@menus_group.command("try")
@_FOLDER
@click.option("--language", help="Start as a caller who has chosen it, such as sw.")
@click.option("--staff", is_flag=True, help="Start as a hospital's duty phone.")
@click.option("--network", default="63902", show_default=True, help="Whose limits to use.")
def try_command(folder: Path | None, language: str | None, staff: bool, network: str) -> None:
    """Walk through the menus here, on the example data of trial.yaml. No gateway is needed."""
    menus = files.load(folder)
    _require_language(menus, language)
    facts = {"language": language or "", "staff": "one" if staff else ""}
    operator = menus.operators.of(network)
    phone = TrialPhone(menus, files.load_trial(folder), facts, operator.limit).dials()
    while phone.screen is not None:
        text = phone.screen.text
        used = (gsm.septets(text) or 0) + len(PREFIX)
        click.echo(f"\n{text}")
        click.secho(
            f"[{phone.screen.name}] {used} of {operator.screen} characters, {operator.name}",
            dim=True,
        )
        if phone.screen.ends:
            return
        before = len(phone.host.done)
        phone.chooses(click.prompt("", prompt_suffix="> ", default="", show_default=False))
        for intent in phone.host.done[before:]:
            click.secho(f"  {intent}", dim=True)


def _require_language(menus: Menus, language: str | None) -> None:
    if language is not None and language not in menus.catalogues:
        known = ", ".join(menus.catalogues)
        raise InvalidInput(f"There is no catalogue {language!r}. There are: {known}.")
