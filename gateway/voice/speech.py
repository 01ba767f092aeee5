"""What is said on a call: a screen as a row of prompts, each either recorded or spoken by the
provider.

A text is cut at the words that are filled in, so that the parts between them can be recorded.
Where the short words of a screen are no good for the ear, a catalogue has others under `spoken.`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ussd_menus.catalogue import Catalogue, Plural
from ussd_menus.definitions import Option, ScreenDefinition
from ussd_menus.menus import Menus
from ussd_menus.paging import NEXT, Line
from ussd_menus.screen import NAMING_TEXTS, Screen
from ussd_menus.session import Session

# What is always so on a call: decides which screens can be heard at all.
FACTS: Mapping[str, str] = {"bearer": "voice", "can_call": ""}
# 98 cannot be keyed with one digit.
MORE = "*"
KEYS = "1234567890*"
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*#"
_LANGUAGES = "languages"
_SPELT = frozenset({"code", "alert_code", "code_asked", "answer_code", "number", "service"})
_SIGN_NAMES = {"*": "star", "#": "hash"}
_VARIABLE = re.compile(r"\{(\w+)\}")
_SPOKEN, _CHOICE = "spoken.", "spoken.choice"
# What a call says beside its screens.
_REMARKS = ("spoken.again", "spoken.connecting", "spoken.no_operator", "spoken.failed")


@dataclass(frozen=True, slots=True)
class Prompt:
    """Words in one language, and the name of their recording (empty: they are never recorded)."""

    language: str
    name: str
    words: str


def screen_prompts(menus: Menus, session: Session, screen: Screen) -> tuple[Prompt, ...]:
    """Everything that is heard at this screen, in order."""
    catalogue = menus.catalogue(session.variables.get("language", ""))
    definition = menus.definitions.screens[screen.name]
    prompts: list[Prompt] = []
    for line in screen.lines:
        if line.key:
            prompts += _choice(menus, catalogue, session, definition, line)
            continue
        if line.name.startswith("errors."):
            # On a screen the reason takes the question's place; nobody can look back on a call.
            prompts += text_prompts(catalogue, line.name, session.variables)
        prompts += text_prompts(catalogue, f"screens.{screen.name}.title", session.variables)
    return tuple(prompts)


def text_prompts(catalogue: Catalogue, name: str, variables: Mapping[str, str]) -> Iterator[Prompt]:
    """One text of the catalogue, or what is said in its place."""
    name = _spoken_name(catalogue, name)
    written = catalogue.texts[name]
    if isinstance(written, Plural):
        yield Prompt(catalogue.code, "", catalogue.text(name, variables))
        return
    for part, variable in _parts(catalogue, name, written):
        if not variable:
            yield part
        elif variable in _SPELT:
            yield from _spelt(catalogue, variables.get(variable, ""))
        else:
            yield from _filled_in(catalogue, variable, variables)


def fixed_prompts(menus: Menus, catalogue: Catalogue) -> dict[str, str]:
    """Everything that can be recorded in this language: the words by the recording's name."""
    names = [*_REMARKS, "words.more", "words.back"]
    for screen in heard_screens(menus):
        names.append(f"screens.{screen.name}.title")
        names += [f"screens.{screen.name}.{option.key}" for option in _offered(screen)]
        if screen.kind != "end":
            names.append("errors.choice")
    for heading in ("advice", "alert_states"):
        names += [name for name in catalogue.texts if name.startswith(f"{heading}.")]
    fixed = {"language": catalogue.name}
    for name in names:
        name = _spoken_name(catalogue, name)
        written = catalogue.texts[name]
        if isinstance(written, str):
            parts = _parts(catalogue, name, written)
            fixed |= {part.name: part.words for part, variable in parts if not variable}
    for key in KEYS:
        fixed |= {part.name: part.words for part in _around_choice(catalogue, key) if part}
    fixed |= {part.name: part.words for part in _spelt(catalogue, SIGNS)}
    return fixed


def heard_screens(menus: Menus) -> list[ScreenDefinition]:
    """The screens that a call can come to."""
    screens = menus.definitions.screens
    start = menus.definitions
    waiting, heard = [start.start, start.helpless, start.expired], {}
    while waiting:
        name = waiting.pop(0)
        if name in heard or name not in screens:
            continue
        heard[name] = screens[name]
        waiting += _targets(screens[name])
    return [screen for screen in heard.values() if screen.kind != "route"]


