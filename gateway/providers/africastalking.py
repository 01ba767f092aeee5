"""Africa's Talking (AT): text messages and calls, with every odd answer seen in the field.

AT's own Python SDK (africastalking 2.0.3) builds the requests; the transport below it is ours,
because the SDK's forwards the API key on a redirect, hides the HTTP status, and waits longer than
it says. What an answer means is read in `africastalking_answers`.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from africastalking.SMS import SMSService
from africastalking.Voice import VoiceService

from gateway.providers.africastalking_answers import read_call, read_sms
from gateway.providers.http_post import (
    Answer,
    AnswerLost,
    FormPoster,
    PooledFormPoster,
    TimeLimits,
    Unreachable,
)
from gateway.providers.ports import Accepted
from shared.errors import InvalidInput, OperatorMustAct, SendRefused, SendRetryable
from shared.gsm import to_gsm


class AfricasTalking:
    """An SmsSender and a VoiceCaller over AT's HTTP interface; safe to share among threads.

    Without addresses it writes to AT's own; others must be https, or http inside our own network
    (the simulator). Raises InvalidInput when one would carry the API key readable over the
    internet.
    """

    def __init__(
        self,
        username: str,
        api_key: str,
        base_url: str | None = None,
        voice_url: str | None = None,
        post: FormPoster | None = None,
    ) -> None:
        self._post = post or PooledFormPoster(TimeLimits(connect_s=3.0, answer_s=10.0))
        self._sms = SMSService(username, api_key)
        self._voice = VoiceService(username, api_key)
        # The SDK has no seam for its transport or addresses; these two attributes are where all of
        # its requests pass. The contract test against the simulator notices if a release moves
        # them.
        self._sms._make_request = self._request
        self._voice._make_request = self._request
        if base_url:
            usable = _private_or_secure(base_url, "HAVEN_AT_BASE_URL")
            self._sms._baseUrl = f"{usable}/version1"
        if voice_url:
            self._voice._baseUrl = _private_or_secure(voice_url, "HAVEN_AT_VOICE_URL")
        self._has_voice = bool(voice_url) or username != "sandbox"

    def send_sms(self, to: str, text: str, sender: str | None) -> Accepted:
        """See `SmsSender.send_sms`. The text is forced into GSM-7, so that it is billed and shown
        as counted.
        """
        if not text.strip():
            raise SendRefused("The text is empty; there is nothing to send.")
        try:
            answer: Answer = self._sms.send(to_gsm(text), [to], sender_id=sender or None)
        except ValueError:
            raise SendRefused("The number is not one that Africa's Talking can reach.") from None
        return read_sms(answer, to)

    def call(self, to: str, caller: str) -> Accepted:
        """See `VoiceCaller.call`."""
        if not self._has_voice:
            raise OperatorMustAct(
                "Africa's Talking has no sandbox for calls; set HAVEN_AT_VOICE_URL to a simulator, "
                "or use a live account."
            )
        try:
            answer: Answer = self._voice.call(caller, [to])
        except ValueError:
            raise SendRefused("The number is not one that Africa's Talking can call.") from None
        return read_call(answer)

    def _request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        data: Mapping[str, object],
        params: object,
        callback: object = None,
        timeout: object = None,
    ) -> Answer:
        """Stands in for the SDK's own transport, with its signature; only posts are used here, and
        our time limits count.
        """
        try:
            return self._post(url, headers, {name: str(value) for name, value in data.items()})
        except Unreachable:
            raise SendRetryable("Africa's Talking could not be reached.") from None
        except AnswerLost:
            raise SendRetryable(
                "Africa's Talking gave no whole answer; the message may be on its way."
            ) from None


def _private_or_secure(url: str, variable: str) -> str:
    """The address without a slash at its end.

    Raises InvalidInput unless it is https, or http to a machine of our own.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return url.rstrip("/")
    try:
        own = ip_address(host).is_private
    except ValueError:
        own = bool(host) and "." not in host  # A name inside our own network, such as `simulator`.
    if parts.scheme != "http" or not own:
        raise InvalidInput(
            f"{variable} must be an https:// address; http:// is for a simulator on this machine "
            "or network only, because the API key travels with every request."
        )
    return url.rstrip("/")
