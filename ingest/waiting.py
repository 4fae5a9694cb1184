"""Waiting for a hub, with the time left on the screen."""

import time
from collections.abc import Callable
from math import ceil

from hubtrace.graph.errors import SourceError
from hubtrace.ingest.source import Progress, no_progress

_LONGEST = 2 * 60 * 60
"""Seconds. Both hubs' limits are renewed within the hour."""


class Waiter:
    """Waits as long as a hub asks for, and tells how long that still takes.

    `clock` tells the seconds since the epoch; `sleep` waits.
    """

    def __init__(
        self,
        show: Progress = no_progress,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        longest: float = _LONGEST,
    ) -> None:
        self.clock = clock
        self._show, self._sleep, self._longest = show, sleep, longest

    def wait(self, seconds: float, why: str) -> None:
        """Wait; `why` says what for, e.g. `GitHub's rate limit`.

        Raises:
            SourceError: it would take longer than anybody waits.
        """
        if seconds > self._longest:
            raise SourceError(f"{why}: the host asks to wait for {ceil(seconds / 60)} minutes")
        total = max(1, ceil(seconds))
        for passed in range(total):
            self._show(f"waiting for {why}, {total - passed} s left", passed, total)
            self._sleep(min(1.0, seconds - passed))
        self._show(f"waited for {why}", total, total)

    def until(self, moment: float, why: str) -> None:
        """Wait until a moment (epoch seconds); not at all if it has passed."""
        if moment > self.clock():
            self.wait(moment - self.clock(), why)
