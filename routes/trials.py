"""Which changes could be tried for a visit, kind by kind and shift by shift, within the means given. Tries none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date

from routes.changes import Change, Detail, Joiner, Means
from routes.problem import Shift, Visit
from routes.squeezing import PresentPlan

WIDER_STEPS = (15, 30, 60, 90, 120, 180, 240)
OVERTIME_STEPS = (15, 30, 45, 60, 90, 120)


class Trials:
    """Lists changes for the visits of one plan."""

    def __init__(self, present: PresentPlan, means: Means) -> None:
        self._present, self._means = present, means
        self._problem = present.problem

    def of(self, kind: str, visit: Visit) -> Iterator[tuple[Change, int]]:
        """Changes of one kind, each with its size, by which the smaller of two like ones is told."""
        makers: dict[str, Callable[[Visit], Iterable[tuple[Change, int]]]] = {
            "wider_window": self._wider_windows,
            "other_day": self._other_days,
            "fewer_services": self._versions_of("fewer_services"),
            "extra_crew": self._crews,
            "extra_kits": self._kits,
            "overtime": self._overtimes,
            "unpin": self._unpins,
            "reserve_shift": self._reserves,
            "later_day": self._later_days,
        }
        yield from makers[kind](visit)

    def _asked(self, visit: Visit) -> Iterator[Shift]:
        days = {window.day for window in visit.windows}
        return (shift for shift in self._problem.shifts if shift.day in days)

    def _wider_windows(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            for window in visit.windows:
                if window.day != shift.day:
                    continue
                was: dict[str, int | str] = {
                    "day": shift.day.isoformat(),
                    "was_opens": window.opens,
                    "was_closes": window.closes,
                }
                for step in WIDER_STEPS:
                    for opens, closes in ((window.opens - step, window.closes), (window.opens, window.closes + step)):
                        if step <= self._means.wider and opens >= 0:
                            detail = {**was, "opens": opens, "closes": closes, "minutes": step}
                            yield Change("wider_window", visit.id, shift.id, detail), step

    def _other_days(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        asked = {window.day for window in visit.windows}
        yield from self._on_days("other_day", visit, (each for each in self._problem.shifts if each.day not in asked))

    def _later_days(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        alone_from = self._means.alone_from.get(visit.id)
        later = [shift for shift in self._means.later if alone_from is None or shift.day >= alone_from]
        for found, size in self._on_days("later_day", visit, later):
            change = replace(found, detail={**found.detail, "days": size})
            yield change, size

    def _on_days(self, kind: str, visit: Visit, shifts: Iterable[Shift]) -> Iterator[tuple[Change, int]]:
        opens, closes = self._hours(visit)
        if opens >= closes:
            return
        asked = sorted(window.day for window in visit.windows)
        for shift in shifts:
            if shift.day not in self._means.closed.get(visit.id, ()):
                detail: Detail = {"day": shift.day.isoformat(), "opens": opens, "closes": closes}
                yield Change(kind, visit.id, shift.id, detail), _distance(shift.day, asked)

    def _hours(self, visit: Visit) -> tuple[int, int]:
        known = self._means.hours.get(visit.id)
        if known is not None:
            return known
        opens = (window.opens for window in visit.windows)
        return min(opens, default=0), max((window.closes for window in visit.windows), default=0)

    def _versions_of(self, kind: str) -> Callable[[Visit], Iterator[tuple[Change, int]]]:
        def trials(visit: Visit) -> Iterator[tuple[Change, int]]:
            for version in self._means.versions.get(visit.id, ()):
                for shift in self._problem.shifts:
                    if version.kind == kind and any(window.day == shift.day for window in version.visit.windows):
                        yield Change(kind, visit.id, shift.id, version.detail), visit.on_site - version.visit.on_site

        return trials

    def _crews(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            lacking = {
                skill
                for name, needs in visit.crew.items()
                if shift.crew.get(name, 0) < needs
                for skill in name.split("+")
            }
            for joiner in self._joiners(shift, lacking):
                if lacking & set(joiner.skills):
                    detail = {"member": joiner.member, "skills": "+".join(joiner.skills)}
                    yield Change("extra_crew", visit.id, shift.id, detail), len(joiner.skills)

    def _joiners(self, shift: Shift, lacking: set[str]) -> Iterable[Joiner]:
        if self._means.joiners is not None:
            return self._means.joiners.get(shift.id, ())
        return [Joiner("", (skill,)) for skill in sorted(lacking)]

    def _kits(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            taken = sum(self._problem.visit_by_id[name].kits for name in self._present.on(shift.id))
            lacking = taken + visit.kits - shift.kits
            if lacking > 0 and max(0, visit.kits - shift.kits) <= self._means.kits:
                number = min(lacking, self._means.kits)
                yield Change("extra_kits", visit.id, shift.id, {"kits": number}), number

    def _overtimes(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        for shift in self._asked(visit):
            for step in OVERTIME_STEPS:
                for starts, ends in ((shift.starts - step, shift.ends), (shift.starts, shift.ends + step)):
                    if step <= self._means.overtime and starts >= 0 and shift.id not in self._means.rigid:
                        detail = {"starts": starts, "ends": ends, "minutes": step}
                        yield Change("overtime", visit.id, shift.id, detail), step

    def _unpins(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        yield from self._versions_of("unpin")(visit)
        for shift in self._asked(visit):
            for name in self._present.on(shift.id):
                if self._problem.visit_by_id[name].pin and name not in self._means.fixed:
                    yield Change("unpin", visit.id, shift.id, {"unpinned": name}), 1

    def _reserves(self, visit: Visit) -> Iterator[tuple[Change, int]]:
        days = {window.day for window in visit.windows}
        for shift in self._means.reserve:
            if shift.day in days:
                yield Change("reserve_shift", visit.id, shift.id, {"day": shift.day.isoformat()}), 0


def widening(day: str, was: tuple[int, int], now: tuple[int, int]) -> Detail:
    """The detail of a window that grows from its old hours to its new ones."""
    minutes = was[0] - now[0] + now[1] - was[1]
    return {
        "day": day, "was_opens": was[0], "was_closes": was[1], "opens": now[0], "closes": now[1], "minutes": minutes,
    }  # fmt: skip


def _distance(day: date, asked: list[date]) -> int:
    """Days to the nearest one that was asked for."""
    return min((abs((day - each).days) for each in asked), default=0)
