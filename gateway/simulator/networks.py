"""Kenya's mobile networks: the code that AT reports for each, and the limits of a USSD session."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import carrier


@dataclass(frozen=True, slots=True)
class Network:
    """One operator: how many characters a screen and an input may have, and how many seconds a
    whole session and one wait for the user may take.
    """

    code: str
    name: str
    screen_characters: int
    input_characters: int
    session_s: float
    idle_s: float


# Limits as AT documents them. Equitel's characters and Telkom's and the sandbox's limits are not
# known, so they get the strictest known ones.
SAFARICOM = Network("63902", "Safaricom", 160, 80, 180.0, 30.0)
AIRTEL = Network("63903", "Airtel", 184, 90, 180.0, 60.0)
TELKOM = Network("63907", "Telkom", 160, 80, 180.0, 30.0)
EQUITEL = Network("63999", "Equitel", 160, 80, 180.0, 30.0)
SANDBOX = Network("99999", "Sandbox", 160, 80, 180.0, 30.0)

# Equitel runs on Airtel's network, so the carrier table names Airtel for its block 0763-0766.
_EQUITEL_PREFIXES = ("+254763", "+254764", "+254765", "+254766")
_BY_CARRIER = {"Safaricom": SAFARICOM, "Airtel": AIRTEL, "Telkom": TELKOM}


def network_of(number: str) -> Network:
    """The network that an E.164 number was issued by; the sandbox's for any other country."""
    if number.startswith(_EQUITEL_PREFIXES):
        return EQUITEL
    if not number.startswith("+254"):
        return SANDBOX
    name: str = carrier.name_for_number(phonenumbers.parse(number), "en")
    return _BY_CARRIER.get(name, SANDBOX)
