"""One shift and a handful of visits: every lawful tour over some of them, each in its best order.

A problem of its own, cut out of the whole, so that a shift or a visit can be tried as it is not (longer hours, another
crew, a wider window) without laying the whole problem out anew. Exact for these visits; knows no solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from routes.compiled import compile_problem
from routes.enumeration import enumerate_tours
from routes.plan import Tour
from routes.problem import Problem, Shift, Visit
from routes.timetable import tour_of

MOST_LABELS = 200_000


@dataclass(frozen=True, slots=True)
class Order:
    """Visits in the order driven, and the points of the tour with its driving paid."""

    visits: tuple[str, ...]
    value: int


class OneShift:
    """The shift with these visits, all of whose pins must name it; promises to other shifts keep their price."""

    def __init__(self, problem: Problem, shift: Shift, visits: Iterable[Visit]) -> None:
        self._compiled = compile_problem(_cut_out(problem, shift, tuple(visits)))

    def orders(self) -> list[Order]:
        """The best order of every set of visits that one tour can serve; empty where there are too many to list."""
        found = enumerate_tours(self._compiled, MOST_LABELS) or []
        visits = self._compiled.problem.visits
        mine = {klass.index for klass in self._compiled.classes if 0 in klass.shifts}
        return [
            Order(tuple(visits[place].id for place in column.order), column.value)
            for column in found
            if column.klass in mine
        ]

    def tour(self, visits: Sequence[str]) -> Tour:
        """The tour that serves these visits in this order, which must be lawful, with its best minutes."""
        klass = next(klass for klass in self._compiled.classes if 0 in klass.shifts)
        place_of = {visit.id: place for place, visit in enumerate(self._compiled.problem.visits)}
        return tour_of(self._compiled, 0, klass, [place_of[visit] for visit in visits])


def _cut_out(problem: Problem, shift: Shift, visits: tuple[Visit, ...]) -> Problem:
    used = sorted({shift.start_place, shift.end_place, *(visit.place for visit in visits)})
    at = {place: index for index, place in enumerate(used)}
    names = {visit.id for visit in visits}
    told = sorted({visit.promise.shift for visit in visits if visit.promise} - {shift.id})
    others = tuple(replace(problem.shift_by_id[name], start_place=0, end_place=0) for name in told)
    return Problem(
        name=problem.name,
        places=tuple(problem.places[place] for place in used),
        travel=tuple(tuple(problem.travel[here][there] for there in used) for here in used),
        shifts=(replace(shift, start_place=at[shift.start_place], end_place=at[shift.end_place]), *others),
        visits=tuple(replace(visit, place=at[visit.place], town=None) for visit in visits),
        exclusive=tuple(
            inside
            for group in problem.exclusive
            if len(inside := tuple(member for member in group if member in names)) > 1
        ),
        weights=problem.weights,
    )
