"""`/api/v1/hospitals`: who could treat this, near here, and why; nothing is reserved."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import Connection, select

from gateway.api.hospital_models import (
    HospitalFacts,
    HospitalPath,
    HospitalsQuery,
    RankedHospital,
    RankedHospitals,
    ScoreParts,
)
from gateway.api.problems import problem_responses
from gateway.hospitals import register
from gateway.hospitals.tables import availability, hospitals
from gateway.unit_of_work import Services
from shared.capability import codes, mask
from shared.emergency import Priority
from shared.errors import NotFound
from shared.hospital import HospitalStatus
from shared.match_query import MatchQuery
from shared.matching import Match

_TAG = Tag(name="hospitals", description="Look for hospitals.")


def add_hospital_routes(routes: APIBlueprint, services: Services) -> None:
    """Adds the routes below `/hospitals`."""

    @routes.get(
        "/hospitals",
        tags=[_TAG],
        responses={200: RankedHospitals, **problem_responses(422)},
    )
    def rank_hospitals(query: HospitalsQuery) -> Response:
        """Hospitals for a patient at this place, best first, each explained"""
        now = services.system.now()
        lat, lon = (float(part) for part in query.near.split(","))
        wanted = MatchQuery(
            lat=lat,
            lon=lon,
            radius_m=0,
            needs=int(mask(filter(None, (query.needs or "").split(",")))),
            priority=Priority[query.priority.upper()],
            depart_at=now,
        )

        def rank(connection: Connection) -> RankedHospitals:
            matches = services.hospitals.rank(connection, wanted, now, query.limit)
            return RankedHospitals(
                hospitals=[_ranked(connection, services, match) for match in matches]
            )

        found = services.database.read(rank)
        return Response(found.model_dump_json(), mimetype="application/json")

    @routes.get(
        "/hospitals/<id>",
        tags=[_TAG],
        responses={200: HospitalFacts, **problem_responses(404, 422)},
    )
    def show_hospital(path: HospitalPath) -> Response:
        """The public facts about a hospital"""
        found = services.database.read(lambda connection: _facts(connection, path.id))
        return Response(found.model_dump_json(), mimetype="application/json")


def _ranked(connection: Connection, services: Services, match: Match) -> RankedHospital:
    hospital, _ = register.find(connection, match.hospital_id)
    return RankedHospital(
        id=hospital.id,
        name=hospital.name,
        level=hospital.level,
        county=hospital.county,
        lat=hospital.lat,
        lon=hospital.lon,
        role=match.role.value,
        travel_min=round(match.travel_min, 1),
        distance_m=round(match.distance_m),
        score=match.score,
        parts=ScoreParts(
            distance=match.distance_part,
            capacity=match.capacity_part,
            specialty=match.specialty_part,
        ),
        missing=list(codes(match.missing)),
        unknown=list(codes(match.unknown)),
        expected_free_beds=match.expected_free_beds,
        report_age_s=match.report_age_s,
        reachable=hospital.reachable,
        explanation=list(services.hospitals.explain(connection, match)),
    )


def _facts(connection: Connection, hospital_id: int) -> HospitalFacts:
    query = (
        select(hospitals, availability.c.status.label("reported_status"))
        .join_from(
            hospitals, availability, hospitals.c.id == availability.c.hospital_id, isouter=True
        )
        .where(hospitals.c.id == hospital_id)
    )
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("There is no such hospital. Look for one with GET /api/v1/hospitals.")
    closed = row.status == HospitalStatus.CLOSED
    return HospitalFacts(
        id=row.id,
        name=row.name,
        level=row.level,
        owner=row.owner,
        county=row.county,
        sub_county=row.sub_county,
        ward=row.ward,
        lat=row.lat,
        lon=row.lon,
        has=list(codes(row.has)),
        lacks=list(codes(row.lacks)),
        open_24h=row.open_24h,
        # What the register calls closed is closed, whatever was reported.
        status=row.status if closed else row.reported_status or row.status,
        reachable=row.reachable,
    )