def _targets(screen: ScreenDefinition) -> Iterator[str]:
    yield from (option.goto for option in _offered(screen))
    yield from filter(None, (screen.goto, screen.empty))
    for branch in screen.branches:
        wanted = branch.condition.wanted
        if _possible(wanted):
            yield branch.goto
            if wanted.keys() <= FACTS.keys():
                return  # always so: the other ways are never taken


def _offered(screen: ScreenDefinition) -> list[Option]:
    return [option for option in screen.options if _possible(option.condition.wanted)]


def _possible(wanted: Mapping[str, frozenset[str] | None]) -> bool:
    return all(
        FACTS[name] in values if values is not None else bool(FACTS[name])
        for name, values in wanted.items()
        if name in FACTS
    )


def _choice(
    menus: Menus,
    catalogue: Catalogue,
    session: Session,
    definition: ScreenDefinition,
    line: Line,
) -> Iterator[Prompt]:
    if line.name:
        key = MORE if line.key == NEXT else line.key
        meant = tuple(text_prompts(catalogue, line.name, session.variables))
    elif definition.items == _LANGUAGES:
        # Each language is offered in its own words: who needs it may know no other.
        key, catalogue = line.key, menus.catalogue(line.value)
        meant = (Prompt(catalogue.code, "language", catalogue.name),)
    else:
        key, meant = line.key, (Prompt(catalogue.code, "", line.text),)
    # The provider's voice pauses at a comma.
    meant = (*meant[:-1], replace(meant[-1], words=f"{meant[-1].words.rstrip(',.')},"))
    for around in _around_choice(catalogue, key):
        yield from (around,) if around else meant


def _around_choice(catalogue: Catalogue, key: str) -> Iterator[Prompt | None]:
    """The sentence "for this press that", in parts; None stands for what is chosen."""
    written = str(catalogue.texts[_CHOICE])
    pieces = written.split("{choice}")
    for number, piece in enumerate(pieces, start=1):
        if number > 1:
            yield None
        named = _SIGN_NAMES.get(key, key)
        name = f"press_{named}" if "{key}" in piece else f"{_CHOICE}.{number}"
        words = piece.replace("{key}", _sign_words(catalogue, key))
        if _is_speech(words):
            yield Prompt(catalogue.code, name, _tidy(words))


def _spoken_name(catalogue: Catalogue, name: str) -> str:
    spoken = f"{_SPOKEN}{name}"
    return spoken if catalogue.has(spoken) else name


def _parts(catalogue: Catalogue, name: str, written: str) -> Iterator[tuple[Prompt, str]]:
    """The fixed parts with their recordings' names, and the variables between them."""
    pieces = _VARIABLE.split(written)
    for place, piece in enumerate(pieces):
        if place % 2:
            yield Prompt(catalogue.code, "", ""), piece
        elif _is_speech(piece):
            whole = len(pieces) == 1
            number = place // 2 + 1
            recording = name if whole else f"{name}.{number}"
            yield Prompt(catalogue.code, recording, _tidy(piece)), ""


def _filled_in(
    catalogue: Catalogue, variable: str, variables: Mapping[str, str]
) -> Iterator[Prompt]:
    names = variable.removesuffix("_words")
    if names != variable and names in NAMING_TEXTS:
        text = f"{NAMING_TEXTS[names]}.{variables.get(names, '')}"
        if catalogue.has(text):
            yield from text_prompts(catalogue, text, variables)
    elif variables.get(variable):
        yield Prompt(catalogue.code, "", variables[variable])


def _spelt(catalogue: Catalogue, value: str) -> Iterator[Prompt]:
    """Letter by letter; the commas make the provider's voice pause."""
    for sign in value.upper():
        if sign in SIGNS:
            name = f"sign_{_SIGN_NAMES.get(sign, sign.lower())}"
            yield Prompt(catalogue.code, name, f"{_sign_words(catalogue, sign)},")


def _sign_words(catalogue: Catalogue, sign: str) -> str:
    named = _SIGN_NAMES.get(sign)
    return catalogue.text(f"spoken.{named}") if named else sign


def _is_speech(piece: str) -> bool:
    return any(letter.isalnum() for letter in piece)


def _tidy(piece: str) -> str:
    return " ".join(piece.lstrip(" \n.,:;?!").rstrip(" \n,:;").split())
