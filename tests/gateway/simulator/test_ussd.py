"""USSD as AT and the operators run it."""

import pytest

from gateway.providers.http_post import Answer
from tests.gateway.simulator.conftest import Posted, World, screen

DIFFER = "Posted twice: the two answers DIFFER. The other one: "


def test_each_screen_posts_the_whole_history(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"), screen("CON Where?"), screen("END Saved"))
    assert world.phone("dial", code="*384*911#")["screen"]["text"] == "What?"
    assert world.phone("answer", input="1")["screen"]["text"] == "Where?"
    last = world.phone("answer", input="olympic *kibra")
    assert (last["screen"]["kind"], last["screen"]["text"]) == ("ended", "Saved")
    forms = world.gateway.forms("ussd")
    assert [form["text"] for form in forms] == ["", "1", "1*olympic *kibra"]
    assert forms[0] == {
        "sessionId": forms[1]["sessionId"],
        "phoneNumber": "+254711000111",
        "networkCode": "63902",
        "serviceCode": "*384*911#",
        "text": "",
    }


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("*384*911#", ""),
        ("*384*911*1*3#", "1*3"),
        (" *384 *911*1# ", "1"),
        ("*384*911*olympic kibra#", "olympickibra"),
    ],
)
def test_dialling_straight_into_the_menu(world: World, code: str, text: str) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code=code)
    assert world.gateway.forms("ussd")[0]["text"] == text
    assert world.gateway.forms("ussd")[0]["serviceCode"] == "*384*911#"


@pytest.mark.parametrize("code", ["*384*9111#", "*144#", "*384#"])
def test_a_code_of_somebody_else_reaches_nobody(world: World, code: str) -> None:
    shown = world.phone("dial", code=code)["screen"]
    assert (shown["kind"], shown["text"]) == ("ended", "Connection problem or invalid MMI code.")
    assert world.gateway.posted == []


@pytest.mark.parametrize("code", ["", "911", "*384*911", "#", "**", "*" + "1" * 200 + "#"])
def test_what_is_no_code_is_refused(world: World, code: str) -> None:
    assert world.phone("dial", code=code)["status"] == 400


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (screen("CON What?", status=404), "HTTP 404"),
        (screen("CON What?", status=500), "HTTP 500"),
        (screen("", status=302), "HTTP 302"),
        (screen(""), "empty"),
        (screen(" CON What?"), "white space"),
        (screen("\nEND What?"), "white space"),
        (screen("What?"), "neither CON nor END"),
        (screen("CONWhat?"), "neither CON nor END"),
        (None, "no answer within 10 seconds"),
    ],
)
def test_an_answer_that_africas_talking_does_not_take_ends_the_session(
    world: World, answer: Answer | None, reason: str
) -> None:
    world.gateway.answers("ussd", answer)
    state = world.phone("dial", code="*384*911#")
    assert state["session"] is None
    assert state["screen"]["text"] == "Connection problem or invalid MMI code."
    assert reason in state["screen"]["notice"]
    world.forward(1)
    (ended,) = world.gateway.forms("ussd-end")
    assert ended["status"] == "Failed"
    assert reason in ended["errorMessage"]


def test_the_end_is_told_with_all_its_fields(world: World) -> None:
    world.gateway.answers(
        "ussd", screen("CON What?", at_ussd_hop_metadata="a"), screen("END Saved")
    )
    world.phone("dial", code="*384*911#")
    world.forward(2)
    world.phone("answer", input="1")
    world.forward(1)
    (ended,) = world.gateway.forms("ussd-end")
    session = world.gateway.forms("ussd")[0]["sessionId"]
    assert ended == {
        "date": "2026-11-23 09:00:02",
        "sessionId": session,
        "serviceCode": "*384*911#",
        "networkCode": "63902",
        "phoneNumber": "+254711000111",
        "status": "Success",
        "cost": "KES 0.4000",
        "durationInMillis": "2000",
        "hopsCount": "2",
        "hopsMetadata": "a",
        "input": "1",
        "lastAppResponse": "END Saved",
    }


def test_metadata_comes_back_with_the_next_turn(world: World) -> None:
    world.gateway.answers(
        "ussd",
        screen("CON 1", at_ussd_hop_metadata="step-1"),
        screen("CON 2", at_ussd_hop_metadata="x" * 100),
        screen("CON 3", at_ussd_hop_metadata="a|b"),
        screen("END 4"),
    )
    world.phone("dial", code="*384*911#")
    for key in "123":
        world.phone("answer", input=key)
    sent = [post.headers for post in world.gateway.posted if post.kind == "ussd"]
    # What is too long or holds a bar is not kept; the last good one goes on coming.
    assert sent == [{}, *[{"at-ussd-hop-metadata": "step-1"}] * 3]


