"""Several connections to one place: letters go out side by side, since most time is spent waiting for the other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import LifoQueue
from typing import Protocol

from schedules.transmissions import Letter, Outcome


class Lane(Protocol):
    """One way to send, for one thread at a time; a channel."""

    name: str
    resend_is_safe: bool

    def send(self, letter: Letter) -> Outcome:
        """Try to send one letter."""

    def close(self) -> None:
        """Let go of what was kept open between letters."""


class Lanes:
    """A channel made of several like channels; so many threads may send by it at once.

    A lane is taken for each letter, the one used last first: few letters open few connections.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.name = lanes[0].name
        self.resend_is_safe = all(lane.resend_is_safe for lane in lanes)
        self.width = len(lanes)
        self._lanes = tuple(lanes)
        self._idle: LifoQueue[Lane] = LifoQueue()
        for lane in lanes:
            self._idle.put(lane)

    def send(self, letter: Letter) -> Outcome:
        """Send one letter by a lane that is free, waiting for one if need be."""
        lane = self._idle.get()
        try:
            return lane.send(letter)
        finally:
            self._idle.put(lane)

    def close(self) -> None:
        """Close every lane; nobody may be sending."""
        for lane in self._lanes:
            lane.close()


def side_by_side(attempt: Callable[[Letter], Outcome], letters: Sequence[Letter], *, width: int) -> Iterator[Outcome]:
    """The outcomes of attempts that `width` threads make, in the order in which they end.

    Nobody runs far ahead of whoever takes the outcomes: beside those that are under way, as many are ready at most.
    Where the taker stops in the middle, what is under way ends and nothing new begins.
    """
    coming = iter(letters)
    pool = ThreadPoolExecutor(width)
    try:
        pending = {pool.submit(attempt, letter) for letter in islice(coming, width)}
        while pending:
            done: set[Future[Outcome]]
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            pending |= {pool.submit(attempt, letter) for letter in islice(coming, len(done))}
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
