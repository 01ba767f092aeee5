"""A simulator and a tiny gateway behind it, both real servers on loopback."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from flask import Flask, Response, request

from gateway.machine import real_system
from gateway.providers.africastalking import AfricasTalking
from gateway.simulator.app import create_simulator
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.server import running

SECRET = "callback-secret-of-tests"
KEY = "atsk_loopback"
SHORTCODE = "20911"
VOICE_NUMBER = "+254711082000"

WHAT = (
    "CON Press FIRST that is true\n1 Can't wake/breathe\n2 Heavy bleeding\n3 Fits\n"
    "4 Pregnancy/birth\n5 Crash/injury/burn\n6 Snake bite\n7 Poison\n8 Other sickness\n9 More"
)
SCREENS = {
    "": "CON Haven\n1 English\n2 Kiswahili",
    "1": WHAT,
    "2": "CON Bonyeza ya KWANZA ya kweli\n1 Haamki/hapumui vizuri\n2 Damu nyingi\n3 Degedege\n"
    "4 Mimba/uzazi\n5 Ajali/jeraha/kuungua\n6 Nyoka\n7 Sumu\n8 Ugonjwa mwingine\n9 Zaidi",
    "1*2": "CON Where is the patient?\nType village/stage + town\ne.g. Olympic Kibra\n9 Don't know",
}
RECEIPT = (
    "END 7K2F. Telling Kenyatta National, about 20 min. Go now. Press hard on the wound. "
    "No transport? Reply 1 to our SMS. Worse: call 999"
)
ASK_TO_ACCEPT = (
    '<Response><GetDigits timeout="20" numDigits="1"><Say>Haven. One patient, heavy bleeding. '
    "Press 1 to accept.</Say></GetDigits></Response>"
)
THANKS = (
    "<Response><Play url='{gateway}/thanks.wav'/><Say>Thank you. The patient is told.</Say>"
    "<Play url='{gateway}/missing.wav'>Not recorded yet</Play></Response>"
)


@dataclass
class TinyGateway:
    """Answers a menu of three screens, and keeps what it was told."""

    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("tiny-gateway")
        app.extensions["stop"] = lambda: None

        @app.post(f"/callbacks/africastalking/{SECRET}/<kind>")
        def callback(kind: str) -> Response:
            form = request.form.to_dict()
            self.told.append((kind, form))
            body = ""
            if kind == "ussd":
                body = SCREENS.get(form["text"], RECEIPT)
            elif kind == "voice" and form["isActive"] == "1":
                gateway = request.host_url.rstrip("/")
                pressed = "dtmfDigits" in form
                body = THANKS.format(gateway=gateway) if pressed else ASK_TO_ACCEPT
            return Response(body, content_type="text/plain")

        @app.get("/thanks.wav")
        def thanks() -> Response:
            return Response(_silence(), content_type="audio/wav")

        return app

    def forms(self, kind: str) -> list[dict[str, str]]:
        return [form for told, form in self.told if told == kind]


@dataclass(frozen=True)
class Loopback:
    url: str
    gateway: TinyGateway
    provider: AfricasTalking


def _silence(length_s: float = 0.3) -> bytes:
    """A file of silence."""
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * int(8000 * length_s)))
    return written.getvalue()


@contextmanager
def loopback() -> Iterator[Loopback]:
    gateway = TinyGateway()
    with running(gateway.app()) as gateway_url:
        config = SimulatorConfig(
            gateway_url, SECRET, KEY, voice_number=VOICE_NUMBER, delivery_delay_s=0.1
        )
        with running(create_simulator(config, real_system())) as url:
            yield Loopback(
                url,
                gateway,
                AfricasTalking("sandbox", KEY, url, url),
            )
