"""The register and the wards of a whole country, through running programs, to a page in a browser.

Needs the public data that the maintainers keep beside the project; without it these tests say so.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from deploy.demo.stage import Stage
from gateway.simulator.client import Phone
from tests.chromium import chromium, quiet_page
from tests.journeys.free_addresses import free_addresses

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.skipif(
        not (DATA / "kmhfl_2020.csv").exists(), reason=f"{DATA} is not on this machine"
    ),
]
_HOSPITAL = "2749b29c-ff01-4a05-8050-b175817a57b9"  # Lodwar County Referral Hospital
_WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("real"), free_addresses()) as started:
        yield started


def wards_of(county: str) -> list[dict[str, str]]:
    with (DATA / "kenya_wards_centroids.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["county"] == county]


def test_wards_of_turkana_reach_the_box_of_their_hospital(stage: Stage) -> None:
    # Imported while the gateway serves, politely beside it.
    imported = json.loads(
        stage.command("hospitals", "import", str(DATA / "kmhfl_2020.csv"), "--json")
    )
    assert imported["rows"] == 12_379
    assert imported["refused"] == []
    kinds = {remark["kind"] for remark in imported["noticed"]}
    assert {"no coordinates", "same position"} <= kinds
    assert all(remark["line"] > 1 for remark in imported["noticed"])
    wards = str(DATA / "kenya_wards_centroids.csv")
    assert json.loads(stage.command("places", "import", wards, "--json"))["refused"] == []
    console_url = stage.add_box(_HOSPITAL, number=2)

    told = []
    with (
        Phone(stage.addresses.simulator, "+254722000333") as phone,
        chromium() as browser,
        quiet_page(browser) as console,
    ):
        console.goto(console_url)
        for number, ward in enumerate(wards_of("Turkana")[:8]):
            phone.dials("*384*911#")
            if number == 0:
                phone.chooses("1")
            else:
                phone.sees("Another patient").chooses("6")
            code = phone.chooses("2").screen[:4]
            phone.chooses("2")
            _say_where(phone, ward["ward"], "Turkana")
            phone.sees(code, "min").session_is_over()
            if "Lodwar" not in phone.screen:
                continue
            told.append(ward["ward"])
            card = console.locator(".card", has_text=code)
            expect(card).to_contain_text("Turkana", timeout=_WITHIN_MS)
        expect(console.locator(".card.asks")).to_have_count(len(told), timeout=_WITHIN_MS)
    assert told, "no ward of Turkana was sent to its county's referral hospital"


def _say_where(phone: Phone, ward: str, county: str) -> None:
    phone.types(f"{ward} {county}")
    if "Which one?" not in phone.screen:
        return
    lines = phone.screen.splitlines()[1:]
    chosen = next((line for line in lines if ward.casefold()[:6] in line.casefold()), lines[0])
    phone.chooses(chosen[0])
