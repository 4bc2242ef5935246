"""Settings that every test shares."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    # No test reads what an earlier run found, or leaves anything in the user's cache folder.
    os.environ["ACCELSIM_CACHE"] = "off"
    # To show a failure Hypothesis may import libcst, which warns; as an error that hides the
    # failure itself.
    config.addinivalue_line("filterwarnings", "ignore:mypy_extensions:DeprecationWarning")


def _browser_path() -> str | None:
    named = os.environ.get("ACCELSIM_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium without a window; tests that need one are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        path = _browser_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: run scripts/install-browser.sh or set ACCELSIM_CHROMIUM")
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
