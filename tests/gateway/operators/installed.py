"""A gateway in this process, and the commands that operators type beside it."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from gateway.app import create_app
from gateway.bootstrap import Gateway
from gateway.cli import main
from tests.journeys.world import SAFARICOM, SECRET, SERVICE_CODE

PROJECT = Path(__file__).resolve().parents[3]


class Installed:
    """A gateway in this process, and the commands that operators type beside it."""

    def __init__(self, environment: dict[str, str], gateway: Gateway) -> None:
        self.environment = environment
        self._client = create_app(gateway).test_client()
        self._turns = 0
        self.gateway = gateway

    def runs(self, *words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, words, env=self.environment, catch_exceptions=False)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    def lists(self, *words: str) -> Any:
        return json.loads(self.runs(*words, "--json").output)

    def dials(self, answers: str, number: str = "+254711000111") -> str:
        """What the caller reads at the end."""
        self._turns += 1
        form = {
            "sessionId": f"ATUid_{self._turns}",
            "phoneNumber": number,
            "networkCode": SAFARICOM,
            "serviceCode": SERVICE_CODE,
            "text": answers,
        }
        door = f"/callbacks/africastalking/{SECRET}/ussd"
        return self._client.post(door, data=form).get_data(as_text=True)
