"""What disruptions do to the planning problem: each frees, forbids or delays exactly what it must, and nothing else.

Pure: rows in, answers out; no query. The kinds and what they touch:

- van_out: the hours of one van's shifts. A shift is one stretch, so of an outage in its middle the longer side is left.
- crew_ill: one person does not ride. Whoever is left must hold what a visit needs; a crew without the driver it had
  cannot drive.
- town_cancels: one promised visit has no time any more; its request may wait for another day or be withdrawn.
- venue_closed: no session at one venue in these days (between these minutes of each day).
- heat, storm: no session outdoors, at any venue without a room, unless the host brings one.
- crew_late: one shift's next stop cannot be reached before so many minutes after its plan.
- urgent_visit: one request needs no notice and no rest of its venue, may use reserve shifts, and is worth more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from schedules.models import (
    CrewMember,
    Disruption,
    DisruptionKind,
    DisruptionState,
    RequestWindow,
    Shift,
    Skill,
    Visit,
    VisitRequest,
)

MINUTES_PER_DAY = 1440
PASSING = frozenset({DisruptionKind.TOWN_CANCELS, DisruptionKind.URGENT_VISIT})
"""Kinds that are over once a plan has answered them; the others stay true in their days whatever was published."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is left of a window: a day and the minutes in which the session may lie."""

    day: date
    opens: int
    closes: int
    preferred: bool


@dataclass(frozen=True)
class Effects:
    """The disruptions in force, asked what they do to a shift, a crew, a request."""

    disruptions: Sequence[Disruption] = ()

    @property
    def inputs(self) -> dict[str, int]:
        """What a plan made under these was made from ("disruption:7")."""
        return {f"disruption:{each.id}": 1 for each in self.disruptions}

    @property
    def urgent(self) -> frozenset[int]:
        """The ids of the requests that are wanted at once."""
        return frozenset(each.request_id for each in self._of(DisruptionKind.URGENT_VISIT) if each.request_id)

    def hours(self, shift: Shift) -> tuple[int, int] | None:
        """The minutes that are left of a shift's hours; None where the van cannot drive at all."""
        left: tuple[int, int] | None = (shift.starts, shift.ends)
        for each in self._of(DisruptionKind.VAN_OUT):
            if left is not None and each.van_id == shift.van_id and covers(each, shift.day):
                left = _longer_side(left, *out_between(each, shift.day))
        return left if left is not None and self._has_driver(shift) else None

    def late(self, shift: Shift) -> int:
        """By how many minutes the shift's crew runs behind its plan."""
        late = [each.minutes or 0 for each in self._of(DisruptionKind.CREW_LATE) if each.shift_id == shift.id]
        return max(late, default=0)

    def crew(self, shift: Shift) -> list[CrewMember]:
        """Who of the shift's crew can ride."""
        ill = {
            each.crew_member_id for each in self._of(DisruptionKind.CREW_ILL) if covers(each, shift.day)
        }  # fmt: skip
        return [member for member in shift.crew if member.active and member.id not in ill]

    def frames(self, request: VisitRequest, windows: Iterable[RequestWindow]) -> list[Frame]:
        """The times that are left to a request."""
        left = [Frame(window.day, window.opens, window.closes, window.preferred) for window in windows]
        for each in self.disruptions:
            if closes_venue(each, request):
                left = [part for frame in left for part in _cut(frame, each)]
        return left

    def cancels(self, visit: Visit) -> bool:
        """Whether the town has called this very visit off."""
        return any(calls_off(each, visit) for each in self.disruptions)

    def hit(self, visit: Visit) -> bool:
        """Whether some disruption touches a promised visit."""
        return cause_of(self.disruptions, visit) is not None

    def _has_driver(self, shift: Shift) -> bool:
        """A crew that had a driver still needs one; one whose roster names none is not judged."""
        crew = self.crew(shift)
        return bool(crew or not shift.crew) and (
            _drivers(crew) > 0 or _drivers([member for member in shift.crew if member.active]) == 0
        )

    def _of(self, kind: DisruptionKind) -> Iterator[Disruption]:
        return (each for each in self.disruptions if each.kind is kind)


