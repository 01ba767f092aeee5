from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import chromium, quiet_page
from tests.edge_node.console.ward import Ward, open_ward


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path) as opened:
        yield opened


@pytest.fixture
def silent_page(browser: Browser, ward: Ward) -> Iterator[Page]:
    """The console as it stands after a reload: nobody has touched it."""
    with quiet_page(browser) as page:
        page.goto(ward.url)
        page.locator("#link strong").wait_for()
        yield page


@pytest.fixture
def page(silent_page: Page) -> Page:
    """The console after somebody has pressed a key: it can be heard."""
    silent_page.keyboard.press("Shift")
    silent_page.locator("#silent").wait_for(state="hidden")
    return silent_page
