"""Sends one claimed message, and writes down what became of it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.alarms.alarm import raise_alarm, solve
from gateway.delivery import reports
from gateway.delivery.unreached import alarm_if_unreached
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel, Claimed
from gateway.providers.modem import Modem
from gateway.providers.ports import Accepted, SmsSender, VoiceCaller
from gateway.return_calls import calling_back
from gateway.sites import texting
from gateway.unit_of_work import Services, UnitOfWork
from shared.errors import OperatorMustAct, SendRefused, SendRetryable

_log = structlog.get_logger(__name__)

# An account that is out of credit is asked again this often: somebody may have topped it up.
_ACCOUNT_RETRY_S = 30.0
# By then half a minute or more has passed, and whoever waits for it may have to be phoned.
_PATIENT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Carriers:
    """Who carries what. `shortcode` is shown as the sender, and answers come to it."""

    sms: SmsSender
    voice: VoiceCaller
    shortcode: str
    # Calls leave from it; from the shortcode where there is none.
    voice_number: str = ""
    # Our own modem, which texts hospitals' boxes first.
    modem: Modem | None = None


def send(services: Services, carriers: Carriers, claimed: Claimed) -> None:
    """Hands the message to its carrier, outside every transaction, then marks it under its
    lease. One whose lease may end meanwhile is left alone: then another sender takes it.
    """
    if services.system.now() > claimed.lease_until - timedelta(seconds=outbox.LONGEST_SEND_S):
        return
    try:
        _require_fresh(services, claimed)
        accepted = _hand_over(carriers, claimed)
    except SendRetryable as error:
        reason, after_s = error.reason, error.after_s
        services.write(lambda uow: _retry(uow, claimed, reason, after_s))
        _log.warning("message will be sent again", message=claimed.id, reason=reason)
    except SendRefused as error:
        reason = error.reason
        services.write(lambda uow: _refused(uow, claimed, reason))
        _log.warning("message refused", message=claimed.id, reason=reason)
    except OperatorMustAct as error:
        reason = error.reason
        services.write(lambda uow: _operator_must_act(uow, claimed, reason))
        _log.error("messages are not going out", reason=reason)
    else:
        services.write(lambda uow: _accepted(uow, claimed, accepted))


def _require_fresh(services: Services, claimed: Claimed) -> None:
    if services.system.now() > claimed.valid_until:
        raise SendRefused("too old to be sent: what it says may be wrong by now")


def _hand_over(carriers: Carriers, claimed: Claimed) -> Accepted:
    if claimed.channel is Channel.VOICE:
        return carriers.voice.call(claimed.recipient, carriers.voice_number or carriers.shortcode)
    if claimed.purpose == texting.PURPOSE and carriers.modem is not None:
        with suppress(SendRetryable):
            return carriers.modem.send_sms(claimed.recipient, claimed.text, None)
    return carriers.sms.send_sms(claimed.recipient, claimed.text, carriers.shortcode)


def _accepted(uow: UnitOfWork, claimed: Claimed, accepted: Accepted) -> None:
    if accepted.message_id is not None:
        reports.one_at_a_time(uow, accepted.message_id)
    outbox.mark_sent(uow, claimed, accepted.message_id, accepted.cost or "")
    if accepted.message_id is not None:
        reports.apply_early(uow, accepted.message_id)
    solve(uow, "provider", None)


def _retry(uow: UnitOfWork, claimed: Claimed, reason: str, after_s: float | None) -> None:
    outbox.mark_retry(uow, claimed, reason, after_s)
    if claimed.attempts >= _PATIENT_ATTEMPTS:
        alarm_if_unreached(uow, claimed.id)
        if not outbox.anything_taken_since(uow, claimed.id):
            # Not this number but the carrier: nobody's messages go out.
            raise_alarm(uow, "provider", reason=reason)


def _operator_must_act(uow: UnitOfWork, claimed: Claimed, reason: str) -> None:
    outbox.mark_retry(uow, claimed, reason, _ACCOUNT_RETRY_S)
    raise_alarm(uow, "provider", reason=reason)


def _refused(uow: UnitOfWork, claimed: Claimed, reason: str) -> None:
    outbox.mark_failed(uow, claimed, reason)
    alarm_if_unreached(uow, claimed.id)
    if claimed.purpose == calling_back.PURPOSE:
        calling_back.not_made(uow, claimed.id)
