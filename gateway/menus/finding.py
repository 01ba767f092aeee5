"""Finding a hospital by need, without an emergency."""

import json
from collections.abc import Mapping, Sequence

from gateway.callers import store as callers
from gateway.menus.conversation import ANY, YES, Conversation, Does, Facts, Lists
from gateway.menus.place_items import chosen_place, place_items
from gateway.notifications.outbox import Channel, enqueue
from gateway.places import confirmations
from gateway.ports import FoundPlace
from shared.capability import mask
from shared.emergency import Priority
from shared.match_query import MatchQuery
from ussd_menus.session import Item, Session

# What each need of the screen asks of a hospital.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "emergency": ("emergency_24h",),
    "birth": ("bemonc",),
    "child": ("paediatrics",),
    "snakebite": ("antivenom",),
    "animal_bite": ("rabies_prophylaxis",),
    "assault": ("sexual_assault_care",),
    "dialysis": ("dialysis",),
    "xray": ("xray",),
}
_SHOWN = 6


def _find_place(turn: Conversation, session: Session) -> Mapping[str, str]:
    answer = turn.search(session.variables["find_typed"])
    if answer.sure:
        return {"find_place": "known", **_at(answer.hits[0])}
    choices = [[hit.name, hit.lat, hit.lon, hit.radius_m] for hit in answer.hits]
    return {
        "find_place": "choices" if choices else "none",
        "found_places": json.dumps(choices),
    }


def _found_places(turn: Conversation, session: Session) -> Sequence[Item]:
    written = session.variables.get("found_places", "[]")
    return place_items(FoundPlace(*choice) for choice in json.loads(written))


def _choose_find_place(turn: Conversation, session: Session) -> Mapping[str, str]:
    choice = session.variables["find_choice"]
    if choice not in ("last", "home"):
        place = chosen_place(choice)
        confirmations.picked(turn.uow, turn.caller_id, session.variables["find_typed"], place)
        return _at(place)
    caller = callers.get(turn.uow, turn.caller_id)
    return _at(callers.last_place(caller) if choice == "last" else callers.home_place(caller))


def _at(place: FoundPlace) -> dict[str, str]:
    return {"near": json.dumps([place.name, place.lat, place.lon, place.radius_m])}


def near_place(session: Session) -> FoundPlace:
    """The place that was found or chosen last."""
    return chosen_place(session.variables["near"])


def _query(turn: Conversation, session: Session) -> MatchQuery:
    place = near_place(session)
    return MatchQuery(
        lat=place.lat,
        lon=place.lon,
        radius_m=place.radius_m,
        needs=int(mask(_NEEDS[session.variables["need"]])),
        priority=Priority.HIGH,
        depart_at=turn.uow.now,
    )


def _hospitals(turn: Conversation, session: Session) -> Sequence[Item]:
    """Those that are known to have what is needed, nearest first, then those of which nobody knows:
    half of a real register is silent.
    """
    uow = turn.uow
    ranked = uow.services.hospitals.rank(
        uow.connection, _query(turn, session), uow.now, limit=2 * _SHOWN
    )
    likely = [match for match in ranked if not match.missing]
    likely.sort(key=lambda match: (bool(match.unknown), match.travel_min))
    items = []
    for match in likely[:_SHOWN]:
        card = uow.services.hospitals.card(uow.connection, match.hospital_id)
        words = {
            "hospital": card.name,
            "distance_km": _km(match.distance_m),
            "minutes": str(min(round(match.travel_min), 999)),
            "sure": "" if match.unknown else "yes",
        }
        name = "labels.hospital_unsure" if match.unknown else "labels.hospital"
        label = turn.text(session, name, words)
        items.append(Item(json.dumps(words), label))
    return items


def _km(distance_m: float) -> str:
    return f"{distance_m / 1000:.1f}" if distance_m < 10_000 else f"{distance_m / 1000:.0f}"


def _choose_found_hospital(turn: Conversation, session: Session) -> Mapping[str, str]:
    words: dict[str, str] = json.loads(session.variables["found_hospital"])
    return words


def _text_found_hospital(turn: Conversation, session: Session) -> Mapping[str, str]:
    words = {
        "hospital": session.variables["hospital"],
        "distance_km": session.variables["distance_km"],
        "last_place": near_place(session).name,
    }
    enqueue(
        turn.uow,
        channel=Channel.SMS,
        recipient=turn.phone,
        text=turn.text(session, "sms.found_hospital", words),
        purpose="found_hospital",
        urgency=2,
    )
    return {}


INTENTS: Mapping[str, Does] = {
    "find_place": _find_place,
    "choose_find_place": _choose_find_place,
    "choose_found_hospital": _choose_found_hospital,
    "text_found_hospital": _text_found_hospital,
}
LISTS: Mapping[str, Lists] = {"found_places": _found_places, "hospitals": _hospitals}
FACTS: Facts = {
    "find_place": frozenset({"known", "choices", "none"}),
    "found_places": ANY,
    "near": ANY,
    "hospital": ANY,
    "distance_km": ANY,
    "minutes": ANY,
    "sure": YES,
}
