"""Whatever is posted to the callbacks: never a server error, always something the network can
show.
"""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.database.schema import metadata
from gateway.database.sqlite import SqliteDatabase
from gateway.menus.sessions import History
from gateway.menus.tables import menu_sessions
from tests.journeys.world import SECRET, SERVICE_CODE, World, build_world

DOORS = ("ussd", "ussd-end", "sms", "delivery", "voice", "voice-events")
FIELDS = (
    "sessionId", "phoneNumber", "networkCode", "serviceCode", "text", "id", "from", "to", "status",
    "isActive", "destinationNumber", "callerNumber", "dtmfDigits", "failureReason", "hangupCause",
)  # fmt: skip
_values = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    st.sampled_from(["+254711000111", "0711000111", "1", "1*2*2", "*" * 50, "x" * 5000, "\x00"]),
)
_forms = st.lists(st.tuples(st.sampled_from(FIELDS), _values), max_size=12).map(
    lambda pairs: urlencode(pairs, errors="surrogatepass").encode()
)
_bodies = st.one_of(_forms, st.binary(max_size=400), st.just(b"a=" + b"x" * 40_000))
_plenty = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_sizes = st.sampled_from([None, "0", "-1", "99999999999", "many", "٣"])


class Gateway:
    """Holds the world, whose own description would be too long for hypothesis to print."""

    def __init__(self, world: World) -> None:
        self.world = world


@pytest.fixture(scope="module")
def rubbish_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway that everything is thrown at."""
    folder = tmp_path_factory.mktemp("rubbish")
    database = SqliteDatabase(folder / "haven.db", bytes(32))
    metadata.create_all(database.engine)
    world = build_world(database, folder)
    world.hospital("Mbagathi Hospital", -1.3100, 36.8000)
    yield Gateway(world)
    database.close()


@_plenty
@given(door=st.sampled_from(DOORS), body=_bodies)
def test_a_callback_always_answers(rubbish_world: Gateway, door: str, body: bytes) -> None:
    answer = rubbish_world.world.client.post(
        f"/callbacks/africastalking/{SECRET}/{door}",
        data=body,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    if door == "ussd":
        assert answer.get_data().startswith((b"CON ", b"END "))


@_plenty
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]),
    secret=st.text(max_size=30).filter(lambda text: text != SECRET),
    door=st.one_of(st.sampled_from(DOORS), st.text(max_size=10)),
    body=_bodies,
    size=_sizes,
)
def test_whoever_does_not_know_the_secret_learns_nothing(
    rubbish_world: Gateway, method: str, secret: str, door: str, body: bytes, size: str | None
) -> None:
    answers = rubbish_world.world.client.open(
        "/callbacks/africastalking/" + "/".join(part.replace("/", "") for part in (secret, door)),
        method=method,
        data=body,
        headers={} if size is None else {"Content-Length": size},
    )
    assert answers.status_code == 404
    assert method == "HEAD" or answers.get_data() == b"Not found\n"


@_plenty
@given(
    turns=st.lists(
        st.tuples(
            st.integers(0, 2),  # whose phone
            st.sampled_from(
                ["", "1", "1*2", "1*2*2", "1*2*2*kibra", "1*2*2*0", "2*6*kibra", "1*2*2*kibra*1",
                 "9*9*9", "1*2*0*0*2*2*kibra", "1*2*2*kibra*", "*", "1**2"]
            ),
        ),
        min_size=1,
        max_size=12,
    ),
    number=st.integers(0, 10**9),
)  # fmt: skip
def test_one_session_is_one_emergency_and_nobody_elses(
    rubbish_world: Gateway, turns: list[tuple[int, str]], number: int
) -> None:
    world = rubbish_world.world
    world.sessions += 1
    session_id = f"ATUid_{world.sessions}_{number}"
    owner: int | None = None
    # The clock stands still here, so that ids do not tell what is new.
    before = {row.id for row in world.emergencies()}
    answered: dict[str, str] = {}
    for whose, text in turns:
        phone = f"+2547{whose}{world.sessions % 10**7:07d}"
        status, body = world.post(
            "ussd",
            {
                "sessionId": session_id,
                "phoneNumber": phone,
                "networkCode": "63902",
                "serviceCode": SERVICE_CODE,
                "text": text,
            },
        )
        assert status == 200
        assert body.startswith(("CON ", "END "))
        owner = whose if owner is None else owner
        raised = [row for row in world.emergencies() if row.id not in before]
        if whose != owner:
            assert all(row.help_code not in body for row in raised)
            continue
        (row,) = world.services.database.read(
            lambda connection: connection.execute(
                select(menu_sessions).where(menu_sessions.c.session_id == session_id)
            ).all()
        )
        assert body == row.answer
        history = History(session_id, text)
        if world.services.write(partial(history.is_answered, row=row)):
            assert answered.setdefault(text, body) == body
    kept = {row.id for row in world.emergencies() if row.state != "cancelled"} - before
    assert len(kept) <= 1
