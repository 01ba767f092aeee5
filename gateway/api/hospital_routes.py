"""`/api/v1/hospitals`: who could treat this, near here, and why; nothing is reserved."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy import Connection

from gateway.api.hospital_feed_models import MatchBody
from gateway.api.hospital_models import (
    HospitalFacts,
    HospitalPath,
    HospitalsQuery,
    RankedHospital,
    RankedHospitals,
    ReportedBeds,
    ReportedStock,
    ScoreParts,
)
from gateway.api.problems import problem_responses
from gateway.hospitals import register
from gateway.hospitals.feeds import published
from gateway.unit_of_work import Services
from shared.capability import codes, mask
from shared.emergency import Priority
from shared.errors import NotFound
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
        lat, lon = (float(part) for part in query.near.split(","))
        wanted = MatchQuery(
            lat=lat,
            lon=lon,
            radius_m=0,
            needs=int(mask(filter(None, (query.needs or "").split(",")))),
            priority=Priority[query.priority.upper()],
            depart_at=services.system.now(),
        )
        return _rank(services, wanted, query.limit)

    @routes.post(
        "/hospitals/match",
        tags=[_TAG],
        responses={200: RankedHospitals, **problem_responses(400, 413, 415, 422)},
    )
    def match_hospitals(body: MatchBody) -> Response:
        """Hospitals for a patient, best first, each explained; the place stays out of the URL"""
        wanted = MatchQuery(
            lat=body.lat,
            lon=body.lon,
            radius_m=body.radius_m,
            needs=int(mask(body.needs)),
            priority=Priority[body.priority.upper()],
            depart_at=services.system.now(),
            stabilise_first=body.stabilise_first,
            exclude=frozenset(body.exclude),
        )
        return _rank(services, wanted, body.limit)

    @routes.get(
        "/hospitals/<id>",
        tags=[_TAG],
        responses={200: HospitalFacts, **problem_responses(404, 422)},
    )
    def show_hospital(path: HospitalPath) -> Response:
        """The public facts about a hospital"""
        found = services.database.read(lambda connection: _facts(connection, path.id))
        return Response(found.model_dump_json(), mimetype="application/json")


def _rank(services: Services, wanted: MatchQuery, limit: int) -> Response:
    def rank(connection: Connection) -> RankedHospitals:
        matches = services.hospitals.rank(connection, wanted, wanted.depart_at, limit)
        return RankedHospitals(
            hospitals=[
                _ranked(connection, services, match, wanted, is_first=match is matches[0])
                for match in matches
            ]
        )

    found = services.database.read(rank)
    return Response(found.model_dump_json(), mimetype="application/json")


def _ranked(
    connection: Connection, services: Services, match: Match, query: MatchQuery, *, is_first: bool
) -> RankedHospital:
    hospital, _ = register.find(connection, match.hospital_id)
    directory = services.hospitals
    return RankedHospital(
        id=hospital.id,
        name=hospital.name,
        level=hospital.level,
        county=hospital.county,
        lat=hospital.lat,
        lon=hospital.lon,
        role=match.role.value,
        travel_min=round(match.travel_min, 1),
        by_road=match.by_road,
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
        explanation=list(directory.explain(connection, match, query)),
        for_patient=directory.explain_to_patient(connection, match),
        nearer=directory.passed_over(connection, match, query, query.depart_at) if is_first else "",
    )


def _facts(connection: Connection, hospital_id: int) -> HospitalFacts:
    hospital = published.find(connection, hospital_id)
    if hospital is None:
        raise NotFound("There is no such hospital. Look for one with GET /api/v1/hospitals.")
    return HospitalFacts(
        id=hospital.id,
        name=hospital.name,
        level=hospital.level,
        owner=hospital.owner,
        county=hospital.county,
        sub_county=hospital.sub_county,
        ward=hospital.ward,
        lat=hospital.lat,
        lon=hospital.lon,
        has=list(codes(hospital.has)),
        lacks=list(codes(hospital.lacks)),
        open_24h=hospital.open_24h,
        status=hospital.status.value,
        reachable=hospital.reachable,
        emergency_beds=ReportedBeds(
            staffed=hospital.staffed_beds,
            free=hospital.free_beds,
            reported_at=hospital.beds_reported_at,
        ),
        beds={
            beds.sort: ReportedBeds(
                staffed=beds.staffed, free=beds.free, reported_at=beds.reported_at
            )
            for beds in hospital.beds
        },
        stock=ReportedStock(
            has=list(codes(hospital.stock_has)),
            used_up=list(codes(hospital.stock_lacks)),
            reported_at=hospital.stock_reported_at,
        ),
        reported_at=hospital.heard_at,
    )
