"""Messages as AT takes, delivers, reports and hands them in."""

from typing import Any

import pytest

from gateway.providers.http_post import Answer
from gateway.simulator import faults
from tests.gateway.simulator.conftest import World


def row(answer: Any) -> Any:
    return answer.get_json()["SMSMessageData"]["Recipients"][0]


def statuses(world: World) -> list[str]:
    return [form["status"] for form in world.gateway.forms("delivery")]


def test_a_message_is_taken_delivered_and_reported(world: World) -> None:
    answer = world.send(**{"from": "20911"})
    assert answer.status_code == 201
    assert answer.get_json()["SMSMessageData"]["Message"] == "Sent to 1/1 Total Cost: KES 0.8000"
    taken = row(answer)
    assert (taken["statusCode"], taken["status"], taken["cost"]) == (101, "Success", "KES 0.8000")
    assert world.state()["messages"] == []
    world.forward(5)
    (message,) = world.state()["messages"]
    assert (message["other"], message["text"]) == ("20911", "7K2F saved")
    assert statuses(world) == ["Sent", "Success"]
    assert {form["id"] for form in world.gateway.forms("delivery")} == {taken["messageId"]}
    assert world.http.get("/phone/254711000111/api/inbox").get_json() == [message]


def test_a_long_message_costs_its_segments(world: World) -> None:
    assert row(world.send(message="x" * 161))["cost"] == "KES 1.6000"


@pytest.mark.parametrize(
    ("key", "changed"), [("wrong", {}), ("", {}), ("key", {"username": "other"})]
)
def test_wrong_credentials_get_plain_text(world: World, key: str, changed: dict[str, str]) -> None:
    answer = world.send(key=key, **changed)
    assert answer.status_code == 401
    assert answer.text == "The supplied authentication is invalid"
    assert answer.content_type.startswith("text/plain")


@pytest.mark.parametrize("missing", ["to", "message"])
def test_a_missing_field_is_named(world: World, missing: str) -> None:
    answer = world.send(**{missing: ""})
    assert answer.status_code == 400
    assert missing in answer.text


def test_a_sender_that_is_not_ours_is_refused_for_everybody(world: World) -> None:
    answer = world.send(**{"from": "MPESA"})
    assert answer.status_code == 201
    assert answer.get_json()["SMSMessageData"] == {"Message": "InvalidSenderId", "Recipients": []}


@pytest.mark.parametrize("code", [401, 402, 403, 404, 405, 406, 407, 409, 500, 501, 502])
def test_each_failing_code_on_demand(world: World, code: int) -> None:
    world.fault(channel="sms", status_code=code)
    failed = row(world.send())
    assert (failed["statusCode"], failed["messageId"], failed["cost"]) == (code, "None", "0")
    world.forward(5)
    assert world.state()["messages"] == []
    assert statuses(world) == []
    assert row(world.send())["statusCode"] == 101


@pytest.mark.parametrize(
    ("shape", "status", "arrives"),
    [
        ("charset", 201, True),
        ("processed_with_parts", 201, True),
        ("other_number_format", 201, True),
        ("id_none", 201, False),
        ("nobody", 201, False),
        ("no_recipients", 201, False),
        ("plain_401", 401, False),
        ("redirect", 302, False),
        ("html", 502, False),
        ("not_json", 200, False),
        ("empty", 200, True),
        ("half", 502, True),
    ],
)
def test_each_odd_shape_on_demand(world: World, shape: str, status: int, arrives: bool) -> None:
    world.fault(channel="sms", shape=shape)
    assert world.send().status_code == status
    world.forward(5)
    assert bool(world.state()["messages"]) is arrives


def test_every_shape_is_tested() -> None:
    tested = test_each_odd_shape_on_demand.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert [shape for shape, _, _ in tested] == list(faults.SHAPES)


@pytest.mark.parametrize(
    ("delivery", "reported", "arrives"),
    [
        ("success", ["Sent", "Success"], True),
        ("twice", ["Sent", "Success", "Success"], True),
        ("out_of_order", ["Success", "Sent"], True),
        ("no_report", [], True),
        ("lost", [], False),
        ("Failed", ["Sent", "Failed"], False),
        ("Rejected", ["Sent", "Rejected"], False),
        ("AbsentSubscriber", ["Sent", "AbsentSubscriber"], False),
        ("Expired", ["Sent", "Expired"], False),
    ],
)
def test_each_delivery_on_demand(
    world: World, delivery: str, reported: list[str], arrives: bool
) -> None:
    world.fault(channel="sms", delivery=delivery)
    world.send()
    world.forward(5)
    assert statuses(world) == reported
    assert bool(world.state()["messages"]) is arrives


@pytest.mark.parametrize("reason", faults.FAILURE_REASONS)
def test_each_failure_has_its_reason(world: World, reason: str) -> None:
    world.fault(channel="sms", delivery="Failed", failure_reason=reason)
    world.send()
    world.forward(5)
    assert world.gateway.forms("delivery")[-1]["failureReason"] == reason


def test_a_fault_is_for_one_number_and_for_so_many_times(world: World) -> None:
    world.fault(channel="sms", to="+254722000222", count=2, status_code=406)
    codes = [row(world.send(to))["statusCode"] for to in ("+254711000111", *["+254722000222"] * 3)]
    assert codes == [101, 406, 406, 101]


