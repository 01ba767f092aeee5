"""The whole of Haven as people meet it: a phone in one browser window, a hospital's console in
another, and every program of the demo between them.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.demo.stage import BOXES, Stage
from gateway.simulator.client import Phone
from tests.chromium import chromium, quiet_page
from tests.journeys.free_addresses import free_addresses

pytestmark = [pytest.mark.browser, pytest.mark.processes]
# Milliseconds; from a press on the phone to the other end, through all processes.
_WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage"), free_addresses()) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_from_a_dialled_code_to_the_answer_on_the_phone(stage: Stage, browser: Browser) -> None:
    with (
        quiet_page(browser, 1000, 860) as phone,
        quiet_page(browser) as first,
        quiet_page(browser, 450, 800) as second,
    ):
        consoles = {BOXES[0]: first, BOXES[1]: second}
        for number, console in enumerate(consoles.values()):
            _open_console(console, stage.addresses.box(number))
        phone.goto(f"{stage.addresses.simulator}/phone/254711000111")

        screen = phone.locator("#shown")
        expect(screen).to_contain_text("Dial")
        _types(phone, "*384*911#", "1 English")
        _types(phone, "1", "Press FIRST")
        _types(phone, "2", "saved. It is from")
        code = screen.inner_text()[:4]
        _types(phone, "2", "Where is the patient?")
        _types(phone, "kibera", None)
        expect(screen).to_contain_text("Telling")
        hospital = next(name for name in BOXES if name[:12] in screen.inner_text())

        console = consoles[hospital]
        card = console.locator(".card.asks", has_text=code)
        expect(card).to_be_visible(timeout=_WITHIN_MS)
        expect(console.locator("body")).to_have_attribute("data-sound", "critical")
        expect(card).to_contain_text("heavy bleeding, from a crash, injury or burn")
        expect(card).to_contain_text("+254 711 000 111")
        card.get_by_role("button", name="Accept").click()
        accepted = console.locator(".card", has_text=code)
        expect(accepted).to_contain_text("Confirmed by the gateway", timeout=_WITHIN_MS)
        expect(console.locator("body")).to_have_attribute("data-sound", "")

        messages = phone.locator("#messages")
        expect(messages).to_contain_text(f"{hospital} expects you", timeout=_WITHIN_MS)
        phone.fill("#reply-text", "1")
        phone.get_by_role("button", name="Send message").click()
        expect(accepted).to_contain_text("Has NO transport yet", timeout=_WITHIN_MS)
        accepted.get_by_role("button", name="Arrived").click()
        earlier = console.locator("#earlier")
        expect(earlier).to_contain_text("Earlier patients (1)", timeout=_WITHIN_MS)


def test_who_cannot_read_is_called_back_and_listens(stage: Stage, browser: Browser) -> None:
    number = "+254711000222"
    with Phone(stage.addresses.simulator, number) as known:
        # An earlier alert, called off: the place is offered again.
        known.dials("*384*911#").chooses("2").chooses("1").chooses("2").types("kibera")
        known.dials("*384*911#").chooses("5").chooses("1")
    with quiet_page(browser, 360, 800) as phone, quiet_page(browser) as console:
        _open_console(console, stage.addresses.box(0))
        phone.goto(f"{stage.addresses.simulator}/phone/{number.removeprefix('+')}")
        phone.get_by_role("button", name="OK").click()
        phone.get_by_role("button", name="Missed call to Haven").click()
        screen = phone.locator("#shown")
        expect(screen).to_contain_text("is calling", timeout=_WITHIN_MS)
        phone.get_by_role("button", name="Answer").click()
        first = phone.locator("#shown li").first
        expect(first).to_contain_text("screens.what.title.wav", timeout=_WITHIN_MS)
        expect(first).to_have_class("play playing", timeout=_WITHIN_MS)
        # A key cuts the question short.
        phone.click("[data-key='2']")
        expect(first).to_have_class("play", timeout=_WITHIN_MS)
        expect(screen).to_contain_text("screens.cause.title.wav", timeout=_WITHIN_MS)
        phone.click("[data-key='2']")
        expect(screen).to_contain_text("Kibera, Nairobi", timeout=_WITHIN_MS)
        phone.click("[data-key='1']")
        expect(screen).to_contain_text("receipt_told", timeout=_WITHIN_MS)
        # Of many prompts in a row, the one that is heard can be seen.
        heard = phone.locator("#shown .playing")
        expect(heard).to_be_in_viewport(ratio=0.9, timeout=_WITHIN_MS)
        hospital = next(name for name in BOXES if name[:12] in screen.inner_text())
        if hospital != BOXES[0]:
            _open_console(console, stage.addresses.box(BOXES.index(hospital)))
        card = console.locator(".card.asks", has_text="heavy bleeding")
        expect(card.first).to_be_visible(timeout=_WITHIN_MS)


def _open_console(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#silent").click()
    expect(page.locator("#silent")).to_be_hidden()
    expect(page.locator("#link")).to_contain_text("Linked to Haven", timeout=_WITHIN_MS)


def _types(phone: Page, text: str, then: str | None) -> None:
    """Types and sends on the phone; `then` is on the next screen. A place that could be several is
    settled with the first.
    """
    screen = phone.locator("#shown")
    phone.locator("#typed").fill(text)
    phone.keyboard.press("Enter")
    if then is not None:
        expect(screen).to_contain_text(then, timeout=_WITHIN_MS)
        return
    expect(screen).not_to_contain_text("Where is the patient?", timeout=_WITHIN_MS)
    if "Which one?" in screen.inner_text():
        phone.locator("#typed").fill("1")
        phone.keyboard.press("Enter")
