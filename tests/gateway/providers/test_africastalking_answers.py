"""Whatever comes back, it means one of four things."""

import json
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.africastalking_answers import read_call, read_sms
from gateway.providers.http_post import Answer
from gateway.providers.ports import Accepted
from shared.errors import HavenError, OperatorMustAct, SendRefused, SendRetryable

TO = "+254711000111"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
rows = st.dictionaries(
    st.sampled_from(["statusCode", "number", "status", "cost", "messageId", "messageParts"]),
    anything | st.sampled_from([100, 101, 102, 402, 405, 406, 500, TO, "Success", "None"]),
)
sms_bodies = st.fixed_dictionaries(
    {
        "SMSMessageData": anything
        | st.fixed_dictionaries(
            {},
            optional={
                "Message": anything | st.just("InvalidSenderId"),
                "Recipients": anything | st.lists(anything | rows, max_size=3),
            },
        )
    }
)
entries = st.dictionaries(
    st.sampled_from(["phoneNumber", "status", "sessionId"]), anything | st.just("Queued")
)
call_bodies = st.fixed_dictionaries(
    {},
    optional={
        "entries": anything | st.lists(anything | entries, max_size=2),
        "errorMessage": anything | st.just("Invalid callerId: x"),
    },
)
statuses = st.sampled_from([200, 201, 204, 400, 401, 404, 429, 500, 503]) | st.integers(100, 599)


def outcome(read: Callable[[], Accepted]) -> Accepted | HavenError:
    """What it means; anything but the three errors of sending ends the test."""
    try:
        return read()
    except (SendRetryable, SendRefused, OperatorMustAct) as error:
        return error


@given(statuses, st.dictionaries(st.just("Retry-After"), st.text()), anything | sms_bodies)
def test_any_answer_to_a_message(status: int, headers: dict[str, str], body: object) -> None:
    meaning = outcome(lambda: read_sms(Answer(status, headers, json.dumps(body)), TO))
    if isinstance(meaning, Accepted):
        assert 200 <= status < 300
        assert meaning.segments is None or meaning.segments > 0
    elif isinstance(meaning, SendRetryable):
        assert meaning.after_s is None or 0 <= meaning.after_s <= 3600
    else:
        assert str(meaning).endswith(".")


@given(statuses, anything | call_bodies | st.text())
def test_any_answer_to_a_call(status: int, body: object) -> None:
    written = body if isinstance(body, str) else json.dumps(body)
    meaning = outcome(lambda: read_call(Answer(status, {}, written)))
    if isinstance(meaning, Accepted):
        assert 200 <= status < 300
    else:
        assert str(meaning).endswith(".")
