"""The country of a simulation: its facilities as the register has them, and its wards."""

from dataclasses import dataclass

from shared.errors import InvalidInput
from shared.hospital import Hospital

# With one facility, or none, every policy chooses alike.
_FEWEST_FACILITIES = 2


@dataclass(frozen=True, slots=True)
class Site:
    """A facility as the register has it. `beds` are those of the whole house, None where nobody
    counted; `public` is whether the state, and not a church or a company, runs it.
    """

    hospital: Hospital
    public: bool
    beds: int | None


@dataclass(frozen=True, slots=True)
class Ward:
    """Where patients come from: its middle in WGS 84 degrees, and metres that they may be off."""

    name: str
    county: str
    lat: float
    lon: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Country:
    """Facilities that are open according to the register and have coordinates, and wards.

    Raises InvalidInput when there are too few to compare anything.
    """

    sites: tuple[Site, ...]
    wards: tuple[Ward, ...]

    def __post_init__(self) -> None:
        if len(self.sites) < _FEWEST_FACILITIES:
            raise InvalidInput(
                f"A simulation needs at least {_FEWEST_FACILITIES} open hospitals with coordinates "
                f"and there are {len(self.sites)}. Import a register (haven-gateway hospitals "
                "import FILE), or name one with --hospitals FILE."
            )
        if not self.wards:
            raise InvalidInput(
                "A simulation needs wards, for patients to come from, and there are none. Import "
                "them (haven-gateway places import FILE), or name a list with --wards FILE."
            )


def is_public(owner: str) -> bool:
    """Whether the state runs a facility whose owner the register names so (KMHFL's names)."""
    name = owner.casefold()
    return any(word in name for word in ("ministry", "public", "armed forces", "county", "govern"))
