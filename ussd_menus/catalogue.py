"""Texts in one language: screens, SMS, prompts, each found by its name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from shared import gsm
from shared.errors import InvalidInput
from ussd_menus.definitions import Variable

_CATEGORIES = frozenset({"zero", "one", "two", "few", "many", "other"})
_WORD = re.compile(r"\{([a-z]\w*)\}")


@dataclass(frozen=True, slots=True)
class Plural:
    """One text in the forms that a language has for different numbers; `by` names the variable
    that holds the number.
    """

    by: str
    forms: Mapping[str, str]


class _Words(dict[str, str]):
    """The words that a text asks for, each written as the language does, clipped to its width and
    forced into GSM-7. A missing one is left out: a caller in an emergency is never shown a failure
    instead.
    """

    def __init__(self, given: Mapping[str, str], catalogue: "Catalogue") -> None:
        self._given = given
        self._catalogue = catalogue

    def __missing__(self, key: str) -> str:
        given = self._given.get(key, "")
        variable = self._catalogue.variables.get(key)
        if variable is None:
            return gsm.to_gsm(given)
        if variable.number:
            given = self._catalogue.number(given)
        return gsm.clip(gsm.to_gsm(given), variable.width)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's texts, by dotted name such as `sms.telling` or `screens.what.1`.

    `code` is the language's (ISO 639), `name` what its speakers call it, and `position` its place
    among the languages on the first screen. `marks` are words that nobody writes in another one.
    """

    code: str
    name: str
    position: int
    texts: Mapping[str, str | Plural]
    variables: Mapping[str, Variable]
    plural_form: Callable[[float], str] = field(repr=False)
    marks: tuple[str, ...] = ()

    def text(self, name: str, variables: Mapping[str, str] | None = None) -> str:
        """The text with its words filled in, each clipped to its width and forced into GSM-7.

        Raises KeyError when the catalogue has no such text.
        """
        written = self.texts[name]
        if isinstance(written, Plural):
            written = self._form(written, variables or {})
        if "{" not in written:
            return written
        return written.format_map(_Words(variables or {}, self))

    def has(self, name: str) -> bool:
        """True when there is such a text."""
        return name in self.texts

    def forms(self, name: str) -> tuple[str, ...]:
        """The text as it is written, in each of its forms."""
        written = self.texts[name]
        return tuple(written.forms.values()) if isinstance(written, Plural) else (written,)

    def completed_by(self, other: "Catalogue", headings: tuple[str, ...]) -> "Catalogue":
        """The catalogue with the texts below those headings that it lacks and the other one has."""
        lent = {name: text for name, text in other.texts.items() if name.startswith(headings)}
        return replace(self, texts={**lent, **self.texts})

    def with_widest_forms(self, worst: Mapping[str, str]) -> "Catalogue":
        """The catalogue that says the widest form of each text with these words, whatever the
        number: for whoever measures.
        """

        def width(form: str) -> int:
            return gsm.septets(form.format_map(_Words(worst, self))) or 0

        widest = {name: max(self.forms(name), key=width) for name in self.texts}
        return replace(self, texts=widest)

    def words(self, name: str) -> set[str]:
        """The variables that the text asks for, or goes by."""
        written = self.texts[name]
        by = {written.by} if isinstance(written, Plural) else set()
        return by.union(*(_WORD.findall(form) for form in self.forms(name)))

    def number(self, given: str) -> str:
        """The number as this language writes it; what is no number stays as it is."""
        try:
            value = float(given)
        except ValueError:
            return given
        try:
            return format_decimal(value, locale=self.code)
        except UnknownLocaleError:
            return given

    def _form(self, written: Plural, variables: Mapping[str, str]) -> str:
        try:
            category = self.plural_form(float(variables.get(written.by, "")))
        except ValueError:
            category = "other"
        return written.forms.get(category, written.forms["other"])


def parse(code: str, document: Any, variables: Mapping[str, Variable]) -> Catalogue:
    """The catalogue in this document.

    Raises InvalidInput when its head is not as it should be, a text is not a string, is empty, has
    a character outside GSM-7 or a brace too many, or a plural lacks its `other` form.
    """
    if not isinstance(document, Mapping):
        raise InvalidInput(f"Catalogue {code}: it must be texts under headings.")
    head = document.get("language")
    if (
        not isinstance(head, Mapping)
        or not isinstance(head.get("name"), str)
        or not isinstance(head.get("position"), int)
    ):
        raise InvalidInput(
            f"Catalogue {code}: it must begin with `language: {{name: …, position: …}}`."
        )
    _written(code, "language.name", head["name"])
    marks = head.get("marks", "")
    if not isinstance(marks, str):
        raise InvalidInput(f"Catalogue {code}: language.marks must be words, apart by spaces.")
    texts: dict[str, str | Plural] = {}

    def collect(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping) and "by" in value:
            texts[prefix] = _plural(code, prefix, value)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                collect(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            texts[prefix] = _written(code, prefix, value)

    collect("", {heading: value for heading, value in document.items() if heading != "language"})
    return Catalogue(
        code,
        head["name"],
        head["position"],
        texts,
        variables,
        _plural_form(code),
        tuple(marks.casefold().split()),
    )


def _written(code: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"Catalogue {code}: {name} must be a text; put it in quotes.")
    if gsm.septets(value) is None:
        raise InvalidInput(f"Catalogue {code}: {name} has a character outside GSM-7.")
    if not value.strip():
        raise InvalidInput(f"Catalogue {code}: {name} has no words. Write them.")
    if "{" in (rest := _WORD.sub("", value)) or "}" in rest:
        raise InvalidInput(
            f"Catalogue {code}: {name} has a brace that belongs to no word such as {{code}}."
        )
    return value


def _plural(code: str, name: str, written: Mapping[Any, Any]) -> Plural:
    forms = {str(key): value for key, value in written.items() if key != "by"}
    if "other" not in forms or not forms.keys() <= _CATEGORIES:
        raise InvalidInput(
            f"Catalogue {code}: {name} needs the form `other`, and may have "
            f"{', '.join(sorted(_CATEGORIES - {'other'}))}."
        )
    return Plural(
        by=str(written["by"]),
        forms={key: _written(code, f"{name}.{key}", value) for key, value in forms.items()},
    )


def _plural_form(code: str) -> Callable[[float], str]:
    try:
        rule = Locale.parse(code).plural_form
    except (UnknownLocaleError, ValueError):
        # A language that the library does not know has one form for every number.
        return lambda number: "other"
    return lambda number: str(rule(number))
