"""What a hospital can do, as codes for people and files, and as bits for matching and the wire.

A bit's position is part of the sync protocol: new codes go at the end, and none is ever reused.
"""

from collections.abc import Iterable
from enum import IntFlag

from shared.errors import InvalidInput


class Capability(IntFlag):
    """The codes of facts that an emergency can ask of a hospital (WHO IITT practice, Kenya's KEPH
    services).
    """

    EMERGENCY_24H = 1 << 0
    THEATRE = 1 << 1
    ANAESTHESIA = 1 << 2
    TRAUMA_SURGERY = 1 << 3
    ORTHOPAEDICS = 1 << 4
    CT = 1 << 5
    XRAY = 1 << 6
    BEMONC = 1 << 7
    CEMONC = 1 << 8
    BLOOD = 1 << 9
    ICU_ADULT = 1 << 10
    ICU_PAEDIATRIC = 1 << 11
    VENTILATOR = 1 << 12
    NEWBORN_UNIT = 1 << 13
    PAEDIATRICS = 1 << 14
    DIALYSIS = 1 << 15
    BURNS = 1 << 16
    STROKE = 1 << 17
    CARDIAC = 1 << 18
    OXYGEN = 1 << 19
    ANTIVENOM = 1 << 20
    RABIES_PROPHYLAXIS = 1 << 21
    TOXICOLOGY = 1 << 22
    PSYCHIATRY = 1 << 23
    ISOLATION = 1 << 24
    SEXUAL_ASSAULT_CARE = 1 << 25
    AMBULANCE = 1 << 26


ALL = Capability((1 << 27) - 1)


def code(capability: Capability) -> str:
    """The code of a single capability, as in files and in the API: `Capability.ICU_ADULT` is
    `icu_adult`.
    """
    return str(capability.name).lower()


# As plain numbers: arithmetic on flags is twenty times slower.
_CODES = tuple((int(capability), code(capability)) for capability in Capability)


def codes(mask: int) -> tuple[str, ...]:
    """The codes in a mask, in the order of their bits. Bits that this version does not know are
    left out.
    """
    bits = int(mask)
    return tuple(name for bit, name in _CODES if bits & bit)


def mask(names: Iterable[str]) -> Capability:
    """The mask for codes such as `("theatre", "blood")`.

    Raises InvalidInput naming the first unknown code and the known ones.
    """
    found = Capability(0)
    for name in names:
        try:
            found |= Capability[name.strip().upper()]
        except KeyError:
            known = ", ".join(codes(ALL))
            raise InvalidInput(f"Unknown capability code {name!r}. Known codes: {known}.") from None
    return found