def test_a_fault_without_a_count_stays_until_it_is_cleared(world: World) -> None:
    world.fault(channel="sms", count=None, http_status=503)
    assert [world.send().status_code for _ in range(3)] == [503] * 3
    assert len(world.http.get("/control/faults").get_json()) == 1
    world.http.delete("/control/faults")
    assert world.send().status_code == 201


@pytest.mark.parametrize(("moment", "arrives"), [("before", False), ("after", True)])
def test_the_connection_can_be_cut(world: World, moment: str, arrives: bool) -> None:
    world.fault(channel="sms", drop_connection=moment)
    world.send()
    world.forward(5)
    assert bool(world.state()["messages"]) is arrives


def test_an_answer_can_be_slow(world: World) -> None:
    world.fault(channel="sms", delay_s=12)
    world.send()
    assert world.paused_s == [12.0]


def test_credit_runs_out(world: World) -> None:
    world.http.put("/control/credit", json={"left_kes": 1})
    assert [row(world.send())["statusCode"] for _ in range(2)] == [101, 405]
    assert world.http.get("/control/credit").get_json() == {"left_kes": "0.2"}
    world.http.put("/control/credit", json={"left_kes": None})
    assert row(world.send())["statusCode"] == 101


def test_an_impossible_recipient_is_told_apart(world: World) -> None:
    assert row(world.send("+1"))["statusCode"] == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"channel": "fax"},
        {"channel": "sms", "shape": "round"},
        {"channel": "sms", "colour": "red"},
        {"channel": "sms", "status_code": "405"},
        {"channel": "sms", "status_code": True},
        {"channel": "sms", "count": 0},
        {"channel": "sms", "delay_s": -1},
        {"channel": "sms", "delay_s": True},
        {"channel": "sms", "to": "0711"},
        [],
        [1],
        "sms",
        None,
    ],
)
def test_a_fault_that_means_nothing_is_refused(world: World, body: object) -> None:
    answer = world.http.post("/control/faults", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"].endswith(".")


@pytest.mark.parametrize("left", ["much", -1, float("nan"), [], True])
def test_credit_is_a_number(world: World, left: object) -> None:
    assert world.http.put("/control/credit", json={"left_kes": left}).status_code == 400


def test_a_reply_is_handed_in_until_it_is_taken(world: World) -> None:
    world.gateway.answers("sms", None, Answer(503, {}, ""), Answer(200, {}, ""))
    world.phone("sms", to="20911", text="1")
    world.forward(30)
    forms = world.gateway.forms("sms")
    assert len(forms) == 3
    assert forms[0] == forms[1] == forms[2]
    assert {"from": "+254711000111", "to": "20911", "text": "1"}.items() <= forms[0].items()
    assert forms[0]["networkCode"] == "63902"
    assert world.state()["messages"][0]["direction"] == "sent"


def test_a_reply_that_nobody_takes_is_given_up_after_12_hours(world: World) -> None:
    world.gateway.answers("sms", Answer(500, {}, ""))
    world.phone("sms", to="20911", text="1")
    world.forward(11.5 * 3600)
    tried = len(world.gateway.forms("sms"))
    world.forward(3600)
    assert len(world.gateway.forms("sms")) > tried
    tried = len(world.gateway.forms("sms"))
    world.forward(3600)
    assert len(world.gateway.forms("sms")) == tried


def test_both_formats_of_the_date_occur(world: World) -> None:
    for text in ("a", "b"):
        world.phone("sms", to="20911", text=text)
        world.forward(1)
    dates = [form["date"] for form in world.gateway.forms("sms")]
    assert dates == ["2026-11-23 09:00:00", "2026-11-23T09:00:01Z"]


def test_a_reply_can_come_twice_and_late(world: World) -> None:
    world.phone("sms", to="20911", text="1", twice=True, delay_s=10)
    world.forward(9)
    assert world.gateway.forms("sms") == []
    world.forward(2)
    first, second = world.gateway.forms("sms")
    assert first["id"] == second["id"]


def test_phones_write_to_each_other(world: World) -> None:
    world.phone("sms", to="+254722000222", text="Uko wapi?")
    world.forward(1)
    (message,) = world.state("254722000222")["messages"]
    assert (message["other"], message["text"]) == ("+254711000111", "Uko wapi?")
    assert world.gateway.forms("sms") == []


@pytest.mark.parametrize(("to", "text"), [("20911", " "), ("20911", "x" * 1601), ("nobody", "1")])
def test_a_message_that_cannot_go_is_refused(world: World, to: str, text: str) -> None:
    assert world.phone("sms", to=to, text=text)["status"] == 400
    assert world.state()["messages"] == []


def test_the_journal_tells_what_happened(world: World) -> None:
    world.send()
    world.forward(2)
    entries = world.http.get("/control/journal").get_json()
    assert [entry["event"] for entry in entries] == ["sms taken", "callback", "callback"]
    assert [entry["number"] for entry in entries] == [1, 2, 3]
    later = world.http.get("/control/journal?after=2").get_json()
    assert [entry["details"]["status"] for entry in later] == [200]
