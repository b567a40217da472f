"""The problem as VROOM's (through pyvroom), and the order of its answer.

VROOM sums up priorities 0-100 first and driving last. It has windows, skills, capacities, breaks, limits on tasks and
on driving; it has no alternatives (the most worthwhile member of a group is chosen beforehand), no points of windows or
other shifts, no shortfalls and no visit that must stay.
"""

from __future__ import annotations

import time
from datetime import timedelta

import vroom

from routes import Problem
from tests.benchmarks.retiming import Orders, retime
from tests.benchmarks.translation import Request, Translation, group_by_shifts

_MUST_STAY = 100
_DEEPEST = 5
_RECIPES = ((True, 80), (False, 80), (True, 50), (False, 50))
"""Hold promised visits to their day or not, and the priority of the dearest visit: tried in turn while time is left."""


def solve(problem: Problem, seconds: float, seed: int, threads: int) -> Orders:
    """VROOM's best orders. It has no seed and stops by itself, often at once; the time left goes to other recipes."""
    ends = time.monotonic() + seconds
    best: tuple[int, Orders] | None = None
    for hold_promises, dearest in _RECIPES:
        left = ends - time.monotonic()
        if left <= 0:
            break
        orders = _ask(problem, Translation(problem, hold_promises=hold_promises), dearest, ends, threads)
        value = retime(problem, orders).plan.value
        if best is None or value > best[0]:
            best = value, orders
    return {} if best is None else best[1]


def _ask(problem: Problem, translation: Translation, dearest: int, ends: float, threads: int) -> Orders:
    requests = translation.without_alternatives()
    if not requests:
        return {}
    task = vroom.Input()
    task.set_durations_matrix("car", [list(row) for row in problem.travel])
    skills = {shifts: number for number, shifts in enumerate(group_by_shifts(requests, problem), 1)}
    _add_vehicles(task, translation, skills)
    _add_jobs(task, problem, requests, skills, dearest)
    left = timedelta(seconds=max(0.1, ends - time.monotonic()))
    answer = task.solve(exploration_level=_DEEPEST, nb_threads=threads, timeout=left)
    orders: dict[str, list[str]] = {}
    steps = answer.routes
    for shift, kind, job in zip(steps["vehicle_id"], steps["type"], steps["id"], strict=True):
        if kind == "job":
            orders.setdefault(problem.shifts[int(shift)].id, []).append(problem.visits[int(job)].id)
    return orders


def _add_vehicles(task: vroom.Input, translation: Translation, skills: dict[frozenset[int], int]) -> None:
    for number, shift in enumerate(translation.problem.shifts):
        lunch = translation.lunch_starts(shift)
        limits = {"max_tasks": shift.max_visits, "max_travel_time": shift.max_driving}
        task.add_vehicle(
            vroom.Vehicle(
                number,
                start=shift.start_place,
                end=shift.end_place,
                capacity=[shift.kits],
                skills={skill for shifts, skill in skills.items() if number in shifts},
                time_window=vroom.TimeWindow(*translation.hours(shift)),
                breaks=[] if lunch is None else [vroom.Break(number, [vroom.TimeWindow(*lunch[:2])], service=lunch[2])],
                **{name: limit for name, limit in limits.items() if limit is not None},
            )
        )


def _add_jobs(
    task: vroom.Input, problem: Problem, requests: list[Request], skills: dict[frozenset[int], int], dearest: int
) -> None:
    skill_of = {
        request.number: skills[shifts]
        for shifts, members in group_by_shifts(requests, problem).items()
        for request in members
    }
    highest = max([1, *(request.gain for request in requests if request.visit.pin is None)])
    for request in requests:
        pinned = request.visit.pin is not None
        priority = _MUST_STAY if pinned else max(1, round(dearest * request.gain / highest))
        task.add_job(
            vroom.Job(
                request.number,
                request.visit.place,
                default_service=request.visit.on_site,
                delivery=[request.visit.kits],
                skills={skill_of[request.number]},
                priority=priority,
                time_windows=[vroom.TimeWindow(first, last) for first, last in request.merged()],
            )
        )
