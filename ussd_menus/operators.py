"""What each mobile operator shows, takes and waits for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from shared.errors import InvalidInput
from ussd_menus.paging import Limit
from ussd_menus.refusal import place_in_words

# Goes before every screen that waits for an answer.
PREFIX = "CON "
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator's limits: lengths in characters of GSM-7, `CON ` included; times in seconds."""

    name: str
    screen: int
    input: int
    session_s: int
    idle_s: int

    @property
    def limit(self) -> Limit:
        """What one screen may hold."""
        return Limit(septets=self.screen - len(PREFIX))


@dataclass(frozen=True, slots=True)
class Operators:
    """Every operator, by network code."""

    by_network_code: Mapping[str, Operator]

    def of(self, network_code: str) -> Operator:
        """That network's operator, or what holds for those that are not listed."""
        return self.by_network_code.get(network_code) or self.by_network_code[_OTHER]

    @property
    def tightest(self) -> Limit:
        """What a screen may hold with every operator."""
        return min(
            (operator.limit for operator in self.by_network_code.values()),
            key=lambda limit: limit.septets,
        )


class _Operator(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    # What no text can be written for is a slip.
    screen: int = Field(ge=60, le=200)
    input: int = Field(ge=10, le=200)
    session_s: int = Field(ge=30, le=600)
    idle_s: int = Field(ge=10, le=600)


class _Operators(RootModel[dict[str, _Operator]]):
    pass


def parse(document: Any) -> Operators:
    """The operators in this document.

    Raises InvalidInput naming the operator and the field at fault, or that `other` is missing.
    """
    try:
        written = _Operators.model_validate(document).root
    except ValidationError as error:
        faults = [place_in_words(each, "The operators") for each in error.errors()]
        raise InvalidInput("\n".join(faults)) from None
    if _OTHER not in written:
        raise InvalidInput("`other` is missing: the limits of networks that are not listed.")
    return Operators({code: Operator(**given.model_dump()) for code, given in written.items()})
