"""What the routes of emergencies take and answer. Bodies are strict: `"3"` is no number here."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.api.answers import Cause, Detail, KindWord, Sign

LONGEST_NOTE = 800
_STRICT = ConfigDict(strict=True, extra="forbid")


def _printable(text: str) -> str:
    """Without control characters, which no hospital can read and PostgreSQL cannot store."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()


Words = Annotated[str, AfterValidator(_printable)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Accuracy = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Language = Literal["en", "sw"]
TransportAnswer = Literal["none", "on_the_way", "arrived", "not_coming"]


class EmergencyPath(BaseModel):
    """The emergency that is meant."""

    id: str = Field(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{12}$", description="As answered by POST.")


class CreateHeaders(BaseModel):
    """What may stand in the headers of a new emergency."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=16,
        max_length=255,
        pattern="^[!-~]+$",
        description="A fresh random text for each emergency, such as a UUID. The same request "
        "again within 24 hours gets the same answer and makes no second emergency.",
    )


class Answers(BaseModel):
    """What is the matter: the codes of the USSD menus, or one word for the kind."""

    model_config = _STRICT

    kind: KindWord | None = Field(None, description="One word, where nothing more is known.")
    sign: Sign | None = Field(None, description="The first that is true, most dangerous first.")
    cause: Cause | None = Field(
        None, description="With the signs unresponsive, bleeding and fits: what it comes from."
    )
    detail: Detail | None = Field(
        None, description="With the signs pregnancy, injury and sickness: what exactly."
    )
    patient_count: int | None = Field(None, ge=1, le=999)
    age_years: int | None = Field(None, ge=0, le=130)
    note: Words | None = Field(
        None, max_length=LONGEST_NOTE, description="In the reporter's own words."
    )


class EmergencyReport(Answers):
    """A new emergency. Nothing is required: a bare `{}` is taken seriously as well."""

    lat: Latitude | None = Field(None, description="WGS 84 degrees, where the patient is.")
    lon: Longitude | None = Field(None, description="WGS 84 degrees.")
    accuracy_m: Accuracy | None = Field(None, description="How far off the position may be.")
    place_text: Words | None = Field(
        None, max_length=160, description="Where the patient is, as people there say it."
    )
    phone: Words | None = Field(
        None,
        max_length=24,
        description="Shown to the hospital as a claim. It is never called or texted by Haven, and "
        "joins nobody's history.",
    )
    language: Language = "en"

    @model_validator(mode="after")
    def _position_is_whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together: give both or neither")
        return self


class Position(BaseModel):
    """Where the patient is now."""

    model_config = _STRICT

    lat: Latitude
    lon: Longitude
    accuracy_m: Accuracy | None = None


class TransportReport(BaseModel):
    """How the patient gets there."""

    model_config = _STRICT

    answer: TransportAnswer


class Advice(BaseModel):
    """What to do until somebody helps."""

    code: str
    text: str = Field(description="In the emergency's language.")


class HospitalToGoTo(BaseModel):
    """Where the patient is to go."""

    id: int
    name: str
    travel_min: int = Field(description="Estimated minutes.")
    distance_m: int = Field(description="As the crow flies, in metres.")
    informed: bool = Field(
        description="False: no tested channel reaches it yet, people phone it. Go all the same."
    )
    answer: Literal[
        "offered",
        "delivered",
        "accepted",
        "cannot_treat",
        "expired",
        "superseded",
        "withdrawn",
        "arrived",
    ]


class PlaceNow(BaseModel):
    """Where the patient is, as far as known. Degrees and metres."""

    name: str
    lat: float
    lon: float
    radius_m: int


class EmergencyNow(BaseModel):
    """How an emergency stands."""

    id: str
    help_code: str = Field(description="Four characters to show or read out at the hospital.")
    version: int = Field(description="Grows with every change of the emergency itself.")
    state: Literal[
        "provisional",
        "open",
        "dispatched",
        "accepted",
        "arrived",
        "closed",
        "cancelled",
        "unanswered",
        "not_arrived",
    ]
    priority: Literal["critical", "high", "medium"]
    hospital: HospitalToGoTo | None = Field(
        description="Null while none is found, and where naming one could endanger the patient."
    )
    transport: TransportAnswer | None
    place: PlaceNow | None
    place_choices: list[PlaceNow] = Field(
        description="What the typed place may mean: send the right one to `location`."
    )
    advice: Advice
    emergency_numbers: list[str] = Field(description="To call, whatever happens here.")
    created_at: datetime
    ended_at: datetime | None


class EmergencyCreated(EmergencyNow):
    """A new emergency, and the token that follows it."""

    token: str = Field(
        description="Opens this emergency alone, until 24 hours after its end. Shown once."
    )


class TimelineEntry(BaseModel):
    """One thing that happened."""

    at: datetime
    event: str
    by: Literal["reporter", "gateway", "hospital", "operator"]
    hospital_number: int | None = Field(
        description="Which of the hospitals that were asked, counted from 1."
    )


class Timeline(BaseModel):
    """What happened so far, oldest first."""

    entries: list[TimelineEntry]