@pytest.mark.parametrize(
    ("number", "network", "idle_s"),
    [
        ("254711000111", "63902", 30),
        ("254733000111", "63903", 60),
        ("254770000111", "63907", 30),
        ("254763000111", "63999", 30),
        ("255711000111", "99999", 30),
    ],
)
def test_the_operator_does_not_wait_for_ever(
    world: World, number: str, network: str, idle_s: float
) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", number, code="*384*911#")
    world.forward(idle_s - 1)
    assert world.state(number)["session"] is not None
    world.forward(2)
    state = world.state(number)
    assert state["session"] is None
    assert state["screen"]["text"] == "What?"
    (ended,) = world.gateway.forms("ussd-end")
    assert (ended["status"], ended["networkCode"]) == ("Incomplete", network)


def test_the_whole_session_ends_after_180_s(world: World) -> None:
    world.gateway.answers("ussd", screen("CON More?"))
    world.phone("dial", code="*384*911#")
    for _ in range(8):
        world.forward(20)
        world.phone("answer", input="1")
    world.forward(19)
    assert world.state()["session"] is not None
    world.forward(2)
    assert world.state()["session"] is None
    assert world.gateway.forms("ussd-end")[0]["status"] == "Failed"


@pytest.mark.parametrize(
    ("number", "size", "cut"),
    [
        ("254711000111", 160, False),
        ("254711000111", 161, True),
        ("254733000111", 184, False),
        ("254733000111", 185, True),
    ],
)
def test_a_screen_has_the_operators_size(world: World, number: str, size: int, cut: bool) -> None:
    world.gateway.answers("ussd", screen("CON " + "x" * (size - 4)))
    shown = world.phone("dial", number, code="*384*911#")["screen"]
    assert shown["septets"] == size
    assert ("cut" in shown["notice"]) is cut
    assert len(shown["text"]) == size - 4 - (1 if cut else 0)


def test_an_input_has_the_operators_size(world: World) -> None:
    world.gateway.answers("ussd", screen("CON Where?"))
    world.phone("dial", code="*384*911#")
    assert world.phone("answer", input="x" * 81)["status"] == 400
    assert world.phone("answer", input="x" * 80)["screen"]["text"] == "Where?"


def test_characters_outside_the_alphabet_show_as_question_marks(world: World) -> None:
    world.gateway.answers("ussd", screen("CON Karibu 🚑"))
    assert world.phone("dial", code="*384*911#")["screen"]["text"] == "Karibu ?"


