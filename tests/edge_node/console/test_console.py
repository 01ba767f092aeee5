"""What staff see, hear and press on the hospital's console, in a real browser."""

import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from edge_node.dispatch import ANSWERS
from shared import capability
from shared.dispatch import CannotTreatReason, DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from shared.hospital import HospitalStatus
from shared.identifier import from_text
from tests.chromium import quiet_page
from tests.edge_node.console.ward import Ward, open_ward
from ussd_menus import files

pytestmark = pytest.mark.browser
HTML = [("Content-Type", "text/html")]


def dispatch_id(card: str) -> int:
    return from_text(card.removeprefix("#dispatch-"))


def rings(page: Page, sound: str) -> None:
    """What comes out of the loudspeaker; an empty name is silence."""
    expect(page.locator("body")).to_have_attribute("data-sound", sound)


def test_it_rings_until_somebody_accepts(page: Page, ward: Ward) -> None:
    rings(page, "")
    expect(page.locator("#nobody")).to_contain_text("This screen rings when one comes")
    card = ward.is_asked(age_years=24)
    rings(page, "critical")
    shown = page.locator(card)
    for words in (
        "Critical", "Heavy bleeding", "from a crash, injury or burn", "1 patient, 24 years",
        "+254 711 000 111", "Kibra, Nairobi", "typed: “olympic kibra”", "8.4 km away",
        "may be off by 800 m", "25 min on the road", "operating theatre · blood", "7K2F",
        "Another hospital is asked too in 1:",
    ):  # fmt: skip
        expect(shown).to_contain_text(words)
    expect(page.locator("#announced")).to_contain_text("Critical: Heavy bleeding. 25 minutes away")
    expect(page).to_have_title(re.compile(r"\(1\) Critical!"))

    shown.get_by_role("button", name="Accept").click()
    rings(page, "")
    expect(shown).to_contain_text("Accepted by somebody at")
    expect(shown).to_contain_text("On its way to the gateway")
    ward.exchanges()
    expect(shown).to_contain_text("Confirmed by the gateway")
    expect(shown).to_contain_text("You expect this patient")
    assert ward.gateway.state_of(dispatch_id(card)) is DispatchState.ACCEPTED
    expect(page).to_have_title("Kibra Hospital")


def test_a_silent_screen_says_so_and_is_not_counted_as_heard(silent_page: Page, ward: Ward) -> None:
    bar = silent_page.get_by_role("button", name="This screen is silent: press here")
    expect(bar).to_be_visible()
    expect(silent_page.locator("#nobody")).to_contain_text("cannot ring")
    ward.is_asked()
    expect(silent_page.locator(".card.asks")).to_be_visible()
    rings(silent_page, "")
    assert not ward.hospital.alarm.audible

    with silent_page.expect_response("**/api/v1/alarm") as told:
        bar.click()
    assert told.value.json() == {"audible": True}
    expect(bar).to_be_hidden()
    rings(silent_page, "critical")
    assert ward.hospital.alarm.audible


def test_a_console_that_is_not_heard_of_any_more_does_not_count(page: Page, ward: Ward) -> None:
    with page.expect_response("**/api/v1/alarm"):
        page.reload()
    page.close()
    ward.clock.forward(60)
    assert not ward.hospital.alarm.audible


def test_cannot_treat_needs_a_reason_and_reminds(page: Page, ward: Ward) -> None:
    card = page.locator(ward.is_asked())
    card.get_by_role("button", name="Cannot treat here", exact=True).click()
    expect(card).to_contain_text("Whoever arrives is stabilised here all the same")
    send = card.get_by_role("button", name="Send")
    send.click()
    expect(card.get_by_role("alert")).to_have_text("Choose a reason first.")
    rings(page, "critical")
    card.get_by_label("No blood or no drug").check()
    card.get_by_label("Note (optional)").fill("no O negative")
    page.fill("#initials", "AK")
    send.click()
    rings(page, "")
    expect(card).to_contain_text("“Cannot treat here” by AK")
    [claim] = ward.hospital.box.dispatches()[0].claims[-1:]
    assert claim.detail == "no_blood_or_drug: no O negative"
    ward.exchanges()
    expect(card).to_contain_text("Confirmed by the gateway")
    card.get_by_role("button", name="Understood, put away").click()
    expect(page.locator("#earlier summary")).to_have_text("Earlier patients (1)")


