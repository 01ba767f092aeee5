"""Texts that are missing or that nobody shows, and words that nobody fills in."""

from collections.abc import Iterator

from ussd_menus.fault import Fault
from ussd_menus.menus import Menus

_ALWAYS_THERE = (
    "errors.choice",
    "errors.failed",
    "errors.narrowed",
    "errors.number",
    "words.back",
    "words.more",
)
_SPOKEN = "spoken."
# How the words about a text that is missing begin.
MISSING = "it is missing"


def missing_texts(menus: Menus) -> Iterator[Fault]:
    """Texts that some language lacks, or has and nobody shows."""
    needed = set(_ALWAYS_THERE)
    for screen in menus.definitions.screens.values():
        if screen.kind == "route":
            continue
        needed.add(f"screens.{screen.name}.title")
        needed |= {f"screens.{screen.name}.{option.key}" for option in screen.options}
        if screen.kind == "text":
            needed.add(f"errors.{screen.accepts}")
    default = menus.catalogue(menus.default_language)
    for catalogue in menus.catalogues.values():
        ours = {name for name in catalogue.texts if _may_be_known(name)}
        theirs = {
            name for name in default.texts if not (_may_be_known(name) or _is_said_instead(name))
        }
        for name in sorted((needed | theirs) - catalogue.texts.keys()):
            yield Fault(f"{catalogue.code}.yaml, {name}", f"{MISSING}. Write it.")
        for name in sorted(ours - needed):
            yield Fault(f"{catalogue.code}.yaml, {name}", "no screen shows it. Remove it.")
        said = {name for name in catalogue.texts if _is_said_instead(name)}
        for name in sorted(name for name in said if not catalogue.has(name.removeprefix(_SPOKEN))):
            yield Fault(
                f"{catalogue.code}.yaml, {name}",
                "it is said in place of a text that does not exist. Remove it.",
            )
        for name in sorted(catalogue.texts.keys() - ours - theirs - said):
            yield Fault(f"{catalogue.code}.yaml, {name}", "en.yaml does not have it. Remove it.")


def _may_be_known(name: str) -> bool:
    """True for texts that the menus alone ask for; the gateway asks for the others."""
    return name.startswith(("screens.", "errors.", "words."))


def _is_said_instead(name: str) -> bool:
    """True for what a call says in place of a text, such as `spoken.screens.what.1`: each language
    has those that it needs.
    """
    return name.startswith(_SPOKEN) and "." in name.removeprefix(_SPOKEN)


def wrong_words(menus: Menus) -> Iterator[Fault]:
    """Words in braces that nobody fills in."""
    default = menus.catalogue(menus.default_language)
    for catalogue in menus.catalogues.values():
        for name in catalogue.texts:
            for word in sorted(catalogue.words(name) - menus.definitions.variables.keys()):
                yield Fault(
                    f"{catalogue.code}.yaml, {name}",
                    f"{{{word}}} is not among the variables of menus.yaml.",
                )
            # A translation may leave a word out to fit, but cannot ask for one of its own.
            extra = catalogue.words(name) - default.words(name) if default.has(name) else ()
            for word in sorted(extra):
                yield Fault(
                    f"{catalogue.code}.yaml, {name}", f"en.yaml has no {{{word}}} in this text."
                )