def test_a_dropped_session_is_told_unless_nobody_notices(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    for notify, told in ((True, 1), (False, 1)):
        world.phone("dial", code="*384*911#")
        assert world.phone("drop", notify=notify)["session"] is None
        world.forward(1)
        assert len(world.gateway.forms("ussd-end")) == told
    assert world.gateway.forms("ussd-end")[0]["status"] == "Incomplete"


def test_the_notice_of_the_end_can_be_kept_back(world: World) -> None:
    world.gateway.answers("ussd", screen("END Saved"))
    world.fault(channel="ussd-end")
    world.phone("dial", code="*384*911#")
    world.forward(1)
    assert world.gateway.forms("ussd-end") == []


def test_a_turn_can_be_posted_twice(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    shown = world.phone("dial", code="*384*911#", twice=True)["screen"]
    first, second = world.gateway.forms("ussd")
    assert first == second
    assert "same" in shown["notice"]


def test_two_different_answers_to_one_turn_are_shown(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"), screen("CON Where?"))
    shown = world.phone("dial", code="*384*911#", twice=True)["screen"]
    answers = {shown["text"], shown["notice"].removeprefix(DIFFER).removeprefix("CON ")}
    assert answers == {"What?", "Where?"}


def test_a_turn_that_is_answered_once_of_twice_is_shown_as_that(world: World) -> None:
    world.gateway.answers("ussd", None, screen("CON What?"))
    shown = world.phone("dial", code="*384*911#", twice=True)["screen"]
    assert (shown["text"], shown["notice"]) == ("What?", "Posted twice: not both were answered.")


def test_a_turn_can_be_held(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code="*384*911#", delay_s=4)
    assert world.paused_s == [4.0]
    assert world.phone("answer", input="1", delay_s=61)["status"] == 400


class Held(World):
    """A world in which time passes while the network holds something."""

    def __init__(self) -> None:
        super().__init__(pause=self.forward)


@pytest.mark.parametrize(("delay_s", "posted"), [(29.0, 2), (31.0, 1)])
def test_an_answer_that_is_held_for_longer_than_the_operator_waits_is_not_posted(
    delay_s: float, posted: int
) -> None:
    world = Held()
    world.gateway.answers("ussd", screen("CON What?"), screen("END Saved"))
    world.phone("dial", code="*384*911#")
    state = world.phone("answer", input="1", delay_s=delay_s)
    assert state["screen"]["kind"] == "ended"
    assert len(world.gateway.forms("ussd")) == posted
    world.forward(1)
    (ended,) = world.gateway.forms("ussd-end")
    assert ended["status"] == ("Success" if posted == 2 else "Incomplete")
    assert ended["hopsCount"] == str(posted)


def test_an_answer_whose_session_is_dropped_while_it_is_held_is_not_posted() -> None:
    def drops(delay_s: float) -> None:
        world.phone("drop")

    world = World(pause=drops)
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code="*384*911#")
    state = world.phone("answer", input="1", delay_s=5)
    assert state["screen"]["notice"] == "You ended the session."
    assert len(world.gateway.forms("ussd")) == 1


def test_the_whole_session_runs_out_while_an_answer_is_held() -> None:
    world = Held()
    world.gateway.answers("ussd", screen("CON More?"))
    world.phone("dial", "254733000111", code="*384*911#")
    for _ in range(3):
        world.forward(50)
        world.phone("answer", "254733000111", input="1")
    state = world.phone("answer", "254733000111", input="1", delay_s=40)
    assert state["screen"]["notice"] == "The operator's session time is over."
    assert len(world.gateway.forms("ussd")) == 4


def test_the_phone_remembers_which_session_was_its_last(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"), screen("END Saved"))
    session = world.phone("dial", code="*384*911#")["session"]
    assert session["id"] == world.gateway.forms("ussd")[0]["sessionId"]
    assert world.state()["last_session"] is None
    world.forward(3)
    state = world.phone("answer", input="1")
    assert state["session"] is None
    assert state["last_session"] == {"id": session["id"], "turns": 2, "lasted_s": 3.0}


def test_an_answer_can_be_lost(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"), screen("END Saved"))
    world.phone("dial", code="*384*911#")
    state = world.phone("answer", input="1", lose_answer=True)
    assert len(world.gateway.forms("ussd")) == 2
    assert (state["session"], state["screen"]["kind"]) == (None, "ended")
    assert "Saved" not in state["screen"]["text"]


def test_answering_without_a_screen_is_a_conflict(world: World) -> None:
    assert world.phone("answer", input="1")["status"] == 409
    assert world.phone("drop")["status"] == 409


def test_dialling_again_ends_the_first_session(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code="*384*911#")
    world.phone("dial", code="*384*911#")
    world.forward(1)
    first, second = world.gateway.forms("ussd")
    assert first["sessionId"] != second["sessionId"]
    assert [form["sessionId"] for form in world.gateway.forms("ussd-end")] == [first["sessionId"]]


def test_phones_do_not_see_each_other(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code="*384*911#")
    assert world.state("254722000222")["session"] is None


@pytest.mark.parametrize("number", ["0711000111", "+254711000111", "254711000111"])
def test_a_phone_has_one_number_however_it_is_written(world: World, number: str) -> None:
    assert world.state(number)["number"] == "+254711000111"


@pytest.mark.parametrize("number", ["abc", "1", "25471100011122233344", "²⁵⁴711000111"])
def test_what_is_no_number_is_no_phone(world: World, number: str) -> None:
    answer = world.http.get(f"/phone/{number}/api/state")
    assert answer.status_code == 400
    assert answer.get_json()["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"code": 1}', b'{"twice": 1, "code": "*1#"}'])
def test_bad_requests_are_explained(world: World, body: bytes) -> None:
    answer = world.http.post(
        "/phone/254711000111/api/dial", data=body, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.get_json()["error"].endswith(".")


def test_nothing_can_be_typed_while_a_screen_is_on_its_way(world: World) -> None:
    world.gateway.answers("ussd", screen("CON What?"))
    world.phone("dial", code="*384*911#")
    statuses: list[int] = []

    def impatient(post: Posted) -> Answer:
        statuses.append(world.phone("answer", input="2")["status"])
        statuses.append(world.phone("dial", code="*384*911#")["status"])
        return screen("CON Where?")

    world.gateway.replies["ussd"] = impatient
    assert world.phone("answer", input="1")["screen"]["text"] == "Where?"
    assert statuses == [409, 409]
    assert [form["text"] for form in world.gateway.forms("ussd")] == ["", "1"]


def test_an_answer_to_a_session_that_was_dropped_is_not_shown(world: World) -> None:
    def dropped(post: Posted) -> Answer:
        world.phone("drop")
        return screen("CON What?")

    world.gateway.replies["ussd"] = dropped
    state = world.phone("dial", code="*384*911#")
    assert (state["session"], state["screen"]["kind"], state["screen"]["text"]) == (
        None,
        "ended",
        "",
    )
