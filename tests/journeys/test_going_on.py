"""Dropped sessions: nobody begins again who need not, and nobody goes on who should not."""

from shared.emergency import EmergencyState, Kind
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)


def test_who_was_cut_off_before_the_place_goes_on_there(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").sees("Where is the patient?")
    world.forward(seconds=5)
    phone.dials().sees("is saved but not finished", "1 Go on").chooses("1")
    phone.sees("Where is the patient?").types("kibra").sees("END", "Telling Mbagathi")
    assert box.rings().kind is Kind.BLEEDING
    assert len(world.emergencies()) == 1


def test_choices_that_were_on_the_screen_are_there_again(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("olympic").sees("1 Olympic, Nairobi")
    phone.dials().chooses("1").sees("Which one?", "1 Olympic, Nairobi").chooses("1")
    phone.sees("END", "Telling")


def test_an_alert_that_went_out_without_a_place_gets_it_on_the_next_dial(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").drops()
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.dials().sees("not finished").chooses("1").sees("Where is the patient?").types("kibra")
    phone.sees("END", "Telling Mbagathi")
    box.rings()
    assert len(world.emergencies()) == 1


def test_after_ten_minutes_nobody_is_asked_whether_to_go_on(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "1")
    world.forward(seconds=601)
    phone.dials().sees("Press FIRST")


def test_who_was_looking_for_a_hospital_goes_on_or_starts_anew(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "1", "2")
    phone.dials().sees("You were cut off").chooses("1").sees("Near which place?")
    phone.dials().sees("You were cut off").chooses("2").sees("Press FIRST")
    phone.chooses("2").sees("It is from")


def test_an_alert_that_was_cancelled_meanwhile_is_not_gone_on_with(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6")
    phone.texts("cancel")
    phone.dials().sees("Press FIRST")


def test_a_session_older_than_the_operator_allows_ends_and_can_be_gone_on_with(
    world: World,
) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    world.forward(seconds=200)
    phone.types("kibra").sees("END", "The time is over")
    assert phone.again() == phone.screen
    phone.dials().chooses("1").sees("Where is the patient?").types("kibra").sees("END", "Telling")
    box.rings()
    assert len(world.emergencies()) == 1


def test_another_phone_never_goes_on_with_a_session(world: World) -> None:
    world.phone().dials().chooses("1", "9", "1", "2")
    world.phone("+254722000222").dials().sees("1 English")


def test_an_alert_is_chosen_when_several_are_open(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    phone.dials().chooses("6", "3", "6").chooses("1")
    first, second = world.emergencies()
    phone.dials().sees("Same patient or another?", f"1 {second.help_code}", "6 Another patient")
    phone.chooses("2").sees(f"{first.help_code}: told Mbagathi").chooses("4").sees("got worse")


def test_an_alert_that_ends_while_its_screen_is_open_says_so(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    phone.dials().sees("told Mbagathi")
    phone.texts("cancel")
    phone.chooses("2").sees("END", f"{code} has ended")


def test_a_wrong_place_is_put_right(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.hospital("Thika Level 5", -1.0400, 37.0800)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra").sees("Telling Mbagathi")
    phone.dials().chooses("7").sees("Where is the patient?").types("thika").sees("END", "Thika")
