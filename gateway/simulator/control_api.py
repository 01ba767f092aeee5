"""What whoever runs the simulator may ask of it: faults, credit, the journal."""

from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, jsonify, request

from gateway.simulator import faults as known
from gateway.simulator.faults import Faults, parse_fault
from gateway.simulator.journal import Journal
from gateway.simulator.text_messages import Credit
from shared.errors import InvalidInput


def control_api(faults: Faults, credit: Credit, journal: Journal) -> Blueprint:
    """The routes under `/control`."""
    api = Blueprint("control_api", __name__, url_prefix="/control")

    @api.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.listed())

    @api.post("/faults")
    def add_fault() -> tuple[Response, int]:
        """Takes one fault, or a list of them in the order in which they are to happen."""
        body = request.get_json(silent=True)
        written: list[object] = body if isinstance(body, list) else [body]
        objects = [one for one in written if isinstance(one, dict)]
        if not objects or len(objects) != len(written):
            raise InvalidInput('Send a JSON object such as {"channel": "sms", "status_code": 405}.')
        parsed = [parse_fault(one) for one in objects]
        return jsonify([faults.add(fault) for fault in parsed]), 201

    @api.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        faults.clear()
        return "", 204

    @api.get("/choices")
    def choices() -> Response:
        """What the fields of a fault may say."""
        return jsonify(
            {
                "channel": known.CHANNELS,
                "shape": known.SHAPES,
                "drop_connection": known.DROPS,
                "delivery": known.DELIVERIES,
                "failure_reason": known.FAILURE_REASONS,
                "call_status": known.CALL_STATUSES,
                "hangup_cause": known.HANGUP_CAUSES,
            }
        )

    @api.get("/credit")
    def show_credit() -> Response:
        return jsonify({"left_kes": None if credit.left is None else str(credit.left)})

    @api.put("/credit")
    def set_credit() -> Response:
        """Sets what is left, in KES; null means without end."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or "left_kes" not in body:
            raise InvalidInput('Send {"left_kes": 100} or {"left_kes": null}.')
        written = body["left_kes"]
        try:
            left = None if written is None else Decimal(str(written))
        except InvalidOperation:
            left = Decimal("NaN")
        if left is not None and not (left.is_finite() and 0 <= left < 10**9):
            raise InvalidInput("left_kes must be a number from 0.")
        credit.set(left)
        return show_credit()

    @api.get("/journal")
    def read_journal() -> Response:
        """What happened after entry number `after`, oldest first."""
        return jsonify(journal.after(request.args.get("after", default=0, type=int)))

    return api
