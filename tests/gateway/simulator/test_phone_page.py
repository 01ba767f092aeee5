"""The phone in a real browser, against a tiny gateway on loopback."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.simulator.client import Phone
from gateway.simulator.control_client import SimulatorControl
from shared.gsm import septets, to_gsm
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
    expect(page.locator("#characters")).to_have_text("157/160 characters")
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


@pytest.mark.parametrize("query", ["", "?embed=1"])
@pytest.mark.parametrize(("language", "last"), [("1", "9 More"), ("2", "9 Zaidi")])
def test_a_whole_screen_fits_without_scrolling(
    page: Page, world: Loopback, language: str, last: str, query: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    pick_up(page, world, f"2547110005{language}{len(query)}", query)
    page.fill("#typed", f"*384*911*{language}#")
    page.keyboard.press("Enter")
    expect(page.locator("#shown")).to_contain_text(last)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shown = "document.getElementById('shown')"
    assert page.evaluate(f"{shown}.scrollHeight <= {shown}.clientHeight")
    expect(page.locator("header")).to_have_count(0 if query else 1)


@pytest.mark.parametrize("width", [180, 320])
def test_a_narrow_page_at_twice_its_size_cuts_nothing_off(
    page: Page, world: Loopback, width: int
) -> None:
    """360 and 640 pixels, zoomed to 200 %."""
    page.set_viewport_size({"width": width, "height": 370})
    number = f"254711000{width}"
    pick_up(page, world, number)
    page.fill("#typed", "*384*911*1*2*olympic kibra#")
    page.keyboard.press("Enter")
    expect(page.locator("#shown")).to_contain_text("7K2F. Telling Kenyatta National")
    world.provider.send_sms(f"+{number}", "7K2F: go now to Kenyatta National Hospital", SHORTCODE)
    expect(page.locator("#messages li")).to_have_count(1)
    for part in ("document.documentElement", "document.getElementById('shown')"):
        assert page.evaluate(f"{part}.scrollWidth <= {part}.clientWidth"), part
    shown = "document.getElementById('shown')"
    assert page.evaluate(f"{shown}.scrollHeight <= {shown}.clientHeight")
    assert page.evaluate("""() => [...document.querySelectorAll("button, input, textarea")].every(
        (each) => each.getBoundingClientRect().right <= innerWidth)""")


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


def test_prompts_are_played_one_after_the_other(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000410")
    page.get_by_role("button", name="Call Haven", exact=True).click()
    shown = page.locator("#shown")
    expect(shown).to_contain_text(f"Calling\n{VOICE_NUMBER}")
    expect(shown).to_contain_text("Press 1 to accept")
    with page.expect_request("**/api/call/plays") as told:
        page.click("[data-key='1']")
    sent = told.value.post_data_json or {}
    assert sent["length_s"] == pytest.approx(0.3, abs=0.1)
    heard = page.locator("#shown li")
    expect(heard).to_have_text(
        [
            "“Haven. One patient, heavy bleeding. Press 1 to accept.”",
            "♪ thanks.wav",
            "“Thank you. The patient is told.”",
            "♪ Not recorded yet",
        ]
    )
    expect(heard.nth(1)).to_have_class("play played")
    expect(heard.nth(3)).to_have_class("play without-sound")
    expect(shown).to_contain_text("Call ended")
    page.get_by_role("button", name="OK").click()
    expect(shown).to_contain_text("Dial a code")


def test_a_page_that_is_opened_after_a_call_stays_quiet(page: Page, world: Loopback) -> None:
    with Phone(world.url, "+254711000411") as phone:
        phone.calls_haven().hears("Press 1").presses("1").hears("is told")
    page.goto(f"{world.url}/phone/254711000411")
    expect(page.locator("#shown li")).to_have_count(4)
    expect(page.locator("#shown li").nth(3)).to_have_class("play without-sound")
    assert page.evaluate("[...document.querySelectorAll('audio')].every((one) => one.paused)")
    expect(page.locator("#shown li").nth(1)).to_have_class("play")


def test_a_missed_call(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000412")
    page.get_by_role("button", name="Missed call to Haven").click()
    expect(page.locator("#shown")).to_have_text("You hung up before it was answered")
    (came,) = [
        form
        for form in world.gateway.forms("voice")
        if form["callerNumber"] == "+254711000412" and form["isActive"] == "1"
    ]
    assert came["direction"] == "Inbound"
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#shown")).to_contain_text("Dial a code")


def test_what_is_used_of_the_operators_limits_is_shown(page: Page, world: Loopback) -> None:
    pick_up(page, world, "254711000413")
    expect(page.locator("#session")).to_have_text("")
    page.get_by_role("button", name="Dial *384*911#").click()
    expect(page.locator("#timer")).to_have_text(
        re.compile(r"^\d/30 s to answer · \d/180 s in all$")
    )
    session = world.gateway.forms("ussd")[-1]["sessionId"]
    expect(page.locator("#session")).to_have_text(f"Session, turn 1:\n{session}")
    size = page.locator("#typed-size")
    page.keyboard.type("[1] €")
    expect(size).to_have_text("typed 8/80")
    page.fill("#typed", "x" * 81)
    expect(size).to_have_text("typed 81/80")
    expect(size).to_have_class("short-time")
    page.fill("#typed", "")
    expect(size).to_have_text("")
    page.get_by_role("button", name="Cancel").click()
    over = page.locator("#session")
    expect(over).to_have_text(re.compile(rf"^Session over after 1 turn and \d s:\n{session}$"))


def test_the_page_counts_what_is_typed_as_the_operator_does(page: Page, world: Loopback) -> None:
    page.goto(f"{world.url}/phone/254711000414")
    alphabet = [chr(code) for code in (*range(0x20, 0x250), *range(0x390, 0x3CA), 0x20AC, 0x2026)]
    counted = page.evaluate(
        "async (all) => { const { septets } = await import('/static/septets.js');"
        " return all.map(septets); }",
        alphabet,
    )
    assert counted == [septets(to_gsm(character)) for character in alphabet]


def test_a_session_can_be_dropped_while_the_network_holds_its_answer(
    page: Page, world: Loopback
) -> None:
    pick_up(page, world, "254711000415")
    page.get_by_role("button", name="Dial *384*911#").click()
    expect(page.locator("#shown")).to_contain_text("1 English")
    page.get_by_text("Make trouble").click()
    page.get_by_label("Hold it for").select_option("40")
    page.fill("#typed", "1")
    page.locator("#typed").press("Enter")
    expect(page.locator("#remark")).to_have_text("The network holds it for 40 s.")
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.locator("#remark")).to_have_text("You ended the session.")
    page.get_by_role("button", name="OK").click()
    page.get_by_role("button", name="Dial *384*911#").click()
    expect(page.locator("#shown")).to_contain_text("1 English")
    ours = [f for f in world.gateway.forms("ussd") if f["phoneNumber"] == "+254711000415"]
    assert [form["text"] for form in ours] == ["", ""]


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
