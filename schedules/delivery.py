"""Delivering: letters are claimed, sent with no database session open, and what became of them is recorded.

An edge, called by a tick: it opens and ends its own transactions.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic

from sqlalchemy.orm import Session, sessionmaker

from schedules import outbox
from schedules.channels import Channel, resend_is_safe
from schedules.lanes import Lanes, side_by_side
from schedules.transmissions import Letter, Outcome, Sent

log = logging.getLogger(__name__)

BATCH = 100
DELIVERY_SECONDS = 60.0
MOST_TOGETHER = 10
SECONDS_TOGETHER = 0.5


def never() -> bool:
    """The answer of a process that nobody asks to stop."""
    return False


def deliver_once(
    session_factory: sessionmaker[Session],
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    owner: str,
    stop: Callable[[], bool] = never,
    seconds: float = DELIVERY_SECONDS,
) -> Counter[str]:
    """Send everything that is due; how many letters had which outcome.

    Ends early when told to stop or after so many seconds of work; what was taken and not tried goes back.
    """
    counts: Counter[str] = Counter()
    ends = monotonic() + seconds

    def pressed() -> bool:
        return stop() or monotonic() > ends

    with session_factory.begin() as session:
        outbox.requeue_abandoned(session, now=now, resend_is_safe=resend_is_safe(channels))
    try:
        while not pressed():
            with session_factory.begin() as session:
                letters = outbox.claim(session, now=now, owner=owner, limit=BATCH)
            if not letters:
                break
            for outcomes in _together(_attempts(letters, channels, pressed), resend_is_safe(channels)):
                with session_factory.begin() as session:
                    outbox.record(session, outcomes, now=now)
                counts.update(outcome.result.value for outcome in outcomes)
    finally:
        for channel in channels.values():
            channel.close()
    return counts


def _together(outcomes: Iterable[Outcome], safe: Collection[str]) -> Iterator[list[Outcome]]:
    """The outcomes in groups to be recorded at once.

    A crash leaves at most one group of which nobody knows what went out. Where a letter sent twice does harm, that
    must be one letter at most; elsewhere a few, and none for longer than a moment.
    """
    group: list[Outcome] = []
    begun = monotonic()
    for outcome in outcomes:
        group.append(outcome)
        if outcome.letter.channel not in safe or len(group) == MOST_TOGETHER or monotonic() - begun > SECONDS_TOGETHER:
            yield group
            group, begun = [], monotonic()
    if group:
        yield group


def _attempts(
    letters: Sequence[Letter], channels: Mapping[str, Channel], pressed: Callable[[], bool]
) -> Iterator[Outcome]:
    """Try every letter; a channel that cannot be reached is not asked again for this batch."""
    unreachable: dict[str, str | None] = {}

    def attempt(letter: Letter) -> Outcome:
        if pressed():
            return Outcome(letter, Sent.KEPT, handed_over=False)
        if letter.channel in unreachable:
            return Outcome(letter, Sent.UNREACHABLE, error=unreachable[letter.channel], handed_over=False)
        outcome = _attempt(letter, channels)
        if outcome.result is Sent.UNREACHABLE:
            unreachable[letter.channel] = outcome.error
        return outcome

    widths = {name: channel.width for name, channel in channels.items() if isinstance(channel, Lanes)}
    for name, width in widths.items():
        yield from side_by_side(attempt, [letter for letter in letters if letter.channel == name], width=width)
    yield from map(attempt, (letter for letter in letters if letter.channel not in widths))


def _attempt(letter: Letter, channels: Mapping[str, Channel]) -> Outcome:
    channel = channels.get(letter.channel)
    if channel is None:
        return Outcome(letter, Sent.PERMANENT, error=f"no channel {letter.channel}", handed_over=False)
    try:
        return channel.send(letter)
    except Exception as trouble:  # one bad letter must not hold up the others
        log.error("Messages %s could not be sent: %s", letter.message_ids, type(trouble).__name__)
        return Outcome(letter, Sent.TEMPORARY, error=type(trouble).__name__)
