"""An SMS has arrived, by whatever carrier: it is a box's, a person's, or nobody can be answered."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from gateway.database.database import NotInTime
from gateway.sms import incoming
from gateway.sms.incoming import IncomingSms
from gateway.unit_of_work import Services
from shared.errors import HavenError, InvalidInput
from shared.identifier import to_text
from shared.phone_number import normalise

_log = structlog.get_logger(__name__)

# Takes in what a hospital's box texted (its number, the text); False when it is no box's.
BoxTexts = Callable[[str, str], bool]


def arrive(services: Services, came: IncomingSms, box_texts: BoxTexts) -> None:
    """Takes it in. What cannot be taken in is logged, without its words.

    Raises NotInTime: it has to be handed over again then.
    """
    if not (came.sender or came.text.strip()):
        _log.warning("incoming sms refused", reason="neither a sender nor a text came.")
        return
    if box_texts(came.sender, came.text):
        # What the box said may have caused texts.
        services.sender_bell.ring()
        return
    if not came.provider_id:
        # Without the carrier's name for it one that comes again cannot be known: better two
        # notes about one cry than none.
        came = replace(came, provider_id=f"unnamed-{to_text(services.system.new_id())}")
    take_in = incoming.receive
    try:
        came = replace(came, sender=normalise(came.sender, services.config.country))
    except InvalidInput:
        take_in = incoming.keep_for_operators
    try:
        take_in(services, came)
    except NotInTime:
        raise  # It is sent again until it was taken in.
    except HavenError as error:
        _log.warning("incoming sms refused", reason=str(error))