def test_without_a_link_answers_are_kept_and_it_says_so(page: Page, ward: Ward) -> None:
    card = page.locator(ward.is_asked())
    ward.loses_the_link()
    link = page.locator("#link")
    expect(link).to_contain_text("No link since")
    expect(link).to_contain_text("Answers are kept and will travel")
    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("Saved on this box. There is no link")
    expect(link).to_contain_text("Not sent yet: 1")
    ward.finds_the_link()
    expect(link).to_contain_text("Linked to Haven")
    expect(card).to_contain_text("Confirmed by the gateway")


LINK_STATES: list[tuple[dict[str, Any], str]] = [
    ({"doorbell": True}, "New patients ring at once."),
    ({"doorbell": False}, "It asks for new patients every few seconds."),
    ({"offset": timedelta(seconds=-200)}, "This box's clock is 3 min fast"),
    ({"offset": timedelta(hours=30)}, "This box's clock is 30 h slow"),
    ({"differs": True}, "This box and the gateway remember different things"),
    ({"retired": True}, "This box was replaced by another one and gets no new patients"),
    ({"enrolled": False, "problem": "Run haven-edge enrol."}, "This box belongs to no hospital"),
]


def test_the_links_true_state_is_in_sight(page: Page, ward: Ward) -> None:
    for changes, words in LINK_STATES:
        ward.hospital.link.update(**changes)
        ward.hospital.notifier.changed()
        expect(page.locator("#link")).to_contain_text(words)


