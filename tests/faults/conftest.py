"""Fault campaigns wait for the processes that they kill, so the clock is not stopped here."""

import pytest


@pytest.fixture(autouse=True)
def _no_sleep_and_no_network() -> None:
    """Override the fixture of the same name that holds for unit tests."""
