"""What the routes of feeds take."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from gateway.hospitals.feeds.published import MOST_AT_ONCE


class FeedQuery(BaseModel):
    """Which hospitals, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    county: str | None = Field(None, min_length=1, max_length=80)
    near: str | None = Field(
        None,
        pattern=r"^-?[0-9]{1,2}(\.[0-9]{1,8})?,-?[0-9]{1,3}(\.[0-9]{1,8})?$",
        description="Latitude and longitude in degrees, such as `-1.2921,36.8219`, with `km`.",
    )
    km: float | None = Field(None, gt=0, le=500, description="How far from `near`.")
    updated_since: AwareDatetime | None = Field(
        None,
        description="Those about whom anything has changed since, such as `2026-11-23T09:00:00Z`; "
        "all when that is longer ago than the log of changes goes back.",
    )
    after: int = Field(0, ge=0, le=2**63 - 1, description="From the link to the next page.")
    limit: int = Field(500, ge=1, le=MOST_AT_ONCE)

    @model_validator(mode="after")
    def _near_has_its_radius(self) -> "FeedQuery":
        if (self.near is None) != (self.km is None):
            raise ValueError("near and km go together")
        return self


class MatchBody(BaseModel):
    """One patient's place and needs, in the body instead of the URL, where logs would keep it."""

    model_config = ConfigDict(extra="forbid")

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(0, ge=0, le=1_000_000, description="How far off that may be.")
    needs: list[str] = Field(
        default_factory=list, max_length=40, description="Codes of capabilities."
    )
    priority: Literal["critical", "high", "medium"] = "high"
    stabilise_first: bool = Field(
        False, description="Airway, breathing, or bleeding that does not stop."
    )
    exclude: list[int] = Field(
        default_factory=list, max_length=200, description="Hospitals that were asked already."
    )
    limit: int = Field(
        5, ge=3, le=20, description="At least three, so that there is somebody to fall back to."
    )
