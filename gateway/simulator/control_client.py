"""Whoever runs the simulator, over its `/control` interface: faults, credit, the journal."""

from typing import Any

import requests

from shared.errors import InvalidInput

_REQUEST_LIMIT_S = 10.0


class SimulatorControl:
    """One running simulator."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/control"

    def add_fault(self, channel: str, **fields: object) -> None:
        """One more thing goes wrong; the fields are those of `gateway.simulator.faults.Fault`.

        Raises InvalidInput with the simulator's reason.
        """
        self._answer("POST", "faults", {"channel": channel, **fields})

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self._answer("DELETE", "faults")

    def set_credit(self, left_kes: float | None) -> None:
        """What is left on the account; None means without end."""
        self._answer("PUT", "credit", {"left_kes": left_kes})

    def journal(self, after: int = 0) -> list[dict[str, Any]]:
        """What happened after entry number `after`: `number`, `at`, `event`, `details`."""
        entries: list[dict[str, Any]] = self._answer("GET", f"journal?after={after}").json()
        return entries

    def _answer(self, method: str, path: str, body: object = None) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, f"{self._url}/{path}", json=body, timeout=_REQUEST_LIMIT_S
            )
        if answer.status_code >= 400:
            raise InvalidInput(str(answer.json().get("error", f"HTTP {answer.status_code}")))
        return answer
