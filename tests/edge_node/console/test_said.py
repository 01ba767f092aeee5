"""What staff tell Haven at the console, and how far it has come, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from edge_node.reports import ReportKind
from shared.emergency import Kind, Priority
from sync.events import ReportTaken, StockReported, WalkInRegistered
from tests.edge_node.console.ward import Ward

pytestmark = pytest.mark.browser


def opens(page: Page, summary: str) -> None:
    page.locator("#said summary", has_text=summary).click()


def test_a_walk_in_stock_and_a_note_and_what_became_of_them(page: Page, ward: Ward) -> None:
    ward.loses_the_link()
    page.get_by_label("Initials").fill("AK")
    opens(page, "A patient came by themselves")
    form = page.locator("#walk_in-form")
    form.locator("select[name=kind]").select_option(label="Burn")
    form.locator("select[name=priority]").select_option(label="Urgent")
    form.get_by_label("Code on their phone").fill("7k2f")
    form.get_by_label("Age in years").fill("4")
    form.get_by_role("button", name="Register").click()
    expect(page.locator("#walk_in-said")).to_have_text("Saved on this box.")
    said = page.locator("#said-list li")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("Came by themselves: Burn, Urgent, 4 years, 7K2F")
    expect(said).to_contain_text("Waiting for the link.")
    expect(page.locator("#link")).to_contain_text("Not sent yet: 1.")

    opens(page, "Stock")
    page.get_by_label("blood").select_option(label="used up")
    page.get_by_label("oxygen").select_option(label="there")
    page.locator("#stock-form").get_by_role("button").click()
    expect(said.first).to_contain_text("There: oxygen; Used up: blood")

    opens(page, "Write to the coordinators")
    page.get_by_label("What the coordinators should read").fill("The road is <flooded>")
    page.locator("#note-form").get_by_role("button").click()
    expect(said.first).to_contain_text("“The road is <flooded>”")

    note, stock, walk_in = ward.hospital.box.reports()
    assert isinstance(stock.said, StockReported)
    assert isinstance(walk_in.said, WalkInRegistered)
    assert (walk_in.said.kind, walk_in.said.priority) == (Kind.BURN, Priority.HIGH)
    assert [each.said.by for each in (note, stock, walk_in)] == ["AK"] * 3
    ward.finds_the_link()
    expect(said.first).to_contain_text("Sent; not taken in yet.")
    now = ward.gateway.system.now()
    why = "something newer was reported since"
    for report, reason in ((note, ""), (stock, why), (walk_in, "")):
        taken = ReportTaken(at=now, report_id=report.id, accepted=not reason, reason=reason)
        ward.gateway.publishes(taken)
    ward.exchanges()
    expect(said.first).to_contain_text("Taken in at")
    expect(said.nth(1)).to_contain_text(f"REFUSED: {why}")


def test_a_press_that_nobody_answered_is_the_same_press_again(page: Page, ward: Ward) -> None:
    opens(page, "Write to the coordinators")
    page.get_by_label("What the coordinators should read").fill("No water in theatre")
    send = page.locator("#note-form").get_by_role("button")
    # The box takes it in, and its answer is lost on the way.
    page.route("**/api/v1/notes", lambda route: (route.fetch(), route.abort()))
    send.click()
    expect(page.locator("#note-said")).to_contain_text("NOT saved")
    page.unroute("**/api/v1/notes")
    send.click()
    expect(page.locator("#note-said")).to_have_text("Saved on this box.")
    (report,) = ward.hospital.box.reports()
    assert report.kind is ReportKind.NOTE


def test_a_report_that_makes_no_sense_stays_in_its_form(page: Page, ward: Ward) -> None:
    opens(page, "A patient came by themselves")
    page.locator("select[name=kind]").select_option(label="Burn")
    page.locator("select[name=priority]").select_option(label="Urgent")
    page.get_by_label("Code on their phone").fill("7K")
    page.locator("#walk_in-form").get_by_role("button").click()
    expect(page.locator("#walk_in-said")).to_contain_text("four letters or digits")
    expect(page.get_by_label("Code on their phone")).to_have_value("7K")
    assert ward.hospital.box.reports() == []