def test_who_was_slower_reads_why(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    ward.loses_the_link()
    page.locator(card).get_by_role("button", name="Accept").click()
    expect(page.locator(card)).to_contain_text("Saved on this box")
    ward.is_superseded(card)
    ward.finds_the_link()
    shown = page.locator(card)
    expect(shown.locator(".fate")).to_contain_text("NOT counted")
    expect(shown).to_contain_text("Taken over: another hospital accepted first")
    expect(shown.get_by_role("button", name="Accept")).to_be_hidden()


def test_the_most_urgent_comes_first_then_who_waits_longest(page: Page, ward: Ward) -> None:
    medium = ward.is_asked(priority=Priority.MEDIUM, offered_s_ago=900)
    short = ward.is_asked(offered_s_ago=5)
    long = ward.is_asked(offered_s_ago=60)
    expect(page.locator(".card")).to_have_count(3)
    shown = page.locator("#cards > .card").evaluate_all("cards => cards.map((c) => '#' + c.id)")
    assert shown == [long, short, medium]


def test_less_urgent_rings_less(page: Page, ward: Ward) -> None:
    page.evaluate("""() => {
        window.started = [];
        const start = AudioBufferSourceNode.prototype.start;
        AudioBufferSourceNode.prototype.start = function () {
            window.started.push(this.loop ? "rings" : "chimes");
            start.call(this);
        };
    }""")
    ward.is_asked(priority=Priority.MEDIUM)
    expect(page.locator(".card.asks.medium")).to_be_visible()
    # A busy machine may not show every second.
    longer = re.compile(r"Waiting 0:(0[6-9]|[1-5]\d)")
    expect(page.locator(".card.asks.medium")).to_contain_text(longer, timeout=60_000)
    rings(page, "")
    assert page.evaluate("window.started") == ["chimes"]
    ward.is_asked(priority=Priority.HIGH)
    rings(page, "high")
    assert page.evaluate("window.started") == ["chimes", "rings"]


def test_a_new_most_urgent_patient_comes_into_sight(page: Page, ward: Ward) -> None:
    page.set_viewport_size({"width": 360, "height": 600})
    first = ward.is_asked(priority=Priority.HIGH)
    page.locator(first).get_by_role("button", name="Accept").click()
    expect(page.locator(first)).to_contain_text("On its way to the gateway")
    page.mouse.wheel(0, 2000)
    # The page's policy forbids what Playwright's own waiting for a condition needs.
    top = page.locator("#hospital")
    expect(top).not_to_be_in_viewport()
    expect(page.locator(ward.is_asked())).to_be_in_viewport()
    expect(top).to_be_in_viewport(ratio=1)


def test_what_came_late_is_shown_without_alarm(page: Page, ward: Ward) -> None:
    card = page.locator(ward.is_asked(offered_s_ago=3 * 3600, valid_h=2))
    expect(card).to_contain_text("Came late: asked at")
    rings(page, "")
    expect(page).to_have_title("Kibra Hospital")


def test_a_cancelled_critical_one_stays_until_staff_put_it_away(
    page: Page, ward: Ward, browser: Browser
) -> None:
    card = ward.is_asked()
    ward.hears(card, DispatchState.WITHDRAWN, reason="the caller cancelled")
    shown = page.locator("#cards").locator(card)
    expect(shown).to_contain_text("Withdrawn: the caller cancelled. Call back if you can.")
    rings(page, "")
    with quiet_page(browser) as other:
        other.goto(ward.url)
        expect(other.locator("#cards").locator(card)).to_be_visible()
        shown.get_by_role("button", name="Understood").click()
        expect(shown).to_have_count(0)
        expect(other.locator("#cards").locator(card)).to_have_count(0)
        expect(other.locator("#earlier")).to_contain_text("Earlier patients (1)")


def test_nobody_is_told_to_call_a_phone_in_the_wrong_hands(page: Page, ward: Ward) -> None:
    card = ward.is_asked(kind=Kind.ASSAULT, signs=("sickness", "assault"), caller_phone=None)
    ward.hears(card, DispatchState.WITHDRAWN, reason="the caller cancelled")
    shown = page.locator(card)
    expect(shown).to_contain_text("Do not call: the phone may be in the wrong hands")
    expect(shown).not_to_contain_text("Call back")


def test_a_referral_says_so_and_who_refers(page: Page, ward: Ward) -> None:
    card = ward.is_asked(
        kind=Kind.SICKNESS,
        signs=("referral", "surgery"),
        referred_by="Mbagathi Hospital",
        place_text="",
        place_name="Mbagathi Hospital",
        caller_phone="+254722000001",
    )
    shown = page.locator(card)
    expect(shown).to_contain_text("Referral · Sickness")
    expect(shown.locator(".fact.referred")).to_contain_text("Referred by")
    expect(shown.locator(".fact.referred")).to_contain_text("Mbagathi Hospital8.4 km away")
    expect(shown.locator(".fact.said")).to_contain_text("for surgery")
    expect(shown).to_contain_text("+254 722 000 001")


def test_who_is_to_stabilise_only_reads_so_before_anything_else(page: Page, ward: Ward) -> None:
    card = ward.is_asked(part=Part.STABILISE)
    shown = page.locator(card)
    expect(shown.locator(".task")).to_contain_text("STABILISE this patient")
    shown.get_by_role("button", name="Accept").click()
    expect(shown.locator(".task")).to_contain_text("we ask the next hospital")
    # Nothing is left to do once another one has them.
    ward.hears(card, DispatchState.WITHDRAWN, reason="the patient was handed over")
    expect(shown).to_contain_text("another hospital has taken the patient over")
    expect(shown.locator(".task")).to_be_hidden()


def test_who_takes_a_patient_over_reads_from_whom(page: Page, ward: Ward) -> None:
    card = ward.is_asked(
        kind=Kind.ASSAULT,
        signs=("bleeding", "assault"),
        part=Part.TAKE_OVER,
        referred_by="Mbagathi Hospital",
        caller_phone="+254722000001",
    )
    shown = page.locator(card)
    expect(shown.locator(".task")).to_contain_text(
        "Mbagathi Hospital stabilises this patient first"
    )
    expect(shown.locator(".fact.arrives")).to_contain_text("and the stop on the way")
    # Those are staff: their phone is in no wrong hands.
    expect(shown).to_contain_text("+254 722 000 001")


def test_an_ordinary_patient_needs_no_such_words(page: Page, ward: Ward) -> None:
    expect(page.locator(ward.is_asked()).locator(".task")).to_be_hidden()


def test_the_callers_transport_is_shown(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    ward.hears_transport(card, Transport.NONE)
    expect(page.locator(card)).to_contain_text("Has NO transport yet")
    ward.hears_transport(card, Transport.ON_THE_WAY)
    expect(page.locator(card)).to_contain_text("Is on the way")


def test_an_expired_one_can_still_be_accepted(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    ward.hears(card, DispatchState.EXPIRED)
    shown = page.locator(card)
    expect(shown).to_contain_text("Nobody answered in time")
    rings(page, "")
    shown.get_by_role("button", name="Accept after all").click()
    expect(shown).to_contain_text("Accepted by")


def test_foreign_words_are_text_never_markup(page: Page, ward: Ward) -> None:
    evil = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>"
    card = page.locator(ward.is_asked(note=evil, place_text=evil, place_name=evil))
    expect(card.locator(".note span.note")).to_have_text(evil)
    expect(card.locator(".from .big")).to_have_text(evil)
    assert page.evaluate("window.pwned") is None
    expect(card.locator("img, script")).to_have_count(0)


def test_the_keyboard_alone_is_enough(page: Page, ward: Ward) -> None:
    first, second = ward.is_asked(offered_s_ago=60), ward.is_asked(offered_s_ago=5)
    expect(page.locator(second)).to_be_visible()
    page.focus("#initials")
    page.keyboard.type("ac")
    expect(page.locator("#initials")).to_have_value("ac")
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    expect(page.locator(first)).to_be_focused()
    expect(page.locator(".card.asks")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator(second)).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(second).get_by_role("radio", name="No bed")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(second)).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator(second)).to_contain_text("Accepted by ac")
    expect(page.locator(first)).to_have_class(re.compile("asks"))


def test_beds_are_reported_with_two_presses(page: Page, ward: Ward) -> None:
    expect(page.locator("#beds-now")).to_contain_text("Not reported yet")
    page.get_by_text("Change…").click()
    page.get_by_role("combobox").select_option("advisory")
    page.get_by_label("Staffed beds").fill("12")
    page.get_by_label("Free of these").fill("13")
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#beds-said")).to_contain_text("cannot be more than staffed beds")
    page.get_by_label("Free of these").fill("3")
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#beds-now")).to_contain_text("Takes patients, but is strained. Reported")
    page.get_by_role("button", name="One free bed more").dblclick()
    with page.expect_response("**/api/v1/availability") as answered:
        expect(page.locator("#beds-free")).to_have_text("5")
    assert answered.value.json()["free_beds"] == 5
    stored = ward.hospital.box.availability()
    assert stored is not None
    assert (stored.status, stored.staffed_beds, stored.free_beds, stored.by) == (
        HospitalStatus.ADVISORY, 12, 5, "?",
    )  # fmt: skip


def test_a_page_that_loses_its_box_is_loud_and_recovers(page: Page, ward: Ward) -> None:
    card = page.locator(ward.is_asked())
    expect(card).to_be_visible()
    page.context.set_offline(True)
    card.get_by_role("button", name="Accept").click()
    expect(card.get_by_role("alert")).to_contain_text("NOT saved: the box does not answer")
    expect(page.locator("#lost")).to_contain_text("has lost the box", timeout=15_000)
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("Accepted by")
    rings(page, "")


def test_a_quiet_box_is_not_a_lost_one(page: Page) -> None:
    page.evaluate(
        """() => {
            const bar = document.getElementById("lost");
            window.everLost = !bar.hidden;
            new MutationObserver(() => { window.everLost ||= !bar.hidden; })
                .observe(bar, { attributes: true });
        }"""
    )
    # Nothing happens, until the page asks by itself, twice.
    for _ in range(2):
        with page.expect_response(lambda answer: answer.url.endswith("/api/v1/console")):
            pass
    assert page.evaluate("window.everLost") is False


def test_it_polls_where_there_is_no_stream_of_hints(browser: Browser, ward: Ward) -> None:
    with quiet_page(browser) as page:
        page.route("**/events", lambda route: route.abort())
        page.goto(ward.url)
        expect(page.locator("#nobody")).to_be_visible()
        expect(page.locator(ward.is_asked())).to_be_visible()


def test_no_patient_in_addresses_or_in_the_browsers_storage(page: Page, ward: Ward) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.fill("#initials", "AK")
    card = page.locator(ward.is_asked(note="panga"))
    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("Accepted by AK")
    assert page.evaluate("JSON.stringify({...localStorage})") == '{"haven.initials":"AK"}'
    assert page.evaluate("sessionStorage.length") == 0
    for address in addresses:
        assert not re.search("711000111|7K2F|panga|kibra", address, re.IGNORECASE), address


@pytest.mark.parametrize("width", [360, 450, 1280])
def test_it_fits_and_the_first_accept_is_on_the_screen(page: Page, ward: Ward, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    first = ward.is_asked(offered_s_ago=60, note="x" * 200, place_name="Y" * 60)
    second = ward.is_asked(caller_phone=None)
    expect(page.locator(second)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator(first).get_by_role("button", name="Accept")).to_be_in_viewport(ratio=1)


def test_a_named_origin_can_show_it_in_a_frame(browser: Browser, tmp_path: Path) -> None:
    shown: list[str] = []
    front = make_server(
        "127.0.0.1", 0, lambda environ, start: (start("200 OK", HTML), [shown[0].encode()])[1]
    )
    serving = threading.Thread(target=front.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    origin = f"http://127.0.0.1:{front.port}"
    with open_ward(tmp_path, (origin,)) as ward, quiet_page(browser) as page:
        shown.append(f"<iframe src='{ward.url}' width=450 height=700 allow=autoplay></iframe>")
        card = ward.is_asked()
        page.goto(origin)
        inside = page.frame_locator("iframe")
        inside.locator("#silent").click()
        expect(inside.locator("body")).to_have_attribute("data-sound", "critical")
        inside.locator(card).get_by_role("button", name="Accept").click()
        expect(inside.locator(card)).to_contain_text("Accepted by")
    front.shutdown()
    serving.join()
    front.server_close()


def test_every_code_has_words(page: Page) -> None:
    screens = files.load().definitions.screens
    details = [
        f"detail.{sign}.{option.value}"
        for sign, screen in (
            ("pregnancy", "pregnancy"),
            ("injury", "injury"),
            ("sickness", "sickness"),
            ("referral", "staff_refer"),
        )
        for option in screens[screen].options
    ]
    # The way to the rest of the menus is no answer.
    signs = [option.value for option in screens["what"].options if option.remember == "sign"]
    names = [
        *(f"kind.{each.name.lower()}" for each in Kind),
        *(f"priority.{each.name.lower()}" for each in Priority),
        *(f"refuse.{each.name.lower()}" for each in CannotTreatReason),
        *(f"card.transport.{each.name.lower()}" for each in Transport),
        *(f"claim.{each}" for each in ANSWERS),
        *(f"beds.{each}" for each in HospitalStatus),
        *(f"need.{code}" for code in capability.codes(capability.ALL)),
        *(f"sign.{sign}" for sign in (*signs, "referral")),
        *(f"cause.{option.value}" for option in screens["cause"].options),
        *details,
    ]
    known: dict[str, Any] = page.evaluate(
        """async (names) => {
            const { knows } = await import("/static/texts.js");
            return Object.fromEntries(names.map((name) => [name, knows(name)]));
        }""",
        names,
    )
    assert [name for name, found in known.items() if not found] == []
    reasons = page.evaluate("import('/static/texts.js').then((texts) => texts.reasons)")
    assert reasons == [reason.name.lower() for reason in CannotTreatReason]


def test_times_are_right_on_a_screen_whose_clock_is_wrong(browser: Browser, ward: Ward) -> None:
    with quiet_page(browser) as page:
        page.clock.install(time=ward.gateway.system.now() - timedelta(days=400))
        page.goto(ward.url)
        card = page.locator(ward.is_asked(offered_s_ago=30))
        expect(card).to_contain_text(re.compile("Waiting 0:3"))


def test_what_the_patient_says_of_themselves_stands_beside_them(page: Page, ward: Ward) -> None:
    card = page.locator(shared := ward.is_asked(age_years=24))
    expect(card).not_to_contain_text("The patient says of themselves")
    ward.shares(shared, blood_type="O-", allergies="penicillin <b>& latex</b>")
    own = card.locator(".fact.summary")
    for words in (
        "The patient says of themselves", "Self-reported: confirm identity, crossmatch",
        "Blood type O negative (O-)", "Allergies: penicillin <b>& latex</b>",
    ):  # fmt: skip
        expect(own).to_contain_text(words)
    expect(page.locator("#announced")).not_to_contain_text("penicillin")
    expect(page).not_to_have_title(re.compile("penicillin"))

    ward.loses_the_link()
    ward.hospital.runs(7 * 24 * 3600)
    expect(own).to_contain_text(
        "Medical facts are hidden: this box has not reached Haven for 7 days of running. "
        "Reconnect it, or ask the patient."
    )
    expect(page.locator("body")).not_to_contain_text("penicillin")
    assert "penicillin" not in page.content()
    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("Accepted by somebody at")

    ward.finds_the_link()
    expect(own).to_contain_text("Blood type O negative")
    ward.withdraws(shared)
    expect(own).to_have_count(0)
    expect(card).to_contain_text("You expect this patient")
