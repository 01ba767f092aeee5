"""`haven-gateway menus record`: the prompts that calls play."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from gateway.voice.placeholders import (
    NoVoice,
    Recorded,
    look_through,
    make_missing,
    note_recorded,
)
from gateway.voice.speech import fixed_prompts
from shared.errors import InvalidInput
from ussd_menus import files
from ussd_menus.menus import Menus


@click.command("record")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="HAVEN_MENUS_DIR",
    help="Menus to use instead of Haven's own.  [env: HAVEN_MENUS_DIR]",
)
@click.option("--language", help="Only this one, such as sw; every language if not given.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HAVEN_PROMPTS_DIR",
    default=Path("haven-data/prompts"),
    show_default=True,
    help="The folder of the recordings.  [env: HAVEN_PROMPTS_DIR]",
)
@click.option("--check", is_flag=True, help="Make nothing; exit with 1 if something is to be done.")
@click.option("--list", "as_list", is_flag=True, help="Print each recording's name and words.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def record_command(
    folder: Path | None,
    language: str | None,
    out: Path,
    check: bool,
    as_list: bool,
    as_json: bool,
) -> None:
    """Make placeholder recordings with espeak-ng, and name those whose words have changed.

    What people have recorded is never written over: put their files, WAV, into OUT/LANGUAGE.
    """
    menus = files.load(folder)
    if language is not None and language not in menus.catalogues:
        known = ", ".join(menus.catalogues)
        raise InvalidInput(f"There is no catalogue {language!r}. There are: {known}.")
    languages = [language] if language else list(menus.catalogues)
    if as_list:
        for code in languages:
            _list(menus, code, with_language=len(languages) > 1)
        return
    outcomes = [_record(menus, code, out, check) for code in languages]
    if as_json:
        click.echo(json.dumps([asdict(outcome) for outcome in outcomes]))
    else:
        for outcome in outcomes:
            _print(outcome)
    if any(outcome.changed or (check and outcome.missing) for outcome in outcomes):
        raise SystemExit(1)


def _list(menus: Menus, code: str, *, with_language: bool) -> None:
    for name, words in fixed_prompts(menus, menus.catalogue(code)).items():
        click.echo(f"{code}/{name}\t{words}" if with_language else f"{name}\t{words}")


def _record(menus: Menus, code: str, out: Path, check: bool) -> Recorded:
    words = fixed_prompts(menus, menus.catalogue(code))
    if check:
        return look_through(out, code, words)
    try:
        return make_missing(out, code, words)
    except NoVoice as error:
        click.echo(str(error), err=True)
        return note_recorded(out, code, words)


def _print(outcome: Recorded) -> None:
    counts = f"{len(outcome.made)} made, {len(outcome.kept)} as they were"
    click.echo(f"{outcome.language}: {counts}, {len(outcome.missing)} missing")
    for name in outcome.changed:
        click.echo(f"  {name}: the words have changed since it was recorded. Record it again.")
    for name in outcome.unused:
        click.echo(f"  {name}: no text has this name. Remove it.")
