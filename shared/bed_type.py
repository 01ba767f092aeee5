"""Sorts of beds, as systems exchange them, and what a free one of a sort says of a hospital."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from shared.capability import Capability


class BedType(StrEnum):
    """The sorts of beds of OASIS EDXL-HAVE 2.0, by its names."""

    ADULT_ICU = "AdultICU"
    PAEDIATRIC_ICU = "PediatricICU"
    NEONATAL_ICU = "NeonatalICU"
    EMERGENCY = "EmergencyDepartment"
    NURSERY = "NurseryBeds"
    MEDICAL_SURGICAL = "MedicalSurgical"
    LONG_TERM = "RehabLongTermCare"
    BURN = "Burn"
    PAEDIATRICS = "Pediatrics"
    ADULT_PSYCHIATRIC = "AdultPsychiatric"
    PAEDIATRIC_PSYCHIATRIC = "PediatricPsychiatric"
    NEGATIVE_FLOW_ISOLATION = "NegativeFlowIsolation"
    OTHER_ISOLATION = "OtherIsolation"
    OPERATING_ROOMS = "OperatingRooms"


# Units that are of no use to a patient who needs one once their last bed is taken. An emergency
# department sees children though the children's ward is full, and a theatre that is busy now is
# free in an hour: those are no units in this sense.
UNIT_OF: Mapping[BedType, Capability] = MappingProxyType(
    {
        BedType.ADULT_ICU: Capability.ICU_ADULT,
        BedType.PAEDIATRIC_ICU: Capability.ICU_PAEDIATRIC,
        BedType.NEONATAL_ICU: Capability.NEWBORN_UNIT,
        BedType.BURN: Capability.BURNS,
        BedType.ADULT_PSYCHIATRIC: Capability.PSYCHIATRY,
        BedType.PAEDIATRIC_PSYCHIATRIC: Capability.PSYCHIATRY,
        BedType.NEGATIVE_FLOW_ISOLATION: Capability.ISOLATION,
        BedType.OTHER_ISOLATION: Capability.ISOLATION,
    }
)


def units(free_beds: Mapping[BedType, int | None]) -> tuple[int, int]:
    """The masks of units that have a free bed, and of those whose beds are all taken, by the free
    (staffed) beds of each sort; None is unknown.
    """
    free = full = 0
    for bed_type, count in free_beds.items():
        unit = UNIT_OF.get(bed_type)
        if unit is None or count is None:
            continue
        if count > 0:
            free |= int(unit)
        else:
            full |= int(unit)
    return free, full & ~free