def in_force(disruption: Disruption) -> bool:
    """Whether planning must heed it."""
    if disruption.state is DisruptionState.REPAIRED:
        return disruption.kind not in PASSING
    return disruption.state is DisruptionState.OPEN


def covers(disruption: Disruption, day: date) -> bool:
    """Whether the day is one of the disruption's."""
    return disruption.first_day <= day <= disruption.last_day


def out_between(disruption: Disruption, day: date) -> tuple[int, int]:
    """The minutes of the day in which a van is out: from an hour of the first day to an hour of the last."""
    since = disruption.opens if day == disruption.first_day and disruption.opens is not None else 0
    until = disruption.closes if day == disruption.last_day and disruption.closes is not None else MINUTES_PER_DAY
    return since, until


def calls_off(disruption: Disruption, visit: Visit) -> bool:
    """Whether the disruption is the town's cancelling of this visit."""
    return (
        disruption.kind is DisruptionKind.TOWN_CANCELS
        and disruption.request_id == visit.request_id
        and covers(disruption, visit.day)
    )


def closes_venue(disruption: Disruption, request: VisitRequest) -> bool:
    """Whether no session of the request can be held while the disruption lasts."""
    if disruption.kind is DisruptionKind.VENUE_CLOSED:
        return disruption.venue_id == request.venue_id
    return disruption.kind in (DisruptionKind.HEAT, DisruptionKind.STORM) and is_outdoors(request)


def is_outdoors(request: VisitRequest) -> bool:
    """Whether the session has no room to go to: neither the venue has one nor the host brings one."""
    return not request.venue.indoor_room and "indoor" not in request.brings


def hits(disruption: Disruption, visit: Visit, crew_ids: Collection[int]) -> bool:
    """Whether a promised visit cannot, or may not, stay as it is because of this; `crew_ids` ride on its shift."""
    if not covers(disruption, visit.day):
        return False
    if disruption.kind is DisruptionKind.VAN_OUT:
        since, until = out_between(disruption, visit.day)
        return disruption.van_id == visit.shift.van_id and visit.arrives < until and since < visit.departs
    if disruption.kind is DisruptionKind.CREW_ILL:
        return disruption.crew_member_id in crew_ids
    if disruption.kind is DisruptionKind.CREW_LATE:
        return disruption.shift_id == visit.shift_id
    if disruption.kind is DisruptionKind.TOWN_CANCELS:
        return disruption.request_id == visit.request_id
    whole_day = disruption.opens is None or disruption.closes is None
    return closes_venue(disruption, visit.request) and (
        whole_day or (visit.starts < (disruption.closes or 0) and (disruption.opens or 0) < visit.closes)
    )


def cause_of(disruptions: Iterable[Disruption], visit: Visit) -> Disruption | None:
    """The disruption that a promised visit falls to, the town's own word before all others; None where none hits it."""
    crew_ids = {member.id for member in visit.shift.crew}
    found = [each for each in disruptions if hits(each, visit, crew_ids)]
    return min(found, key=lambda each: (each.kind is not DisruptionKind.TOWN_CANCELS, each.id), default=None)


def _longer_side(left: tuple[int, int], since: int, until: int) -> tuple[int, int] | None:
    before, after = (left[0], min(left[1], since)), (max(left[0], until), left[1])
    longest = max(before, after, key=lambda side: side[1] - side[0])
    return longest if longest[0] < longest[1] else None


def _cut(frame: Frame, disruption: Disruption) -> Iterator[Frame]:
    """The frame without the disruption's minutes of its day: untouched, shorter, in two, or gone."""
    if not covers(disruption, frame.day):
        yield frame
        return
    since = 0 if disruption.opens is None else disruption.opens
    until = MINUTES_PER_DAY if disruption.closes is None else disruption.closes
    if since >= frame.closes or until <= frame.opens:
        yield frame
        return
    if frame.opens < since:
        yield Frame(frame.day, frame.opens, since, frame.preferred)
    if until < frame.closes:
        yield Frame(frame.day, until, frame.closes, frame.preferred)


def _drivers(crew: Iterable[CrewMember]) -> int:
    return sum(Skill.DRIVER in member.skills for member in crew)
