"""A made-up county of some size: enough facilities for chance to even out, and fast to play."""

from random import Random

from gateway.simulation.country import Country, Site, Ward
from shared.capability import mask
from shared.hospital import Hospital

_EVERYTHING = int(
    mask(
        (
            "emergency_24h", "theatre", "anaesthesia", "trauma_surgery", "orthopaedics", "ct",
            "xray", "bemonc", "cemonc", "blood", "newborn_unit", "paediatrics", "oxygen", "burns",
            "ventilator", "sexual_assault_care",
        )
    )
)  # fmt: skip
_SURGERY = int(mask(("theatre", "trauma_surgery", "orthopaedics", "ct", "cemonc", "blood")))


def county(seed: int = 7, facilities: int = 60, wards: int = 30) -> Country:
    """Facilities within about 100 km: two large ones that can do everything, hospitals of which
    half the register knows nothing, and health centres that do not operate.
    """
    rng = Random(seed)
    sites = []
    for number in range(1, facilities + 1):
        level = 5 if number <= 2 else rng.choice((3, 3, 4))
        has, lacks = 0, 0
        if level == 5:
            has = _EVERYTHING
        elif level == 3:
            lacks = _SURGERY
        elif rng.random() < 0.5:
            has = _EVERYTHING & rng.getrandbits(27)
            lacks = _EVERYTHING & ~has
        hospital = Hospital(
            id=number,
            name=f"Hospital {number}",
            level=level,
            county="Nakuru",
            lat=rng.uniform(-0.5, 0.5),
            lon=rng.uniform(36.0, 37.0),
            has=has,
            lacks=lacks,
            open_24h=rng.choice((True, True, None)),
        )
        sites.append(Site(hospital, rng.random() < 0.5, 200 if level == 5 else rng.randint(5, 60)))
    places = tuple(
        Ward(
            f"Ward {number}",
            rng.choice(("Nakuru", "Baringo")),
            rng.uniform(-0.5, 0.5),
            rng.uniform(36.0, 37.0),
            3000.0,
        )
        for number in range(wards)
    )
    return Country(tuple(sites), places)
