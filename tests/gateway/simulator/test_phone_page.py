"""The phone in a real browser, against a tiny gateway on loopback."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.simulator.control_client import SimulatorControl
from tests.chromium import chromium, quiet_page
from tests.gateway.simulator.loopback import SHORTCODE, VOICE_NUMBER, Loopback, loopback

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world() -> Iterator[Loopback]:
    with loopback() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when the console complains, about the content policy too."""
    with quiet_page(browser, 1000, 860) as opened:
        yield opened


def pick_up(page: Page, world: Loopback, number: str, query: str = "") -> None:
    page.goto(f"{world.url}/phone/{number}{query}")
    expect(page.locator("#shown")).to_contain_text("Dial")


def test_an_emergency_by_keyboard_alone(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000401")
    page.keyboard.type("*384*911#")
    page.keyboard.press("Enter")
    shown = page.locator("#shown")
    expect(shown).to_have_text("Haven\n1 English\n2 Kiswahili")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("8 Other sickness")
    expect(page.locator("#characters")).to_have_text("150/160 characters")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("Where is the patient?")
    page.keyboard.type("olympic kibra")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("7K2F. Telling Kenyatta National")
    assert world.gateway.forms("ussd")[-1]["text"] == "1*2*olympic kibra"
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("Dial a code")


def test_the_keypad_and_the_timer(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254733000402")
    for key in "*384*911#":
        page.click(f"[data-key='{key}']")
    expect(page.locator("#typed")).to_have_value("*384*911#")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#network")).to_contain_text("Airtel")
    expect(page.locator("#timer")).to_contain_text("s to answer")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#remark")).to_have_text("You ended the session.")


def test_a_whole_screen_fits_without_scrolling(page: Page, world: Loopback) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    pick_up(page, world, "254711000403", "?embed=1")
    page.fill("#typed", "*384*911*1#")
    page.keyboard.press("Enter")
    expect(page.locator("#shown")).to_contain_text("8 Other sickness")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shown = "document.getElementById('shown')"
    assert page.evaluate(f"{shown}.scrollHeight <= {shown}.clientHeight")
    expect(page.locator("header")).to_have_count(0)


def test_a_message_comes_in_and_is_answered(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000404")
    world.provider.send_sms("+254711000404", "7K2F Reply 1 <b>no</b> transport", SHORTCODE)
    expect(page.locator("#messages li")).to_contain_text("7K2F Reply 1 <b>no</b> transport")
    expect(page.locator("#unread")).to_have_text("1 new")
    page.get_by_role("button", name="1 new messages").click()
    page.keyboard.type("1")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#messages li.sent")).to_contain_text("1")
    expect(page.locator("#unread")).to_be_hidden()


def test_a_call_is_taken_and_keyed(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000405")
    world.provider.call("+254711000405", VOICE_NUMBER)
    expect(page.locator("#shown")).to_contain_text(f"{VOICE_NUMBER}\nis calling")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#shown")).to_contain_text("Press 1 to accept")
    page.click("[data-key='1']")
    expect(page.locator("#shown")).to_contain_text("The patient is told.")
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#shown")).to_contain_text("Dial a code")


def test_trouble_on_the_next_screen(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000406")
    page.get_by_text("Make trouble").click()
    page.get_by_label("twice").check()
    page.get_by_role("button", name="Dial *384*911#").click()
    expect(page.locator("#remark")).to_have_text("Posted twice: both answers are the same.")
    expect(page.get_by_label("twice")).not_to_be_checked()
    page.get_by_role("button", name="Battery dies").click()
    expect(page.locator("#timer")).to_be_hidden()
    page.get_by_role("button", name="Hang up in the middle").click()
    expect(page.get_by_role("alert")).to_have_text("There is no session to drop.")


def test_two_pages_show_the_same_phone(page: Page, world: Loopback, browser: Browser) -> None:
    pick_up(page, world, "254711000407")
    other = browser.new_page()
    pick_up(other, world, "254711000407")
    page.get_by_role("button", name="Dial *384*911#").click()
    expect(other.locator("#shown")).to_contain_text("1 English")
    other.close()


def test_every_control_has_a_name(page: Page, world: Loopback) -> None:
    for path in ("/", "/phone/254711000408", "/control"):
        page.goto(f"{world.url}{path}")
        nameless = page.evaluate(
            "[...document.querySelectorAll('button, input, select, textarea')].filter(e =>"
            " !(e.textContent.trim() && e.tagName === 'BUTTON') && !e.ariaLabel"
            " && !(e.labels && e.labels.length)).map(e => e.outerHTML)"
        )
        assert nameless == []
    page.goto(f"{world.url}/phone/254711000408")
    expect(page.locator("#shown")).to_have_attribute("aria-live", "polite")


def test_the_control_panel_makes_the_next_message_fail(page: Page, world: Loopback) -> None:
    page.goto(f"{world.url}/control")
    expect(page.get_by_label("Odd answer").locator("option")).to_have_count(13)
    page.get_by_label("AT’s status code").fill("406")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#faults li")).to_have_text("channel: sms, count: 1, status code: 406")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#faults li")).to_have_count(0)
    SimulatorControl(world.url).add_fault("ussd-end")
    page.goto(f"{world.url}/control")
    expect(page.locator("#faults li")).to_have_text("channel: ussd-end, count: 1")
    SimulatorControl(world.url).clear_faults()


def test_the_first_page_opens_a_phone(page: Page, world: Loopback) -> None:
    page.goto(world.url)
    page.get_by_label("Another number").fill("+254 711 000 409")
    page.get_by_role("button", name="Open this phone").click()
    expect(page).to_have_url(f"{world.url}/phone/254711000409")
