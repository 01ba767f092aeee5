"""What staff say of their hospital, by the JSON API. With an `Idempotency-Key` a press that is sent
again is the same report; without one each request is a report of its own, because two patients may
well come in who look alike.
"""

from typing import Any

from flask import Blueprint

from edge_node.box import Box
from edge_node.web import representation, sent
from shared.emergency import Kind, Priority
from shared.hospital import HospitalStatus


def report_blueprint(box: Box) -> Blueprint:
    """The routes."""
    blueprint = Blueprint("reports", __name__, url_prefix="/api/v1")

    @blueprint.get("/reports")
    def reports() -> Any:
        return {"reports": [representation.report(each) for each in box.reports()]}

    @blueprint.get("/availability")
    def availability() -> Any:
        return representation.availability(box.availability())

    @blueprint.put("/availability")
    def report_availability() -> Any:
        body = sent.body()
        box.report_availability(
            sent.member(HospitalStatus, body, "status"),
            sent.count(body, "staffed_beds"),
            sent.count(body, "free_beds"),
            sent.text(body, "by"),
            sent.key(),
        )
        return representation.availability(box.availability())

    @blueprint.put("/stock")
    def report_stock() -> Any:
        body = sent.body()
        has, lacks = sent.capabilities(body, "has"), sent.capabilities(body, "lacks")
        return representation.report(
            box.report_stock(has, lacks, sent.text(body, "by"), sent.key())
        )

    @blueprint.post("/notes")
    def write_note() -> Any:
        body = sent.body()
        about = body.get("dispatch_id")
        return representation.report(
            box.write_note(
                sent.text(body, "text"),
                sent.text(body, "by"),
                0 if about is None else sent.dispatch_id(sent.text(body, "dispatch_id")),
                sent.key(),
            )
        )

    @blueprint.post("/walk-ins")
    def register_walk_in() -> Any:
        body = sent.body()
        patients = sent.count(body, "patient_count")
        return representation.report(
            box.register_walk_in(
                sent.named(Kind, body, "kind"),
                sent.named(Priority, body, "priority"),
                sent.text(body, "by"),
                sent.text(body, "help_code", ""),
                1 if patients is None else patients,
                sent.count(body, "age_years"),
                sent.key(),
            )
        )

    return blueprint
