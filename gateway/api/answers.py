"""The answers that triage works with, as the API takes them: the menus' own codes, or one word for
the kind of emergency.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from shared.emergency import Kind
from shared.errors import InvalidInput

Sign = Literal[
    "unresponsive",
    "bleeding",
    "fits",
    "pregnancy",
    "injury",
    "snakebite",
    "poison",
    "sickness",
]
Cause = Literal["pregnancy", "injury", "snakebite", "poison", "child", "other"]
Detail = Literal[
    # of a pregnancy or birth
    "bleeding",
    "fits",
    "headache",
    "belly",
    "labour",
    "newborn",
    "none",
    # of an injury
    "many",
    "hit",
    "fall",
    "penetrating",
    "head",
    "burn",
    "crush",
    # of a sickness
    "chest_pain",
    "stroke",
    "throat",
    "young_baby",
    "not_drinking",
    "assault",
    "self_harm",
    "other",
]
KindWord = Literal[
    "unknown",
    "unresponsive",
    "bleeding",
    "fits",
    "pregnancy",
    "injury",
    "snakebite",
    "poison",
    "sickness",
    "newborn",
    "child",
    "burn",
    "chest_pain",
    "stroke",
    "throat",
    "assault",
    "self_harm",
]

# What somebody who dialled would have answered for each kind.
ANSWERS_OF_KIND: Mapping[Kind, Mapping[str, str]] = {
    Kind.UNKNOWN: {},
    Kind.UNRESPONSIVE: {"sign": "unresponsive"},
    Kind.BLEEDING: {"sign": "bleeding"},
    Kind.FITS: {"sign": "fits"},
    Kind.PREGNANCY: {"sign": "pregnancy"},
    Kind.INJURY: {"sign": "injury"},
    Kind.SNAKEBITE: {"sign": "snakebite"},
    Kind.POISON: {"sign": "poison"},
    Kind.SICKNESS: {"sign": "sickness"},
    Kind.NEWBORN: {"sign": "pregnancy", "detail": "newborn"},
    Kind.CHILD: {"sign": "sickness", "detail": "not_drinking"},
    Kind.BURN: {"sign": "injury", "detail": "burn"},
    Kind.CHEST_PAIN: {"sign": "sickness", "detail": "chest_pain"},
    Kind.STROKE: {"sign": "sickness", "detail": "stroke"},
    Kind.THROAT: {"sign": "sickness", "detail": "throat"},
    Kind.ASSAULT: {"sign": "sickness", "detail": "assault"},
    Kind.SELF_HARM: {"sign": "sickness", "detail": "self_harm"},
}


# Which question follows a sign, and what may be answered to it; a snakebite or poison needs none.
CAUSES = frozenset(get_args(Cause))
FOLLOWING: Mapping[str, tuple[str, frozenset[str]]] = {
    "unresponsive": ("cause", CAUSES),
    "bleeding": ("cause", CAUSES),
    "fits": ("cause", CAUSES),
    "pregnancy": (
        "detail",
        frozenset({"bleeding", "fits", "headache", "belly", "labour", "newborn", "none"}),
    ),
    "injury": (
        "detail",
        frozenset({"many", "hit", "fall", "penetrating", "head", "burn", "crush", "other"}),
    ),
    "sickness": (
        "detail",
        frozenset(
            {
                "chest_pain",
                "stroke",
                "throat",
                "young_baby",
                "not_drinking",
                "assault",
                "self_harm",
                "other",
            }
        ),
    ),
}


def triage_answers(
    known: Mapping[str, str],
    *,
    kind: str | None,
    sign: str | None,
    cause: str | None,
    detail: str | None,
) -> dict[str, str]:
    """What is answered now on top of what was `known`, by question.

    Single answers say more than the kind, and stand before it. Raises InvalidInput for a cause or a
    detail that its sign does not ask for: triage would pass over it in silence.
    """
    answers = dict(known)
    if kind is not None:
        answers = _renewed(answers, ANSWERS_OF_KIND[Kind[kind.upper()]])
    if sign is not None:
        answers = _renewed(answers, {"sign": sign})
    for question, answer in (("cause", cause), ("detail", detail)):
        if answer is not None:
            _check_asked(answers.get("sign"), question, answer)
            answers[question] = answer
    return answers


def _renewed(answers: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """With another sign, what was answered to the old one means nothing any more."""
    kept = answers if now.get("sign", answers.get("sign")) == answers.get("sign") else {}
    return {**kept, **now}


def _check_asked(sign: str | None, question: str, answer: str) -> None:
    asked, allowed = FOLLOWING.get(sign or "", ("", frozenset()))
    if question == asked and answer in allowed:
        return
    if sign is None:
        raise InvalidInput(f"{question} needs sign beside it: say what is seen first.")
    if not asked:
        raise InvalidInput(f"{question} is not asked with the sign {sign}; leave it out.")
    known = ", ".join(sorted(allowed))
    raise InvalidInput(f"With the sign {sign}, give {asked} as one of: {known}.")
