"""What operators see of emergencies, and what stays hidden."""

from datetime import timedelta

import pytest

from gateway.emergencies import store
from gateway.operators import interventions
from gateway.operators.casebook import case_file, find_emergency, open_emergencies
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput, NotFound
from shared.identifier import to_text
from tests.gateway.operators.acting import (
    NAIROBI_WEST,
    acts,
    audited,
    nobody_answers,
)
from tests.journeys.world import World


def test_the_callers_number_is_hidden_until_it_is_revealed_and_audited(world: World) -> None:
    nobody_answers(world)
    emergency = world.the_emergency()
    vault = world.services.vault
    read = world.services.database.read
    hidden = read(lambda c: case_file(c, vault, emergency.id))
    (listed,) = read(lambda c: open_emergencies(c, vault, world.clock.now))
    assert hidden.phone == listed.phone == "+254…111"
    assert "711000" not in repr(hidden)
    acts(world, interventions.reveal_phone)
    revealed = read(lambda c: case_file(c, vault, emergency.id, revealed=True))
    assert revealed.phone == "+254711000111"
    assert [moment.who for moment in revealed.history][-1] == "operator:JK"
    assert audited(world) == [("operator:JK", "phone revealed")]


def test_a_number_that_a_reporter_wrote_is_hidden_as_well(world: World) -> None:
    nobody_answers(world)
    world.phone().texts("call me on 0722 333 444 or +254 733-555-666, 2 are hurt")
    emergency = world.the_emergency()
    case = world.services.database.read(lambda c: case_file(c, world.services.vault, emergency.id))
    assert "333" not in case.note
    assert "555" not in case.note
    assert "2 are hurt" in case.note


def test_a_case_tells_who_was_asked_why_and_what_comes_next(world: World) -> None:
    nobody_answers(world)
    emergency = world.the_emergency()
    case = world.services.database.read(lambda c: case_file(c, world.services.vault, emergency.id))
    (asked,) = case.asked
    assert (asked.hospital, asked.state) == ("Mbagathi Hospital", "expired")
    assert any(line.startswith("Score") for line in asked.explanation)
    assert "dispatch offered, Mbagathi Hospital" in [moment.what for moment in case.history]
    assert {message.state for message in case.messages} == {"sent"}
    assert case.alarms == ("not_reachable", "unanswered")
    assert [moment.what for moment in case.next] == [
        "operators are reminded of what nobody has solved",
        "it is closed by itself",
    ]


def test_a_code_that_is_used_again_means_the_open_one(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra").drops()
    world.phone().texts("cancel")
    (ended,) = world.emergencies()
    read = world.services.database.read
    assert read(lambda c: find_emergency(c, ended.help_code.lower())) == ended.id
    assert read(lambda c: find_emergency(c, to_text(ended.id))) == ended.id
    world.clock.now -= timedelta(hours=1)  # so that the open one has the lower id
    world.phone("+254711000222").dials().chooses("1", "2", "6").types("kibra")
    (again,) = [row for row in world.emergencies() if row.id != ended.id]

    def same_code(uow: UnitOfWork) -> None:
        store.change(uow, store.lock(uow, again.id), help_code=ended.help_code)

    world.services.write(same_code)
    assert read(lambda c: find_emergency(c, ended.help_code)) == again.id
    with pytest.raises(NotFound, match="emergencies list"):
        read(lambda c: find_emergency(c, "ZZZZ"))
    with pytest.raises(InvalidInput, match="help code"):
        read(lambda c: find_emergency(c, "rubbish"))
