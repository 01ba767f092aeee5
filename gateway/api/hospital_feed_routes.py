"""`/api/v1/hospitals.geojson` and `/api/v1/hospitals/have`: hospitals for other systems, page by
page, with an ETag that changes when any hospital does.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.media_type import MediaType
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict
from sqlalchemy import Connection

from gateway.api.hospital_feed_models import FeedQuery
from gateway.api.problems import problem_responses
from gateway.hospitals.feeds import edxl_have, geojson, published
from gateway.hospitals.feeds.published import Around, Page, PublishedHospital, Wanted
from gateway.unit_of_work import Services

_TAG = Tag(name="feeds", description="Hospitals for other systems.")
# Callers come first: a page takes longer than any of their turns.
_GIVES_WAY_S = 0.1
Write = Callable[[Sequence[PublishedHospital], str | None], bytes]


def add_hospital_feed_routes(routes: APIBlueprint, services: Services) -> None:
    """Adds the routes of both feeds."""

    @routes.get(
        "/hospitals.geojson",
        tags=[_TAG],
        responses={**_answers(geojson.MEDIA_TYPE, {"type": "object"}), **problem_responses(422)},
    )
    def hospitals_geojson(query: FeedQuery) -> Response:
        """Hospitals as GeoJSON; follow `next` until there is none"""
        return _feed(services, query, geojson.MEDIA_TYPE, geojson.feature_collection)

    @routes.get(
        "/hospitals/have",
        tags=[_TAG],
        responses={**_answers(edxl_have.MEDIA_TYPE, {"type": "string"}), **problem_responses(422)},
    )
    def hospitals_have(query: FeedQuery) -> Response:
        """Hospitals as OASIS EDXL-HAVE 1.0; follow the Link header until there is none"""
        return _feed(
            services,
            query,
            edxl_have.MEDIA_TYPE,
            lambda hospitals, _: edxl_have.hospital_status(hospitals),
        )


def _answers(media_type: str, schema: dict[str, str]) -> ResponseDict:
    return {
        200: {
            "description": "A page; the Link header names the next one.",
            "content": {media_type: MediaType.model_validate({"schema": schema})},
        },
        304: {"description": "Nothing has changed since the ETag in If-None-Match."},
    }


def _feed(services: Services, query: FeedQuery, media_type: str, write: Write) -> Response:
    wanted = _wanted(query)
    services.traffic.give_way(_GIVES_WAY_S)

    def read(connection: Connection) -> tuple[str, Page | None]:
        # Before the page: what changes in between makes the next question get a new answer.
        version = published.version(connection)
        if request.if_none_match.contains_weak(version):
            return version, None
        return version, published.page(connection, wanted, query.after, query.limit)

    version, page = services.database.read(read)
    if page is None:
        answer = Response(status=304)
    else:
        following = None if page.next_after is None else _link(query, page.next_after)
        answer = Response(write(page.hospitals, following), content_type=media_type)
        if following is not None:
            answer.headers["Link"] = f'<{following}>; rel="next"'
    answer.set_etag(version, weak=True)
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


def _wanted(query: FeedQuery) -> Wanted:
    around = None
    if query.near is not None and query.km is not None:
        lat, lon = (float(part) for part in query.near.split(","))
        around = Around(lat, lon, query.km * 1000)
    return Wanted(query.county or "", around, query.updated_since)


def _link(query: FeedQuery, after: int) -> str:
    """The next page's address, relative to the server: how readers reach it is theirs to know."""
    asked = query.model_dump(mode="json", exclude_none=True, exclude={"after"})
    return f"{request.path}?{urlencode({**asked, 'after': after})}"
