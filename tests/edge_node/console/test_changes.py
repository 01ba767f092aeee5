"""Staff always see the patient as they are now, and what has changed since they last looked."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from shared.capability import Capability
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Kind, Priority
from sync.events import GOT_WORSE
from tests.edge_node.console.test_console import dispatch_id, rings
from tests.edge_node.console.ward import Ward

pytestmark = pytest.mark.browser
BASIC = Capability.EMERGENCY_24H | Capability.XRAY


def an_urgent_one(ward: Ward) -> str:
    return ward.is_asked(
        priority=Priority.HIGH, kind=Kind.INJURY, signs=("injury", "other"), needs=BASIC
    )


def becomes_critical(ward: Ward, card: str) -> None:
    ward.hears_more(
        card,
        reason=GOT_WORSE,
        priority=Priority.CRITICAL,
        needs=BASIC | Capability.CT,
        signs=("injury", "head"),
        answer_by=ward.gateway.system.now() + timedelta(seconds=30),
    )


def accepts(page: Page, ward: Ward, card: str) -> None:
    page.locator(card).get_by_role("button", name="Accept").click()
    expect(page.locator(card)).to_contain_text("Accepted by")
    ward.exchanges()
    expect(page.locator(card)).to_contain_text("Confirmed by the gateway")


def test_what_changed_is_marked_and_the_countdown_follows(page: Page, ward: Ward) -> None:
    card = an_urgent_one(ward)
    shown = page.locator(card)
    expect(shown).to_contain_text("Another hospital is asked too in 3:")
    rings(page, "high")
    becomes_critical(ward, card)
    rings(page, "critical")
    expect(shown).to_contain_text(re.compile(r"Another hospital is asked too in 0:[23]\d"))
    expect(shown.locator(".band strong")).to_have_text("Critical")
    news = shown.locator(".news")
    expect(news.get_by_role("heading")).to_contain_text("The caller says it got worse")
    expect(news.get_by_role("listitem")).to_have_text(
        [
            "Now: Critical (was Urgent)",
            "Caller now says: head hurt (was none of the dangers asked)",
            "Now also needs: CT scan",
        ]
    )
    expect(shown.locator(".fact.needs.marked")).to_contain_text("changed")
    expect(shown.locator(".fact.needs.marked")).to_contain_text("CT scan · X-ray")
    expect(page.locator("#announced")).to_contain_text(
        "Now Critical: Injury. Now: Critical, was Urgent."
    )
    # An answer to what is on the screen says that it was read.
    expect(news.get_by_role("button", name="Understood")).to_be_hidden()
    accepts(page, ward, card)
    rings(page, "")
    expect(news).to_be_hidden()
    expect(shown.locator(".marked")).to_have_count(0)


def test_an_expected_patient_who_becomes_critical_rings_until_it_is_understood(
    page: Page, ward: Ward
) -> None:
    card = an_urgent_one(ward)
    accepts(page, ward, card)
    rings(page, "")
    becomes_critical(ward, card)
    rings(page, "critical")
    shown = page.locator(card)
    expect(shown).to_contain_text("You expect this patient")
    expect(shown.locator(".next")).to_be_hidden()
    expect(shown.get_by_role("button", name="Accept")).to_be_hidden()
    shown.get_by_role("button", name="Understood").click()
    rings(page, "")
    expect(shown.locator(".news")).to_be_hidden()
    expect(shown.locator(".band strong")).to_have_text("Critical")
    expect(shown).to_be_focused()


def test_a_smaller_change_waits_in_silence_until_it_is_understood(page: Page, ward: Ward) -> None:
    card = ward.is_asked(note="fell from a tree")
    accepts(page, ward, card)
    ward.hears_more(card, note="fell from a tree\nalso has asthma", place_name="Olympic, Nairobi")
    shown = page.locator(card)
    expect(shown.get_by_role("listitem")).to_have_text(
        [
            "Now from: Olympic, Nairobi (was Kibra, Nairobi)",
            "New note: also has asthma",
        ]
    )
    rings(page, "")
    expect(page.locator("#announced")).to_contain_text("Changed: Heavy bleeding")
    page.reload()
    expect(shown.locator(".news")).to_be_visible()
    page.locator(card).focus()
    page.keyboard.press("u")
    expect(shown.locator(".news")).to_be_hidden()


def test_what_arrives_between_looking_and_pressing_is_not_understood(
    page: Page, ward: Ward
) -> None:
    card = ward.is_asked(note="one")
    accepts(page, ward, card)
    ward.hears_more(card, note="two")
    shown = page.locator(card)
    expect(shown.locator(".news")).to_contain_text("two")

    def meanwhile(route: object) -> None:
        ward.hears_more(card, note="three")
        route.continue_()  # type: ignore[attr-defined]

    page.route("**/understood", meanwhile)
    shown.get_by_role("button", name="Understood").click()
    expect(shown.locator(".news")).to_contain_text("three")


def test_nobody_who_types_is_disturbed(page: Page, ward: Ward) -> None:
    card = an_urgent_one(ward)
    accepts(page, ward, card)
    other = ward.is_asked(priority=Priority.MEDIUM)
    page.locator(other).get_by_role("button", name="Cannot treat here", exact=True).click()
    note = page.locator(other).get_by_label("Note (optional)")
    note.click()
    page.keyboard.type("no bl")
    becomes_critical(ward, card)
    rings(page, "critical")
    expect(note).to_be_focused()
    page.keyboard.type("ood")
    expect(note).to_have_value("no blood")


def test_a_phone_found_to_be_in_the_wrong_hands_is_not_shown_any_more(
    page: Page, ward: Ward
) -> None:
    card = ward.is_asked(kind=Kind.SICKNESS, signs=("sickness", "other"))
    expect(page.locator(card)).to_contain_text("+254 711 000 111")
    ward.hears_more(card, kind=Kind.ASSAULT, signs=("sickness", "assault"))
    expect(page.locator(card)).to_contain_text("Do not call")
    expect(page.locator(card)).not_to_contain_text("000 111")


def says_cannot_treat(page: Page, card: str) -> None:
    shown = page.locator(card)
    shown.get_by_role("button", name="Cannot treat here", exact=True).click()
    shown.get_by_label("No bed").check()
    shown.get_by_role("button", name="Send").click()
    expect(shown).to_contain_text("“Cannot treat here” by")


def test_cannot_treat_is_undone_with_one_press(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    says_cannot_treat(page, card)
    shown = page.locator("#cards").locator(card)
    ward.exchanges()
    expect(shown).to_contain_text("you can take it back")
    shown.get_by_role("button", name="Undo: we can treat").click()
    expect(shown).to_contain_text("“We can treat” by somebody")
    expect(shown).to_contain_text("You expect this patient")
    ward.exchanges()
    expect(shown).to_contain_text("Confirmed by the gateway")
    assert ward.gateway.state_of(dispatch_id(card)) is DispatchState.ACCEPTED
    expect(shown.get_by_role("button", name="Cannot treat after all")).to_be_visible()
    expect(shown.get_by_role("button", name="Undo")).to_be_hidden()


def test_undo_is_offered_only_while_it_helps(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    says_cannot_treat(page, card)
    ward.exchanges()
    undo = page.locator(card).get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    ward.hears_more(card, still_needed=False)
    expect(page.locator("#earlier").locator(card)).to_have_count(1)
    page.locator("#earlier summary").click()
    expect(page.locator(card)).to_be_visible()
    expect(undo).to_be_hidden()
    ward.hears_more(card, still_needed=True)
    expect(undo).to_be_visible()


def test_whoever_is_expected_is_in_sight_also_after_being_put_away(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    ward.hears(card, DispatchState.EXPIRED)
    page.locator(card).get_by_role("button", name="Understood, put away").click()
    page.locator("#earlier summary").click()
    page.locator(card).get_by_role("button", name="Accept after all").click()
    expect(page.locator(card)).to_contain_text("Accepted by")
    ward.exchanges()
    expect(page.locator("#cards").locator(card)).to_contain_text("Confirmed by the gateway")


def test_a_reason_by_sms_after_an_answer_here_can_be_answered_again(page: Page, ward: Ward) -> None:
    """The answer that staff gave here first does not stand in the way of the same one now."""
    card = ward.is_asked()
    says_cannot_treat(page, card)
    ward.exchanges()
    ward.hears(card, DispatchState.ACCEPTED)
    shown = page.locator(card)
    expect(shown).to_contain_text("You expect this patient")
    ward.hospital.box.cannot_treat(dispatch_id(card), "BN", CannotTreatReason.NO_STAFF)
    expect(shown).to_contain_text("“Cannot treat here” by BN")


def test_whom_nobody_has_comes_before_news_of_who_is_expected(page: Page, ward: Ward) -> None:
    expected = an_urgent_one(ward)
    accepts(page, ward, expected)
    new = ward.is_asked(kind=Kind.SNAKEBITE, signs=("snakebite",))
    becomes_critical(ward, expected)
    expect(page.locator(expected).locator(".news")).to_be_visible()
    shown = page.locator("#cards > .card").evaluate_all("cards => cards.map((c) => '#' + c.id)")
    assert shown == [new, expected]
    other = page.locator("#ringing").get_by_role("button")
    expect(other).to_have_text(["Injury (changed)"])
    other.click()
    expect(page.locator(expected)).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("#ringing")).to_be_hidden()
    rings(page, "critical")


def test_without_a_link_it_says_which_sms_says_the_same(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    ward.loses_the_link()
    expect(page.locator("#link")).to_contain_text("New patients may not reach this screen")
    page.locator(card).get_by_role("button", name="Accept").click()
    expect(page.locator(card)).to_contain_text("Sooner by SMS from the duty phone: YES 4831")


def test_nobody_reads_that_a_withdrawn_patient_arrives(page: Page, ward: Ward) -> None:
    card = ward.is_asked()
    shown = page.locator(card)
    expect(shown).to_contain_text("Arrives")
    ward.hears(card, DispatchState.WITHDRAWN, reason="the caller cancelled")
    expect(shown.locator(".band strong")).to_have_text("Withdrawn")
    expect(shown.locator(".fact.arrives")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_change_fits_every_screen(page: Page, ward: Ward, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    card = an_urgent_one(ward)
    accepts(page, ward, card)
    ward.is_asked(priority=Priority.HIGH, note="x" * 200)
    ward.hears_more(card, priority=Priority.CRITICAL, note="y" * 200, place_name="Z" * 60)
    understood = page.locator(card).get_by_role("button", name="Understood")
    expect(understood).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
