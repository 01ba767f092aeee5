"""How menus are written down: the schema of `menus.yaml`, and the way from there to definitions.

An editor that is given `json_schema()` completes and checks while somebody types.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
)

from shared.errors import InvalidInput
from ussd_menus.definitions import (
    ALWAYS,
    RESUME,
    Branch,
    Condition,
    Definitions,
    Option,
    ScreenDefinition,
    Variable,
)
from ussd_menus.refusal import in_words

_NAME = r"^[a-z][a-z0-9_]*$"
_TARGET = r"^([a-z][a-z0-9_]*|@resume)$"
# 0 goes back, 00 home and 98 to the next page, on every screen.
_KEY = r"^[1-9]$"
_PATTERNS = {
    _NAME: "a name has small letters a to z, digits and _, and begins with a letter.",
    _TARGET: 'it must be the name of a screen, or "@resume".',
    _KEY: "a key must be one of 1 to 9: 0, 00 and 98 go back, home and to the next page.",
}
Name = Annotated[str, StringConstraints(pattern=_NAME)]
Target = Annotated[str, StringConstraints(pattern=_TARGET)]
Key = Annotated[str, StringConstraints(pattern=_KEY)]
# The shape tells which way of writing is meant: one fault is told, and not one for each way.
_Values = Annotated[
    Annotated[str, Tag("(one)")] | Annotated[list[str], Tag("(list)")],
    Discriminator(lambda written: "(list)" if isinstance(written, list) else "(one)"),
]
When = Annotated[
    Annotated[str, Tag("(one)")] | Annotated[dict[str, _Values], Tag("(dict)")],
    Discriminator(lambda written: "(dict)" if isinstance(written, dict) else "(one)"),
]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class _Option(_Written):
    value: str
    goto: Target
    remember: Name | None = None
    intent: Name | None = None
    when: When | None = Field(default=None, alias="if")


class _Branch(_Written):
    goto: Target
    when: When | None = Field(default=None, alias="if")


class _Screen(_Written):
    back: Name | None = None
    seen_first: bool = False
    pages: bool = False
    shows_back: bool = False
    detour: bool = False
    settled: bool = False


class _Route(_Screen):
    kind: Literal["route"]
    to: list[_Branch] = Field(min_length=1)
    intent: Name | None = None


class _Menu(_Screen):
    kind: Literal["menu"]
    options: dict[Key, _Option] = Field(min_length=1)
    remember: Name
    intent: Name | None = None


class _Text(_Screen):
    kind: Literal["text"]
    accepts: Literal["place", "words", "code"]
    remember: Name
    goto: Target
    intent: Name | None = None
    options: dict[Key, _Option] = {}


class _Number(_Screen):
    kind: Literal["number"]
    least: int = Field(ge=0)
    most: int = Field(le=999_999)
    remember: Name
    goto: Target
    intent: Name | None = None


class _List(_Screen):
    kind: Literal["list"]
    items: Name
    remember: Name
    goto: Target
    empty: Target
    intent: Name | None = None
    narrows: bool = False
    # One key at least is for the lines themselves.
    options: dict[Key, _Option] = Field(default={}, max_length=8)


class _Answer(_Written):
    goto: Target
    intent: Name | None = None


class _Confirm(_Screen):
    kind: Literal["confirm"]
    remember: Name
    yes: _Answer
    no: _Answer


class _End(_Screen):
    kind: Literal["end"]
    connects: bool = False


Width = Annotated[int, Field(ge=1, le=150)]


class _Variable(_Written):
    width: Width
    number: bool = False


class Document(_Written):
    """The whole of `menus.yaml`."""

    start: Name
    helpless: Name
    expired: Name
    variables: dict[
        Name,
        Annotated[
            Annotated[Width, Tag("(one)")] | Annotated[_Variable, Tag("(dict)")],
            Discriminator(lambda written: "(dict)" if isinstance(written, dict) else "(one)"),
        ],
    ]
    screens: dict[
        Name,
        Annotated[
            _Route | _Menu | _Text | _Number | _List | _Confirm | _End,
            Field(discriminator="kind"),
        ],
    ]


def json_schema() -> dict[str, Any]:
    """The schema as JSON Schema."""
    return Document.model_json_schema(by_alias=True)


def parse(document: Any) -> Definitions:
    """The definitions in this document.

    Raises InvalidInput naming every screen and field at fault: what the schema forbids, a jump to
    nowhere, a route without a last way out.
    """
    try:
        written = Document.model_validate(document)
    except ValidationError as error:
        raise InvalidInput("\n".join(_fault(each) for each in error.errors())) from None
    screens = {name: _screen(name, screen) for name, screen in written.screens.items()}
    faults = [fault for screen in screens.values() for fault in _faults(screen, screens)]
    faults += [
        f"There is no screen {name!r} to start or to end with."
        for name in (written.start, written.helpless, written.expired)
        if name not in screens
    ]
    faults += [
        f"Screen {name}: what `helpless` or `expired` names must be an `end`."
        for name in (written.helpless, written.expired)
        if name in screens and screens[name].kind != "end"
    ]
    if not faults:
        faults += _circles(screens)
    if faults:
        raise InvalidInput("\n".join(faults))
    return Definitions(
        start=written.start,
        helpless=written.helpless,
        expired=written.expired,
        screens=screens,
        variables={
            name: Variable(given) if isinstance(given, int) else Variable(given.width, given.number)
            for name, given in written.variables.items()
        },
    )


def _fault(error: Mapping[str, Any]) -> str:
    place, *fields = [str(part) for part in error["loc"]] or ["The menus"]
    between = "."
    if place == "screens" and fields:
        # After its name comes its kind, which nobody wrote there.
        place, fields, between = f"Screen {fields[0]}", fields[2:], ", "
    # "[key]" marks a key, and brackets a way of writing.
    fields = [part for part in fields if part != "[key]" and not part.startswith("(")]
    where = between.join([place, ".".join(fields)]) if fields else place
    return f"{where}: {in_words(error, _PATTERNS)}"


def _faults(screen: ScreenDefinition, screens: Mapping[str, ScreenDefinition]) -> list[str]:
    faults = [
        f"Screen {screen.name}: there is no screen {target!r} to go to."
        for target in screen.targets
        if target not in screens and target != RESUME
    ]
    if screen.kind == "route" and screen.branches[-1].condition.wanted:
        faults.append(f"Screen {screen.name}: a route's last way must have no condition.")
    values = [option.value for option in screen.options]
    faults += [
        f"Screen {screen.name}: two options have the value {value!r}; each needs one of its own."
        for value in sorted({value for value in values if values.count(value) > 1})
    ]
    if screen.kind == "number" and screen.least > screen.most:
        faults.append(f"Screen {screen.name}: `least` is more than `most`.")
    return faults


def _circles(screens: Mapping[str, ScreenDefinition]) -> list[str]:
    """Routes and empty lists that lead to each other: nothing would ever be shown."""
    followed = {name: set(screen.silent_targets) for name, screen in screens.items()}
    while True:
        # What leads to nothing but screens that are shown is out, and so is what no other leads to;
        # circles remain.
        led_to = {target for targets in followed.values() for target in targets}
        circling = {n: to for n, to in followed.items() if n in led_to and to & followed.keys()}
        if len(circling) == len(followed):
            break
        followed = circling
    return [
        f"Screen {name}: routes and empty lists lead from here in a circle, and show nothing."
        for name in followed
    ]


def _condition(written: When | None) -> Condition:
    if not written:
        return ALWAYS
    if isinstance(written, str):
        return Condition({written: None})
    return Condition(
        {
            name: frozenset([value] if isinstance(value, str) else value)
            for name, value in written.items()
        }
    )


def _options(
    written: Mapping[str, _Option], remember: str | None, intent: str | None
) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=key,
            value=option.value,
            goto=option.goto,
            # `intent: null` takes the screen's own away from one option.
            remember=option.remember if "remember" in option.model_fields_set else remember,
            intent=option.intent if "intent" in option.model_fields_set else intent,
            condition=_condition(option.when),
        )
        for key, option in written.items()
    )


def _screen(name: str, written: Any) -> ScreenDefinition:
    common = {
        "name": name,
        "kind": written.kind,
        "back": written.back,
        "seen_first": written.seen_first,
        "pages": written.pages,
        "shows_back": written.shows_back,
        "detour": written.detour,
        "settled": written.settled,
    }
    match written:
        case _Route():
            branches = tuple(Branch(each.goto, _condition(each.when)) for each in written.to)
            return ScreenDefinition(**common, branches=branches, intent=written.intent)
        case _Menu():
            return ScreenDefinition(
                **common,
                options=_options(written.options, written.remember, written.intent),
                remember=written.remember,
            )
        case _Text():
            return ScreenDefinition(
                **common,
                options=_options(written.options, None, None),
                remember=written.remember,
                intent=written.intent,
                goto=written.goto,
                accepts=written.accepts,
            )
        case _Number():
            return ScreenDefinition(
                **common,
                remember=written.remember,
                intent=written.intent,
                goto=written.goto,
                least=written.least,
                most=written.most,
            )
        case _List():
            return ScreenDefinition(
                **common | {"pages": True},
                options=_options(written.options, None, None),
                remember=written.remember,
                intent=written.intent,
                goto=written.goto,
                items=written.items,
                empty=written.empty,
                narrows=written.narrows,
            )
        case _Confirm():
            answers = (("1", "yes", written.yes), ("2", "no", written.no))
            options = tuple(
                Option(key, value, answer.goto, written.remember, answer.intent, ALWAYS)
                for key, value, answer in answers
            )
            return ScreenDefinition(
                **common | {"seen_first": True}, options=options, remember=written.remember
            )
        case _:
            return ScreenDefinition(**common, connects=written.connects)
