"""Call me: a caller who cannot read, or has no credit, is called and hears the same menus."""

from collections.abc import Mapping

from gateway.menus.conversation import YES, Conversation, Does, Facts, Lists
from gateway.return_calls.calling_back import call_back
from ussd_menus.session import Session


def _call_me(turn: Conversation, session: Session) -> Mapping[str, str]:
    return {"called": "yes" if call_back(turn.uow, turn.phone) else ""}


INTENTS: Mapping[str, Does] = {"call_me": _call_me}
LISTS: Mapping[str, Lists] = {}
FACTS: Facts = {"called": YES}
