"""What an answer about one patient says about the next: a hospital without a bed for this one has
none for the next either.
"""

from typing import Any

from sqlalchemy import Row

from gateway.hospitals import experience
from gateway.staff import readiness
from gateway.staff.readiness import Said
from gateway.unit_of_work import UnitOfWork
from shared.capability import Capability
from shared.dispatch import CannotTreatReason
from shared.hospital import STOCK

_VIA = "answer"
_DRUGS = int(STOCK) & ~int(Capability.OXYGEN)


def accepted(uow: UnitOfWork, emergency: Row[Any], hospital_id: int) -> None:
    """The hospital takes this patient."""
    experience.took(uow.connection, uow.system, hospital_id, emergency.needs)


def cannot_treat(
    uow: UnitOfWork, emergency: Row[Any], hospital_id: int, reason: CannotTreatReason
) -> None:
    """The hospital cannot treat this patient. No staff, no safety and whatever else say nothing
    that holds for the next one.
    """
    needs = emergency.needs
    if reason is CannotTreatReason.NO_BED:
        readiness.report(uow, hospital_id, Said(free_beds=0), _VIA)
    elif reason is CannotTreatReason.NO_EQUIPMENT:
        experience.lacked(uow.connection, uow.system, hospital_id, needs)
    elif reason is CannotTreatReason.NO_POWER_OR_OXYGEN:
        readiness.report(uow, hospital_id, Said(stock_lacks=int(Capability.OXYGEN)), _VIA)
    elif reason is CannotTreatReason.NO_BLOOD_OR_DRUG:
        gone = needs & _DRUGS
        # Of several, nobody knows which it was.
        if gone.bit_count() == 1:
            readiness.report(uow, hospital_id, Said(stock_lacks=gone), _VIA)
