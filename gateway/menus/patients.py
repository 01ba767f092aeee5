"""My details and what we share: what patients state about themselves, and whom they let see it.
Nothing of it is ever shown again on a phone.
"""

from collections.abc import Mapping

from gateway.callers import store as callers
from gateway.emergencies import code_lookup, summaries
from gateway.emergencies.code_lookup import CodeState
from gateway.medical import consent, profile
from gateway.medical.consent import Scope, Shown
from gateway.medical.profile import ProfileField
from gateway.menus.conversation import ANY, Conversation, Does, Facts, Lists
from gateway.menus.finding import near_place
from ussd_menus.session import Session

_SCOPE = Scope.SHARE_WITH_MATCHED_HOSPITAL
# Names the words of `screens.consent_ask`: whoever changes what they say gives them a new one.
_CONSENT_TEXT = "consent_ask/2026-11-30"


def _save_home(turn: Conversation, session: Session) -> Mapping[str, str]:
    place = near_place(session)
    callers.remember_home(turn.uow, turn.caller_id, place)
    return {"home_place": place.name}


def _save_blood_type(turn: Conversation, session: Session) -> Mapping[str, str]:
    stated = session.variables["blood_type"]
    with summaries.kept_true(turn.uow, turn.caller_id):
        profile.put(turn.uow, turn.caller_id, ProfileField.BLOOD_TYPE, stated)
    return _FORGOTTEN


def _save_allergies(turn: Conversation, session: Session) -> Mapping[str, str]:
    stated = session.variables["allergies"][: profile.LONGEST_ALLERGIES]
    with summaries.kept_true(turn.uow, turn.caller_id):
        profile.put(turn.uow, turn.caller_id, ProfileField.ALLERGIES, stated)
    return _FORGOTTEN


# The stored session does not keep in the clear what the profile seals.
_FORGOTTEN = {"blood_type": "", "allergies": ""}


def _erase_details(turn: Conversation, session: Session) -> Mapping[str, str]:
    with summaries.kept_true(turn.uow, turn.caller_id):
        profile.erase(turn.uow, turn.caller_id)
    callers.forget_home(turn.uow, turn.caller_id)
    return {"home_place": ""}


def _look_up_consent(turn: Conversation, session: Session) -> Mapping[str, str]:
    if _SCOPE in consent.standing(turn.uow, turn.caller_id):
        return {"consent": "given"}
    answered = consent.was_asked(turn.uow, turn.caller_id, _SCOPE)
    return {"consent": "withdrawn" if answered else "none"}


def _give_consent(turn: Conversation, session: Session) -> Mapping[str, str]:
    with summaries.kept_true(turn.uow, turn.caller_id):
        consent.give(turn.uow, turn.caller_id, _SCOPE, _shown(turn, session))
    return {"consent": "given"}


def _withdraw_consent(turn: Conversation, session: Session) -> Mapping[str, str]:
    with summaries.kept_true(turn.uow, turn.caller_id):
        consent.withdraw(turn.uow, turn.caller_id, _SCOPE, _shown(turn, session))
    return {"consent": "withdrawn"}


def _shown(turn: Conversation, session: Session) -> Shown:
    return Shown(_CONSENT_TEXT, turn.bearer, session.variables["language"])


def _check_code(turn: Conversation, session: Session) -> Mapping[str, str]:
    state = code_lookup.look_up(turn.uow, turn.caller_id, session.variables["code_asked"])
    return {"code_state": state.value}


INTENTS: Mapping[str, Does] = {
    "save_home": _save_home,
    "save_blood_type": _save_blood_type,
    "save_allergies": _save_allergies,
    "erase_details": _erase_details,
    "look_up_consent": _look_up_consent,
    "give_consent": _give_consent,
    "withdraw_consent": _withdraw_consent,
    "check_code": _check_code,
}
LISTS: Mapping[str, Lists] = {}
FACTS: Facts = {
    "home_place": ANY,
    "blood_type": frozenset(),
    "allergies": frozenset(),
    "consent": frozenset({"given", "withdrawn", "none"}),
    "code_state": frozenset(state.value for state in CodeState),
}
