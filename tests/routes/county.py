"""One small county that the tests of the planning floor share (tests/data/county.json), drawn, and ways to tour it.

Minutes of driving out and, where it differs, back:

               school
             10/    \\12
         depot--15/16--market--20--mall--18--works

         depot-mall 32/34, depot-works 40/44, school-mall 30, school-works 35, market-works 25/30

Its plan (tests/data/county-plan.json); [ ] are sessions, == lunch, .. waiting:

    van1@mon 505 drive 520 setup 540[market-check]600 610 drive 622..660==720..setup 780[school-lesson]870 880 drive 890
    van2@mon 515 drive 555 setup 560[works-call]605 610 drive 628 setup 638[mall-advice]698 708 drive 742
    van1@tue 580 drive 590 setup 600[school-test]660 670 drive 680==740

is worth 461: prizes 200 + 150 + 100 + 90 + 120 = 660 and bonus 10, less driving 37 + 92 + 20 = 149, less 60 for the one
of three visits due to the south that is missing. Left out: mall-stand (exclusive with mall-advice) and plaza-talk.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from routes import Plan, Problem, Stop, Tour, load_plan, load_problem, score

DATA = Path(__file__).parents[1] / "data"
COUNTY = load_problem(DATA / "county.json")
PLAN = replace(load_plan(DATA / "county-plan.json"), stated_proven=None)

Session = tuple[str, int] | tuple[str, int, int]


def tour(shift: str, leaves: int, *sessions: Session, lunch: int | None = None) -> Tour:
    """A tour with exact driving; a session is (visit, starts) and, to stay longer or shorter, the minute of leaving."""
    left, here = leaves, COUNTY.shift_by_id[shift].start_place
    stops = []
    for session in sessions:
        visit, starts = COUNTY.visit_by_id[session[0]], session[1]
        arrives = left + COUNTY.travel[here][visit.place]
        left = session[2] if len(session) == 3 else starts + visit.session + visit.teardown
        here = visit.place
        stops.append(Stop(visit.id, arrives, starts, left))
    returns = left + COUNTY.travel[here][COUNTY.shift_by_id[shift].end_place]
    return Tour(shift, leaves, returns, lunch, tuple(stops))


def planned(*tours: Tour, without: str = "", problem: Problem = COUNTY) -> Plan:
    """The county's plan with these tours for their shifts' own, less the shifts in `without`, its value true."""
    replaced = {ours.shift for ours in tours} | set(without.split())
    plan = replace(PLAN, tours=(*tours, *(theirs for theirs in PLAN.tours if theirs.shift not in replaced)))
    return replace(plan, value=score(problem, plan))


def bent(shift: str, stop: int | None = None, **minutes: int | None) -> Plan:
    """The county's plan with some numbers of one tour, or of one of its stops, replaced, its value true."""
    old = next(tour for tour in PLAN.tours if tour.shift == shift)
    if stop is None:
        return planned(replace(old, **minutes))
    stops = [replace(other, **minutes) if index == stop else other for index, other in enumerate(old.stops)]
    return planned(replace(old, stops=tuple(stops)))
