"""A caller who goes back, starts anew or takes long in one session: one patient stays one."""

from tests.journeys.world import World

HERE = (-1.3100, 36.8000)


def test_who_starts_anew_after_it_was_raised_by_itself_stays_one_patient(world: World) -> None:
    world.hospital("Mbagathi Hospital", *HERE)
    phone = world.phone().dials().chooses("1", "2")
    world.forward(seconds=60)  # the caller looks for words; it is raised meanwhile
    code = world.the_emergency().help_code
    phone.chooses("00", "1", "1", "6").types("kibra").sees(code)
    emergency = world.the_emergency()
    assert emergency.state == "dispatched"
    assert emergency.answers["sign"] == "unresponsive"


def test_who_goes_back_after_it_was_raised_by_itself_stays_one_patient(world: World) -> None:
    phone = world.phone().dials().chooses("1", "5")
    world.forward(seconds=60)
    phone.chooses("0", "2").sees(world.the_emergency().help_code)


def test_who_went_on_with_one_alert_may_still_speak_of_another_patient(world: World) -> None:
    world.phone().dials().chooses("1", "2", "6", "9")
    first = world.the_emergency()
    phone = world.phone().dials().sees(first.help_code).chooses("1", "0", "2")
    phone.sees("FIRST").chooses("3")
    one, other = world.emergencies()
    assert one.answers == first.answers
    assert other.answers["sign"] == "fits"
    phone.sees(other.help_code)


def test_an_alert_by_sms_without_a_place_is_not_doubled_by_saying_what_is_wrong(
    world: World,
) -> None:
    phone = world.phone().texts("help")
    world.forward(seconds=180)  # nobody called it off: operators have it
    code = world.the_emergency().help_code
    phone.dials().chooses("1").sees(code).chooses("1", "2").sees(code)
    assert world.the_emergency().answers["sign"] == "bleeding"


def test_who_seems_to_have_cancelled_and_names_something_else_is_heard_anew(world: World) -> None:
    phone = world.phone().dials().chooses("1", "8", "6")
    world.forward(seconds=60)
    phone.texts("CANCEL").chooses("0", "0", "2")
    one, other = world.emergencies()
    assert one.cancel_asked_at is not None
    assert other.answers["sign"] == "bleeding"


def test_another_patient_is_not_the_one_who_was_just_gone_on_with(world: World) -> None:
    phone = world.phone().texts("help")
    phone.dials().chooses("1", "1", "0", "2", "3")
    one, other = world.emergencies()
    assert one.answers == {}
    assert other.answers == {"sign": "fits"}
