"""What the routes of hospitals take and answer: public facts only, no telephone of a ward."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.bed_type import BedType


class HospitalPath(BaseModel):
    """The hospital that is meant."""

    id: int = Field(ge=1, le=2**63 - 1)


class HospitalsQuery(BaseModel):
    """Which hospitals are looked for."""

    model_config = ConfigDict(extra="forbid")

    near: str = Field(
        pattern=r"^-?[0-9]{1,2}(\.[0-9]{1,8})?,-?[0-9]{1,3}(\.[0-9]{1,8})?$",
        description="Latitude and longitude in degrees, such as `-1.2921,36.8219`.",
    )
    needs: str | None = Field(
        None,
        max_length=400,
        description="Codes of capabilities with commas between, such as `theatre,blood`.",
    )
    priority: Literal["critical", "high", "medium"] = "high"
    limit: int = Field(5, ge=1, le=20)


class ScoreParts(BaseModel):
    """The parts of the score, each 0 to 1."""

    distance: float
    capacity: float
    specialty: float


class RankedHospital(BaseModel):
    """A hospital's place in the ranking, and why."""

    id: int
    name: str
    level: int = Field(description="KEPH level 1 to 6; 0 is unknown.")
    county: str
    lat: float
    lon: float
    role: Literal["treat", "stabilise", "last_resort"]
    travel_min: float
    by_road: bool = Field(description="The time is a routing engine's; else it is estimated.")
    distance_m: float
    score: float
    parts: ScoreParts
    missing: list[str] = Field(description="Needed, and known not to be there.")
    unknown: list[str] = Field(description="Needed, and not known.")
    expected_free_beds: float | None = Field(description="Null: never reported.")
    report_age_s: float | None = Field(description="Null: never reported.")
    reachable: bool = Field(description="A channel to it has been tested.")
    explanation: list[str] = Field(description="For staff.")
    for_patient: str = Field(description="For the patient, in at most 160 characters of GSM-7.")
    nearer: str = Field(
        description="Nearer hospitals that are not first, and why; of the first only."
    )


class RankedHospitals(BaseModel):
    """Hospitals, best first. Nothing was reserved."""

    hospitals: list[RankedHospital]


class ReportedBeds(BaseModel):
    """What a hospital last said of some beds; null is unknown. A free bed is one with staff."""

    staffed: int | None
    free: int | None
    reported_at: datetime | None


class ReportedStock(BaseModel):
    """What a hospital last said of what runs out."""

    has: list[str] = Field(description="Codes of what was there.")
    used_up: list[str] = Field(description="Codes of what was used up.")
    reported_at: datetime | None


class HospitalFacts(BaseModel):
    """The public facts about a hospital, and what it last reported."""

    id: int
    name: str
    level: int = Field(description="KEPH level 1 to 6; 0 is unknown.")
    owner: str
    county: str
    sub_county: str
    ward: str
    lat: float | None
    lon: float | None
    has: list[str] = Field(description="Codes of capabilities that are known to be there.")
    lacks: list[str] = Field(description="Codes of those that are known not to be there.")
    open_24h: bool | None
    status: Literal["normal", "advisory", "diverting", "closed", "evacuating"] = Field(
        description="The strictest of what is reported, registered and set by operators."
    )
    reachable: bool
    emergency_beds: ReportedBeds = Field(description="Beds for emergencies of any kind.")
    beds: dict[BedType, ReportedBeds] = Field(description="By sort, as in OASIS EDXL-HAVE.")
    stock: ReportedStock
    reported_at: datetime | None = Field(description="Its latest report of anything.")
