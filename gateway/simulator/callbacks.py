"""How the simulated Africa's Talking calls the gateway back."""

from collections.abc import Mapping
from contextlib import suppress

from gateway.providers.http_post import Answer, AnswerLost, FormPoster, Unreachable
from gateway.simulator.agenda import Agenda
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.journal import Journal

# Seconds between the tries of a callback that was not answered 200; the last one repeats.
_RETRY_AFTER_S = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
_GIVE_UP_AFTER_S = 12 * 3600.0  # AT tries inbound messages for 12 hours.


class Callbacks:
    """Posts forms to the gateway's callback addresses and writes each attempt into the journal."""

    def __init__(
        self, config: SimulatorConfig, post: FormPoster, agenda: Agenda, journal: Journal
    ) -> None:
        self._config = config
        self._post = post
        self._agenda = agenda
        self._journal = journal

    def ask(
        self,
        kind: str,
        form: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> Answer | None:
        """Posts once and waits for the answer; None when none came.

        `url` replaces the address of that kind, as the `callbackUrl` of a call's GetDigits does.
        """
        answer: Answer | None = None
        # ValueError and OSError cover the addresses that cannot be posted to at all.
        with suppress(AnswerLost, Unreachable, ValueError, OSError):
            answer = self._post(url or self._config.callback(kind), headers or {}, form)
        self._journal.write(
            "callback", kind=kind, form=dict(form), status=answer.status if answer else None
        )
        return answer

    def tell_once(self, kind: str, form: Mapping[str, str]) -> None:
        """Posts soon and forgets, as AT does with end-of-session notices and call events."""
        self._agenda.after(0.0, lambda: self.ask(kind, form))

    def tell(self, kind: str, form: Mapping[str, str], delay_s: float = 0.0) -> None:
        """Posts after `delay_s` and again until it is answered 200, for 12 hours at most."""
        self._agenda.after(delay_s, lambda: self._try(kind, form, attempt=0, waited_s=0.0))

    def _try(self, kind: str, form: Mapping[str, str], attempt: int, waited_s: float) -> None:
        answer = self.ask(kind, form)
        if answer is not None and answer.status == 200:
            return
        wait_s = _RETRY_AFTER_S[min(attempt, len(_RETRY_AFTER_S) - 1)]
        if waited_s + wait_s > _GIVE_UP_AFTER_S:
            self._journal.write("callback given up", kind=kind)
            return
        self._agenda.after(
            wait_s, lambda: self._try(kind, form, attempt + 1, waited_s=waited_s + wait_s)
        )
