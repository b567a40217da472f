"""Delivering: letters are claimed, sent with no database session open, and what became of them is recorded.

An edge, called by a tick: it opens and ends its own transactions.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from time import monotonic

from sqlalchemy.orm import Session, sessionmaker

from schedules import outbox
from schedules.channels import Channel, resend_is_safe
from schedules.transmissions import Letter, Outcome, Sent

log = logging.getLogger(__name__)

BATCH = 50
DELIVERY_SECONDS = 60.0


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
            for outcome in _attempts(letters, channels, pressed):
                # One transaction per letter: a crash leaves at most one of which nobody knows whether it went out.
                with session_factory.begin() as session:
                    outbox.record(session, [outcome], now=now)
                counts[outcome.result.value] += 1
    finally:
        for channel in channels.values():
            channel.close()
    return counts


def _attempts(letters: list[Letter], channels: Mapping[str, Channel], pressed: Callable[[], bool]) -> Iterator[Outcome]:
    """Try letter after letter; a channel that cannot be reached is not asked again for this batch."""
    unreachable: dict[str, str | None] = {}
    for letter in letters:
        if pressed():
            yield Outcome(letter, Sent.KEPT, handed_over=False)
        elif letter.channel in unreachable:
            yield Outcome(letter, Sent.UNREACHABLE, error=unreachable[letter.channel], handed_over=False)
        else:
            outcome = _attempt(letter, channels)
            if outcome.result is Sent.UNREACHABLE:
                unreachable[letter.channel] = outcome.error
            yield outcome


def _attempt(letter: Letter, channels: Mapping[str, Channel]) -> Outcome:
    channel = channels.get(letter.channel)
    if channel is None:
        return Outcome(letter, Sent.PERMANENT, error=f"no channel {letter.channel}", handed_over=False)
    try:
        return channel.send(letter)
    except Exception as trouble:  # one bad letter must not hold up the others
        log.error("Messages %s could not be sent: %s", letter.message_ids, type(trouble).__name__)
        return Outcome(letter, Sent.TEMPORARY, error=type(trouble).__name__)
