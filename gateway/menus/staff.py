"""Hospital staff."""

from collections.abc import Mapping

from gateway.menus.conversation import Does, Lists

INTENTS: Mapping[str, Does] = {}
LISTS: Mapping[str, Lists] = {}
