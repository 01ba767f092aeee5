"""What is no emergency: finding a hospital, details, consent, an alert's code."""

from sqlalchemy import select

from gateway.callers.tables import callers
from gateway.medical import consent, profile
from gateway.medical.consent import Scope
from gateway.medical.profile import Profile
from gateway.menus.tables import menu_sessions
from tests.journeys.world import Phone, World

NAIROBI_WEST = (-1.3100, 36.8000)
NAIROBI_EAST = (-1.2900, 36.8900)


def caller_id(world: World, phone: Phone) -> int:
    index = world.services.vault.index(phone.number)
    query = select(callers.c.id).where(callers.c.phone_index == index)
    found: int = world.services.database.read(lambda c: c.execute(query).scalar_one())
    return found


def stated(world: World, phone: Phone) -> Profile:
    return world.services.write(lambda uow: profile.read(uow, caller_id(world, phone)))


def agreed(world: World, phone: Phone) -> frozenset[Scope]:
    return world.services.write(lambda uow: consent.standing(uow, caller_id(world, phone)))


def test_a_hospital_by_need_is_found_and_sent_by_sms(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=("bemonc", "emergency_24h"))
    world.hospital("Pumwani Maternity", *NAIROBI_EAST, needs=("bemonc",))
    world.hospital("Kibra Clinic", *NAIROBI_WEST, needs=("emergency_24h",))
    world.hospital("Dental Clinic", *NAIROBI_WEST, needs=(), lacks=("bemonc",))
    phone = world.phone().dials().chooses("1", "9", "1", "2").sees("Near which place?")
    phone.types("olympic").sees("1 Olympic, Nairobi").chooses("1")
    phone.sees("1 Mbagathi Hospital, 2.6 km", "2 Pumwani Maternity")
    phone.sees("3 Kibra Clinic, 2.6 km, not sure")
    assert "Dental" not in phone.screen
    phone.chooses("1").sees("Mbagathi Hospital: 2.6 km", "min").chooses("1").sees("END", "SMS")
    phone.reads("Mbagathi Hospital, about 2.6 km from Olympic, Nairobi")
    assert world.emergencies() == []


def test_where_nobody_knows_whether_it_has_it_the_screen_says_so(world: World) -> None:
    world.hospital("Kibra Clinic", *NAIROBI_WEST, needs=("emergency_24h",))
    phone = world.phone().dials().chooses("1", "9", "1", "7").types("kibra").chooses("1")
    phone.sees("Kibra Clinic", "We do not know if it has this")


def test_where_no_hospital_has_it_the_way_to_a_person_is_shown(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, lacks=("dialysis",))
    phone = world.phone().dials().chooses("1", "9", "1", "7").types("kibra")
    phone.sees("END", "no such hospital", "999")


def test_details_are_kept_sealed_and_never_shown_again(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "2").sees("never shown")
    phone.chooses("3", "7").sees("may we show your blood type").chooses("98", "1")
    phone.sees("END", "You allow it")
    phone.dials().chooses("9", "2", "4").types("penicillin, nuts").sees("Saved.").chooses("1")
    phone.chooses("3").sees("blood type")
    assert "AB+" not in phone.screen.split("\n")[0]
    assert stated(world, phone) == Profile(blood_type="AB+", allergies="penicillin, nuts")
    assert agreed(world, phone) == {Scope.SHARE_WITH_MATCHED_HOSPITAL}
    kept = world.services.database.read(lambda c: c.execute(select(menu_sessions)).all())
    assert "penicillin" not in str(kept)
    assert "'blood_type': 'AB+'" not in str(kept)


def test_consent_is_as_easily_withdrawn_as_given(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "3", "98", "1").sees("You allow it")
    phone.dials().chooses("9", "3").sees("You allow this", "blood type").chooses("2")
    phone.sees("END", "Nothing is shared")
    assert agreed(world, phone) == frozenset()
    # Who has said no is not asked again with every detail.
    phone.dials().chooses("9", "2", "3", "1").sees("Saved.")


def test_consent_is_never_given_by_digits_dialled_ahead(world: World) -> None:
    phone = world.phone().dials("*384*911*1*9*3*98*1#").sees("98 More")
    assert agreed(world, phone) == frozenset()


def test_what_was_told_can_be_deleted_for_good(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "2", "3", "1", "98", "2").sees("Nothing is")
    phone.dials().chooses("9", "2", "2").types("kibra").sees("Saved.")
    phone.dials().chooses("9", "2", "5").sees("Delete").chooses("1").sees("END", "Deleted")
    assert stated(world, phone) == Profile()
    phone.dials().chooses("6").sees("Where is the patient?")
    assert "Home" not in phone.screen


def test_home_is_a_place_to_choose_in_an_emergency(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "9", "2", "2").types("olympic").chooses("1")
    phone.sees("Saved.").dials().chooses("2", "6").sees("2 Home: Olympic").chooses("2")
    phone.sees("END", "Telling Mbagathi")
    assert box.rings().place_name == "Olympic, Nairobi"


def test_another_language_is_kept(world: World) -> None:
    phone = world.phone().dials().chooses("1", "9", "2", "1", "2").sees("Imehifadhiwa")
    phone.dials().sees("Damu nyingi")


def test_a_code_tells_any_phone_open_or_closed_and_no_more(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    other = world.phone("+254722000222").dials().chooses("1", "9", "4").types(code.lower())
    other.sees("END", f"{code} is open")
    assert "Mbagathi" not in other.screen
    other.dials().chooses("9", "4").types("zzzz").sees("END", "we cannot say")
