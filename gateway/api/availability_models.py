"""What a hospital's own programs report, and what they are answered."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.bed_type import BedType

_Status = Literal["normal", "advisory", "diverting", "closed", "evacuating"]
_Stock = Literal["blood", "oxygen", "antivenom", "rabies_prophylaxis"]


class Beds(BaseModel):
    """Beds of one sort; null is unknown. A free bed is one with staff."""

    model_config = ConfigDict(extra="forbid")

    staffed: int | None = Field(None, ge=0, le=10_000)
    free: int | None = Field(None, ge=0, le=10_000)


class AvailabilityNow(BaseModel):
    """What is so now, or was at `at`. What is left out stays as it was reported before."""

    model_config = ConfigDict(extra="forbid")

    at: datetime | None = Field(
        None, description="When it was so, with its time zone; never in the future. Now if absent."
    )
    status: _Status | None = None
    emergency_beds: Beds | None = Field(None, description="Beds for emergencies of any kind.")
    beds: dict[BedType, Beds] = Field(
        default_factory=dict, description="By sort, as in OASIS EDXL-HAVE 2.0."
    )
    stock: dict[_Stock, bool] = Field(
        default_factory=dict, description="Whether it is there: true, or used up: false."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "AvailabilityNow":
        if not (self.status or self.emergency_beds or self.beds or self.stock):
            raise ValueError("say at least one of status, emergency_beds, beds and stock")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("at needs its time zone, such as 2026-11-23T09:00:00+03:00")
        return self


class AvailabilityTaken(BaseModel):
    """How matching sees the hospital from now on."""

    status: _Status = Field(description="The strictest of what is reported, registered and set.")
    staffed_beds: int | None
    free_beds: int | None = Field(description="As reported; null: never.")
    assigned_since: int = Field(description="Patients sent there whom the report did not count.")
    reported_at: datetime | None
