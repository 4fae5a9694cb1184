"""A real browser for pages: the Chromium that is there, driven by playwright, off the network.

Where there is none its tests are skipped, or fail if `HUBTRACE_REQUIRE_BROWSER` is set. All of them
run in one worker, so that one browser is started.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NO_BROWSER = "no Chromium: "
"""How the reason for a skip begins where no browser can be had."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # root in a container has no user namespaces
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that was opened, and what went on in it since."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """What the console showed as an error, and exceptions that nobody caught."""
    requests: list[str] = field(default_factory=list)
    """Every URL that was asked for, the page's own first."""

    def assert_quiet(self) -> None:
        """Fail if an error was shown or anything but the page itself was asked for."""
        assert self.errors == []
        assert self.requests == [self.page.url.partition("#")[0]]


OpenPage = Callable[..., Opened]


def chromium() -> str | None:
    """Return the program of `HUBTRACE_CHROMIUM`, or the first Chromium on the path."""
    found = (shutil.which(name) for name in _NAMES)
    return os.environ.get("HUBTRACE_CHROMIUM") or next((name for name in found if name), None)


def required_chromium() -> str:
    """Return the browser; skip the test, or fail it, where there is none."""
    program = chromium()
    if program is None:
        required_program(f"none of {', '.join(_NAMES)} is installed")
    return program


def required_program(why: str) -> NoReturn:
    """Skip the test, or fail it, since what it needs is missing."""
    reason = f"{NO_BROWSER}{why}"
    if os.environ.get("HUBTRACE_REQUIRE_BROWSER"):
        pytest.fail(f"{reason} (HUBTRACE_REQUIRE_BROWSER is set)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this run."""
    program = required_chromium()
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, headless=True, args=[*FLAGS])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open files in fresh windows: `open_page(path, width=390)`; more options are playwright's."""
    contexts = []

    def opened(path: Path, *, width: int = 1280, height: int = 900, **options: object) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",  # nothing glides away under the mouse
            **options,  # type: ignore[arg-type] # a test passes playwright's own options through
        )
        contexts.append(context)
        shown = Opened(context.new_page())
        page = shown.page
        page.on("request", lambda request: shown.requests.append(request.url))
        page.on("pageerror", lambda error: shown.errors.append(str(error)))
        page.on(
            "console",
            lambda said: shown.errors.append(said.text) if said.type == "error" else None,
        )
        page.goto(path.resolve().as_uri())
        return shown

    yield opened
    for context in contexts:
        context.close()
