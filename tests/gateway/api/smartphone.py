"""A smartphone without an account, as stories use it."""

from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
KIBRA = {"lat": -1.3133, "lon": 36.7890}
BASE = "/api/v1"


@dataclass
class Smartphone:
    """Raises one emergency and follows it."""

    world: World
    emergency: dict[str, Any] = field(default_factory=dict)

    def raises(self, **body: Any) -> dict[str, Any]:
        answer = self.world.client.post(f"{BASE}/emergencies", json=body)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        self.emergency = answer.get_json()
        self.world.settle()
        return self.emergency

    def looks(self, below: str = "", **headers: str) -> TestResponse:
        return self.world.client.get(self._path(below), headers={**self._token(), **headers})

    def sees(self) -> dict[str, Any]:
        answer = self.looks()
        assert answer.status_code == 200, answer.get_data(as_text=True)
        seen: dict[str, Any] = answer.get_json()
        return seen

    def says(self, what: str, **body: Any) -> TestResponse:
        answer = self.world.client.post(self._path(f"/{what}"), json=body, headers=self._token())
        self.world.settle()
        return answer

    def _path(self, below: str) -> str:
        return f"{BASE}/emergencies/{self.emergency['id']}{below}"

    def _token(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.emergency['token']}"}
