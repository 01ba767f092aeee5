"""USSD as networks and frightened people make it: early ends, straight dialling, back and home."""

from structlog.testing import capture_logs

from shared.emergency import EmergencyState, Kind
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)


def test_an_end_that_was_announced_too_early_freezes_nobody(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").drops()
    phone.types("kibra").sees("END", "Telling Mbagathi Hospital")
    box.rings()
    assert len(world.emergencies()) == 1


def test_a_code_dialled_straight_means_the_same_to_a_known_caller(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("2", "2", "6").types("kibra").texts("cancel")
    phone.dials("*384*911*1*2*6#").sees("Where is the patient?").types("kibra").sees("END")
    assert [row.kind for row in world.emergencies()] == [Kind.BLEEDING, Kind.BLEEDING]
    assert {row.language for row in world.emergencies()} == {"en", "sw"}


def test_digits_dialled_ahead_never_touch_an_open_alert(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    phone.dials("*384*911*1*5*1#").sees("CON", "told Mbagathi", "5 Cancel")
    assert world.the_emergency().state == EmergencyState.DISPATCHED
    phone.chooses("2").sees("on the way")


def test_after_going_back_from_another_patient_the_alert_is_still_there(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    phone.dials().chooses("6", "3", "0", "0").sees(f"{code}: told Mbagathi")
    phone.chooses("4").sees(code, "it got worse")
    assert "got worse" in box.changes()[-1].reason


def test_home_from_another_patient_shows_and_cancels_the_alert_it_names(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    first = world.the_emergency()
    phone.dials().chooses("6", "3", "00").sees(f"{first.help_code}: told Mbagathi")
    phone.chooses("5").sees(f"Cancel {first.help_code}").chooses("1").sees(first.help_code)
    states = {row.id: row.state for row in world.emergencies()}
    assert states.pop(first.id) == EmergencyState.CANCELLED
    assert list(states.values()) == [EmergencyState.PROVISIONAL]


def test_whoever_wrote_first_can_say_by_ussd_what_is_wrong(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().texts("help kibra")
    phone.dials().chooses("1").sees("not finished").chooses("1").sees("Press FIRST")
    phone.chooses("2", "6").sees("Where is the patient?").chooses("1").sees("END", "Telling")
    assert box.rings().kind is Kind.BLEEDING
    assert len(world.emergencies()) == 1


def test_places_that_were_refused_are_not_offered_again(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("olympic").chooses("4")
    phone.types("olympic").chooses("4").sees("Which county?").chooses("9")
    phone.reads("where is the patient?")


def test_a_turn_that_contradicts_the_history_is_written_down_also_after_the_end(
    world: World,
) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra").sees("END")
    for history in (["1", "2"], ["1", "3", "6", "kibra"], []):
        phone.history = history
        with capture_logs() as logs:
            assert phone.again() == phone.screen
        assert "ussd history contradicts the stored one" in [line["event"] for line in logs]
    assert len(world.emergencies()) == 1
    assert len(world.dispatches()) == 1


_UNKNOWN_PLACE = "nobody here has ever heard of the name that this place goes by"


def test_a_long_history_is_taken_in_to_its_last_answer(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    while len("*".join(phone.history)) < 3_000:
        phone.types(_UNKNOWN_PLACE).sees("CON", "Not found").chooses("0").sees("Where is the")
    phone.types("kibra").sees("END", "Telling Mbagathi")
    box.rings()
    assert len(world.emergencies()) == 1


def test_a_history_without_end_ends_with_the_way_out_and_nothing_is_lost(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    while phone.screen.startswith("CON "):
        assert len("*".join(phone.history)) < 5_000
        phone.types(_UNKNOWN_PLACE if "Where is the" in phone.screen else "0")
    phone.sees("END", "What you told us is saved", "call 999")
    last = phone.screen
    # Whatever still comes, cut off on its way or not, changes nothing and gets the same.
    phone.history += ["1"] * 5_000
    assert phone.again() == last
    assert world.the_emergency().state == EmergencyState.PROVISIONAL
    world.forward(seconds=60)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.dials().sees("not finished").chooses("1").types("kibra").sees("END", "Telling Mbagathi")
    assert len(world.emergencies()) == 1


def test_a_session_that_begins_with_a_history_without_end_shows_the_way_out(world: World) -> None:
    phone = world.phone().dials("*384*911*" + "2*" * 4_000 + "#").sees("END", "call 999")
    assert phone.again() == phone.screen
    assert world.emergencies() == []
