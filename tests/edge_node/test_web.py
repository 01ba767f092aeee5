"""The API of a box: what it answers, and what it refuses."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from edge_node.tables import streams as box_streams
from edge_node.web.app import create_app
from shared.dispatch import DispatchState
from shared.identifier import to_text
from sync import peer
from sync.events import DispatchChanged
from tests.edge_node.two_sides import Gateway, Hospital


class Browser:
    """A console's browser on the hospital's network."""

    def __init__(self, hospital: Hospital, client: FlaskClient) -> None:
        self.hospital = hospital
        self.client = client

    def sends(self, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = self.client.open(
            path,
            method=method,
            data=content,
            headers={"Content-Type": "application/json", "Host": "192.168.1.5:8100"} | headers,
        )
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"
        return answer.status_code, answer.get_json(force=True)

    def gets(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.sends("GET", path, "", **headers)


@pytest.fixture
def browser(two_sides: tuple[Gateway, Hospital]) -> Browser:
    _, hospital = two_sides
    app = create_app(
        hospital.box,
        hospital.condition,
        frozenset({"box.hospital.example"}),
    )
    return Browser(hospital, app.test_client())


@pytest.fixture
def dispatch(two_sides: tuple[Gateway, Hospital]) -> str:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers(note="knife")
    hospital.exchanges()
    return f"/api/v1/dispatches/{to_text(dispatch_id)}"


def test_a_dispatch_is_shown_with_every_fact(browser: Browser, dispatch: str) -> None:
    status, shown = browser.gets(dispatch)
    assert (status, shown["rings"], shown["facts"]["note"]) == (200, True, "knife")
    assert (shown["facts"]["kind"], shown["facts"]["priority"]) == ("bleeding", "critical")
    status, listed = browser.gets("/api/v1/dispatches")
    assert [each["id"] for each in listed["dispatches"]] == [shown["id"]]


def test_accepting_stops_the_ringing_and_says_what_waits(browser: Browser, dispatch: str) -> None:
    status, claim = browser.sends("POST", f"{dispatch}/accept", {"by": "AK"})
    assert (status, claim["kind"], claim["state"]) == (200, "accept", "waiting")
    assert browser.gets(dispatch)[1]["rings"] is False
    assert browser.gets("/api/v1/link")[1]["unsent_claims"] == 1
    assert browser.sends("POST", f"{dispatch}/accept", {"by": "BN"})[1]["by"] == "AK"


def test_seen_availability_and_alarm(browser: Browser, dispatch: str) -> None:
    assert browser.sends("POST", f"{dispatch}/seen", {})[1]["seen_at"] is not None
    report = {"status": "advisory", "staffed_beds": 8, "free_beds": None, "by": "AK"}
    assert browser.gets("/api/v1/availability")[1]["status"] is None
    status, shown = browser.sends("PUT", "/api/v1/availability", report)
    assert (status, shown["status"], shown["free_beds"]) == (200, "advisory", None)
    assert browser.sends("PUT", "/api/v1/alarm", {"audible": True}) == (200, {"audible": True})
    assert browser.hospital.alarm.audible


def test_one_audible_console_is_enough_and_the_gateway_hears_of_changes_only(
    browser: Browser, two_sides: tuple[Gateway, Hospital]
) -> None:
    gateway, hospital = two_sides

    def says(console: str, audible: bool) -> Any:
        body = {"audible": audible, "reason": "no press yet", "console": console}
        return browser.sends("PUT", "/api/v1/alarm", body)[1]["audible"]

    def unsent() -> int:
        waiting = hospital.store.read(lambda c: box_streams.outgoing.pending(c, peer.GATEWAY))
        return len(waiting)

    assert not says("ward", False)
    before = unsent()
    assert not says("office", False)
    assert unsent() == before
    assert says("office", True)
    assert says("ward", False)
    assert unsent() == before + 1
    gateway.clock.forward(60)
    assert not hospital.alarm.audible
    assert not says("ward", False)
    assert unsent() == before + 2


def test_what_changed_is_shown_until_it_is_understood(
    browser: Browser, two_sides: tuple[Gateway, Hospital], dispatch: str
) -> None:
    gateway, hospital = two_sides
    dispatch_id = hospital.box.dispatches()[0].id
    assert browser.gets(dispatch)[1]["news"] is None
    gateway.publishes(
        DispatchChanged(
            at=gateway.system.now(),
            dispatch_id=dispatch_id,
            version=3,
            state=DispatchState.DELIVERED,
            note="gun",
            answer_by=gateway.system.now(),
        )
    )
    hospital.exchanges()
    shown = browser.gets(dispatch)[1]
    assert (shown["facts"]["note"], shown["news"]["was"]) == ("gun", {"note": "knife"})
    assert datetime.fromisoformat(shown["facts"]["answer_by"]) == gateway.system.now()
    understood = f"{dispatch}/understood"
    for wrong in ({}, {"version": "3"}, {"version": True}, {"version": -1}):
        assert browser.sends("POST", understood, wrong)[0] == 422
    assert browser.sends("POST", understood, {"version": 3})[1]["news"] is None
    assert browser.sends("POST", f"{dispatch}/accept", {"by": "AK", "version": 3})[0] == 200


def test_cannot_treat_is_taken_back(browser: Browser, dispatch: str) -> None:
    refused = {"by": "AK", "reason": "no_bed"}
    assert browser.sends("POST", f"{dispatch}/treat-after-all", {"by": "AK"})[0] == 409
    assert browser.sends("POST", f"{dispatch}/cannot-treat", refused)[0] == 200
    status, claim = browser.sends("POST", f"{dispatch}/treat-after-all", {"by": "AK"})
    assert (status, claim["kind"]) == (200, "treat_after_all")
    assert browser.gets(dispatch)[1]["local_state"] == "accepted"


def test_what_staff_put_away_stays_away(browser: Browser, dispatch: str) -> None:
    assert browser.gets(dispatch)[1]["dismissed_at"] is None
    first = browser.sends("POST", f"{dispatch}/dismiss", {})[1]["dismissed_at"]
    assert first is not None
    assert browser.sends("POST", f"{dispatch}/dismiss", {})[1]["dismissed_at"] == first
    assert browser.sends("POST", "/api/v1/dispatches/404/dismiss", {})[0] == 404


def test_the_console_reads_everything_in_one_answer(browser: Browser, dispatch: str) -> None:
    browser.hospital.link.update(offset=timedelta(seconds=90))
    status, shown = browser.gets("/api/v1/console")
    assert status == 200
    assert [f"/api/v1/dispatches/{each['id']}" for each in shown["dispatches"]] == [dispatch]
    assert shown["link"] == browser.gets("/api/v1/link")[1]
    assert shown["availability"]["status"] is None
    box, gateway = (datetime.fromisoformat(shown["clock"][name]) for name in ("box", "gateway"))
    assert gateway - box == timedelta(seconds=90)


CASES = [
    ("POST", "accept", "", 422, "not JSON"),
    ("POST", "accept", "[]", 422, "JSON object"),
    ("POST", "accept", {}, 422, "by is missing"),
    ("POST", "accept", {"by": "   "}, 422, "by is missing"),
    ("POST", "accept", {"by": 5}, 422, "by is missing"),
    ("POST", "accept", {"by": "x" * 81}, 422, "at most 80"),
    ("POST", "accept", {"by": "x" * 9000}, 413, "exceeds"),
    ("POST", "accept", '{"by": "\\u0000"}', 422, "cannot be shown"),
    ("POST", "accept", '{"by": "\\ud800"}', 422, "cannot be shown"),
    ("POST", "cannot-treat", {"by": "AK"}, 422, "reason is missing"),
    ("POST", "cannot-treat", {"by": "AK", "reason": "tired"}, 422, "no_bed"),
    ("POST", "cannot-treat", {"by": "AK", "reason": "no_bed", "note": "x" * 201}, 422, "200"),
    ("POST", "arrived", {"by": None}, 422, "by is missing"),
    ("DELETE", "accept", {}, 405, "method"),
]


@pytest.mark.parametrize(("method", "action", "body", "status", "says"), CASES)
def test_wrong_input_says_what_to_do(
    browser: Browser, dispatch: str, method: str, action: str, body: Any, status: int, says: str
) -> None:
    answered, problem = browser.sends(method, f"{dispatch}/{action}", body)
    assert (answered, problem["status"]) == (status, status)
    assert says in problem["detail"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "fine"}, "normal"),
        ({"status": None}, "status is missing"),
        ({"staffed_beds": "8"}, "whole number"),
        ({"staffed_beds": True}, "whole number"),
        ({"staffed_beds": -1}, "from 0"),
        ({"staffed_beds": 2.5}, "whole number"),
        ({"free_beds": 9}, "more than staffed_beds"),
        ({"by": ""}, "by is missing"),
    ],
)
def test_a_wrong_report_of_beds_is_refused(
    browser: Browser, changes: dict[str, Any], says: str
) -> None:
    report = {"status": "normal", "staffed_beds": 8, "free_beds": 2, "by": "AK"} | changes
    status, problem = browser.sends("PUT", "/api/v1/availability", report)
    assert (status, says in problem["detail"]) == (422, True), problem


@pytest.mark.parametrize("name", ["404", "0000000000000", "IIIIIIIIIIIII", "../etc", "%00"])
def test_an_unknown_dispatch_is_not_found(browser: Browser, name: str) -> None:
    assert browser.gets(f"/api/v1/dispatches/{name}")[0] == 404


def test_what_is_not_possible_any_more_is_a_conflict(browser: Browser, dispatch: str) -> None:
    browser.sends("POST", f"{dispatch}/arrived", {"by": "AK"})
    status, problem = browser.sends("POST", f"{dispatch}/accept", {"by": "AK"})
    assert (status, problem["title"]) == (409, "Not possible any more")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://192.168.1.5:8100"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Host": "evil.example"}, 421),
        ({"Host": "haven.local"}, 200),
        ({"Host": "localhost:8100"}, 200),
        ({"Host": "[::1]:8100"}, 200),
        ({"Host": "box.hospital.example"}, 200),
    ],
)
def test_other_web_pages_cannot_use_the_box(
    browser: Browser, dispatch: str, headers: dict[str, str], status: int
) -> None:
    assert browser.sends("POST", f"{dispatch}/accept", {"by": "AK"}, **headers)[0] == status


def test_rebinding_cannot_read_either(browser: Browser) -> None:
    assert browser.gets("/api/v1/dispatches", Host="evil.example")[0] == 421


def test_hints_come_after_every_change(browser: Browser, dispatch: str) -> None:
    answer = browser.client.get("/events", headers={"Host": "localhost"}, buffered=False)
    stream = answer.iter_encoded()
    first = next(stream)
    assert b"event: changed" in first
    browser.sends("POST", f"{dispatch}/accept", {"by": "AK"})
    second = next(stream)
    assert second != first
    assert f"data: {browser.hospital.notifier.version}".encode() in second
    answer.close()


def test_too_many_streams_are_refused_and_closing_frees_them(browser: Browser) -> None:
    def opens() -> Any:
        return browser.client.get("/events", headers={"Host": "localhost"}, buffered=False)

    answers = [opens() for _ in range(17)]
    assert [answer.status_code for answer in answers] == [200] * 16 + [503]
    answers[0].close()
    again = opens()
    assert again.status_code == 200
    for answer in (*answers, again):
        answer.close()


def test_health(browser: Browser) -> None:
    status, shown = browser.gets("/healthz")
    assert (status, shown["status"], shown["problems"]) == (200, "ok", [])
    assert (shown["audible"], shown["all_at_gateway"]) == (False, True)


def test_reports_by_http_once_a_press(browser: Browser) -> None:
    pressed = {"Idempotency-Key": "press-1"}
    walk_in = {"kind": "burn", "priority": "high", "help_code": "7k2f", "age_years": 4, "by": "AK"}
    status, first = browser.sends("POST", "/api/v1/walk-ins", walk_in, **pressed)
    assert (status, first["kind"], first["state"]) == (200, "walk_in", "waiting")
    assert first["said"] == {
        "kind": "burn",
        "priority": "high",
        "help_code": "7K2F",
        "patient_count": 1,
        "age_years": 4,
    }
    assert browser.sends("POST", "/api/v1/walk-ins", walk_in, **pressed) == (200, first)
    other = walk_in | {"kind": "fits"}
    assert browser.sends("POST", "/api/v1/walk-ins", other, **pressed)[0] == 409
    stock = {"has": ["blood"], "lacks": ["oxygen", "antivenom"], "by": "AK"}
    assert browser.sends("PUT", "/api/v1/stock", stock)[1]["said"] == {
        "has": ["blood"],
        "lacks": ["oxygen", "antivenom"],
    }
    note = {"text": "The lift is broken", "by": "AK"}
    assert browser.sends("POST", "/api/v1/notes", note)[1]["said"]["text"] == "The lift is broken"
    listed = browser.gets("/api/v1/reports")[1]["reports"]
    assert [each["kind"] for each in listed] == ["note", "stock", "walk_in"]
    assert browser.gets("/api/v1/console")[1]["reports"] == listed
    link = browser.gets("/api/v1/link")[1]
    assert link["reports"] == {"waiting": 3, "sent": 0, "refused": 0}
    assert (link["all_at_gateway"], link["oldest_waiting_s"]) == (False, 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("PUT", "/api/v1/stock", {"has": "blood", "by": "AK"}, "has"),
        ("PUT", "/api/v1/stock", {"has": ["gold"], "by": "AK"}, "gold"),
        ("PUT", "/api/v1/stock", {"by": "AK"}, "at least one"),
        ("PUT", "/api/v1/stock", {"has": ["blood"]}, "by"),
        ("POST", "/api/v1/notes", {"by": "AK"}, "text"),
        ("POST", "/api/v1/walk-ins", {"kind": "flu", "priority": "high", "by": "AK"}, "kind"),
        ("POST", "/api/v1/walk-ins", {"kind": "burn", "priority": 1, "by": "AK"}, "priority"),
        (
            "POST",
            "/api/v1/walk-ins",
            {"kind": "burn", "priority": "high", "by": "AK", "patient_count": "2"},
            "patient_count",
        ),
    ],
)
def test_a_report_that_makes_no_sense_says_what_is_wrong(
    browser: Browser, method: str, path: str, body: Any, names: str
) -> None:
    status, problem = browser.sends(method, path, body)
    assert status == 422
    assert names in problem["detail"]
    assert browser.gets("/api/v1/reports")[1] == {"reports": []}


def test_a_note_about_a_patient_who_is_not_here_is_not_found(
    browser: Browser, dispatch: str
) -> None:
    about = dispatch.rsplit("/", 1)[1]
    note = {"text": "He is stable", "by": "AK", "dispatch_id": about}
    assert browser.sends("POST", "/api/v1/notes", note)[1]["said"]["dispatch_id"] == about
    for unknown in (to_text(5), "nonsense"):
        note["dispatch_id"] = unknown
        assert browser.sends("POST", "/api/v1/notes", note)[0] == 404
