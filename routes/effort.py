"""How much a planning run may still do: seconds on a clock, or a deterministic amount of work.

Makers ask `over()` between steps and `spend` what they did. A unit of work is about a millisecond of one core, counted
in things done (labels, iterations, a solver's own deterministic time) and never read from a clock, so a run that its
work ends is the same run every time.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Effort:
    """The limits of one run. `stop` is asked now and then, from the thread that plans."""

    def __init__(self, seconds: float, work: int | None = None, stop: Callable[[], bool] | None = None) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._work = work
        self._stop = stop
        self._stopped = False
        self.spent = 0.0

    @property
    def counted(self) -> bool:
        """Whether work is counted instead of time."""
        return self._work is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """What is left, in seconds; counted work is reckoned at a thousand units a second."""
        if self._stopped:
            return 0.0
        if self._work is not None:
            return max(0.0, (self._work - self.spent) / 1000)
        return max(0.0, self._seconds - self.elapsed)

    @property
    def used(self) -> float:
        """What has been used, in the same seconds as `left`."""
        return self.spent / 1000 if self.counted else self.elapsed

    def spend(self, units: float) -> None:
        """Count work that was done."""
        self.spent += units

    def stopped(self) -> bool:
        """Whether somebody asked to stop; once true, always true."""
        if not self._stopped and self._stop is not None and self._stop():
            self._stopped = True
        return self._stopped

    def over(self) -> bool:
        """Whether the run must end."""
        return self.stopped() or self.left <= 0
