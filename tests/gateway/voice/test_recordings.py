"""Recordings: played where they are, said where they are not, and nothing else is served."""

import io
import wave
from pathlib import Path

import pytest

from gateway.voice.speech import fixed_prompts
from tests.journeys.voice_phone import VoicePhone
from tests.journeys.world import SECRET, World

SOUND = b"RIFF....WAVE"


@pytest.fixture
def prompts(world: World) -> Path:
    return world.services.config.prompts_dir


def record(prompts: Path, *names: str) -> None:
    for name in names:
        file = prompts / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SOUND)


def test_a_recording_is_played_and_the_rest_is_said(world: World, prompts: Path) -> None:
    record(prompts, "en/language", "en/press_1", "sw/press_2")
    phone = VoicePhone(world)
    phone.rings_haven()
    phone.picks_up()
    assert phone.heard.startswith(
        "This is Haven. [en/language] [en/press_1] Kiswahili, [sw/press_2]"
    )


def test_a_played_address_holds_no_secret_and_can_be_kept(world: World, prompts: Path) -> None:
    record(prompts, "en/language")
    phone = VoicePhone(world)
    phone.rings_haven()
    sound = phone.picks_up().script.find(".//Play")
    assert sound is not None
    url = sound.get("url", "")
    assert url.startswith("http://127.0.0.1:8000/prompts/en/language.wav?v=")
    assert SECRET not in url
    answer = world.client.get(url.removeprefix("http://127.0.0.1:8000"))
    assert answer.get_data() == SOUND
    assert answer.headers["Content-Type"] == "audio/wav"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    # Another recording has another address.
    (prompts / "en/language.wav").write_bytes(SOUND + b"!")
    phone.hangs_up().rings_haven()
    again = phone.picks_up().script.find(".//Play")
    assert again is not None
    assert again.get("url") != url


def speak(prompts: Path, name: str, *, frames: int = 80, rate: int = 8000) -> None:
    file = prompts / f"{name}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as recording:
        recording.setparams((1, 2, rate, 0, "NONE", ""))
        recording.writeframes(bytes(2 * frames))


def test_a_question_that_is_all_recorded_is_one_sound_that_a_key_cuts_short(
    world: World, prompts: Path
) -> None:
    menus = world.services.menus
    names = fixed_prompts(menus, menus.catalogue("en"))
    for name in names:
        speak(prompts, f"en/{name}")
    phone = VoicePhone(world)
    phone.rings_haven()
    phone.picks_up()
    phone.presses("1")
    (inside,) = phone.script.findall("GetDigits/*")
    assert phone.script.findall("Play") == phone.script.findall("Say") == []
    url = inside.get("url", "")
    assert "en/press_1,en/screens.what.2," in url
    answer = world.client.get(url.removeprefix("http://127.0.0.1:8000"))
    with wave.open(io.BytesIO(answer.get_data())) as whole:
        assert whole.getnframes() == 80 * (url.count(",") + 1)


def test_recordings_of_different_forms_are_played_one_after_the_other(
    world: World, prompts: Path
) -> None:
    menus = world.services.menus
    for number, name in enumerate(fixed_prompts(menus, menus.catalogue("en"))):
        speak(prompts, f"en/{name}", rate=8000 if number % 2 else 16000)
    phone = VoicePhone(world)
    phone.rings_haven()
    phone.picks_up()
    phone.presses("1")
    assert len(phone.script.findall("GetDigits/*")) == 1
    assert len(phone.script.findall("Play")) > 5


@pytest.mark.parametrize(
    "of",
    ["", "en/missing", "en/a,", "en/../secret", "en/a,sw/../../secret", "en/a," * 70, "en"],
)
def test_a_row_of_anything_else_is_not_served(world: World, prompts: Path, of: str) -> None:
    speak(prompts, "en/a")
    speak(prompts, "../secret")
    answer = world.client.get("/prompts/in-a-row/a.wav", query_string={"of": of})
    assert answer.status_code == 404
    assert world.client.get("/prompts/in-a-row/a.wav?of=en/a,en/a").status_code == 200


def test_a_part_of_a_recording_can_be_asked_for(world: World, prompts: Path) -> None:
    record(prompts, "en/language")
    part = world.client.get("/prompts/en/language.wav", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.get_data()) == (206, b"RIFF")


@pytest.mark.parametrize(
    "address",
    [
        "/prompts/",
        "/prompts/en",
        "/prompts/en/",
        "/prompts/en/recordings.json",
        "/prompts/en/missing.wav",
        "/prompts/en/../secret.wav",
        "/prompts/en/..%2fsecret.wav",
        "/prompts/en/%2e%2e%2fsecret.wav",
        "/prompts/../secret.wav",
        "/prompts/%2e%2e/secret.wav",
        "/prompts/./secret.wav",
        "/prompts/en/linked.wav",
        "/prompts/en/.hidden.wav",
        "/prompts/en/a%00b.wav",
        "/prompts/en/sub/secret.wav",
    ],
)
def test_nothing_else_is_served(world: World, prompts: Path, address: str) -> None:
    record(prompts, "en/language", "en/.hidden", "en/sub/secret", "secret")
    (prompts / "../secret.wav").write_bytes(SOUND)
    (prompts / "en/recordings.json").write_text("{}")
    (prompts / "en/linked.wav").symlink_to(prompts / "secret.wav")
    assert world.client.get(address).status_code == 404
