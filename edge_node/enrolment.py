"""Enrolling this box: the code that a person typed, proven to the gateway without sending it."""

from edge_node.gateway_connection import GatewayConnection
from edge_node.identity import Identity, Site
from shared.system import System
from sync.enrolment import EnrolmentRequest, build_request, parse_code, read_answer

ENROL_PATH = "/sync/v1/enrol"
_NONCE_BYTES = 16


def enrol(
    identity: Identity,
    system: System,
    connection: GatewayConnection,
    gateway_url: str,
    typed_code: str,
    name: str,
) -> Site:
    """Who this box is from now on, stored before it returns.

    The box's keys are made before the first try, so that trying again after a lost answer is the
    same enrolment. Raises InvalidInput for a code that cannot be one, GatewayUnreachable,
    GatewayRefused, or Refused when the answer is not from the gateway that made the code.
    """
    code = parse_code(typed_code)
    keys, proof_key = identity.node_keys(anew=True), code.proof_key()
    request = EnrolmentRequest(
        code.number, keys.public, system.rng.randbytes(_NONCE_BYTES), name[:80]
    )
    body = build_request(request, proof_key, keys)
    answer = read_answer(connection.post(ENROL_PATH, body), body, proof_key)
    site = Site(
        site_id=answer.site_id,
        hospital_id=answer.hospital_id,
        hospital_name=answer.hospital_name,
        gateway_url=gateway_url.rstrip("/"),
        doorbell_url=answer.doorbell_url,
        gateway=answer.gateway,
        sms_number=answer.sms_number,
    )
    identity.keep(site)
    return site
