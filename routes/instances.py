"""Problems and plans as the JSON documents `roving-van-problem/1` and `roving-van-plan/1`, both ways and exactly.

This is the door: it writes and keeps files, and hands on the readers of `routes.reading`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from routes.documents import InvalidInstance, parse_file
from routes.plan import Plan, Stop, Tour
from routes.problem import Lunch, Pin, Problem, Promise, Shift, Visit, Window
from routes.reading import PLAN_FORMAT, PROBLEM_FORMAT, read_plan, read_problem

__all__ = [
    "PLAN_FORMAT",
    "PROBLEM_FORMAT",
    "Document",
    "InvalidInstance",
    "dump_plan",
    "dump_problem",
    "load_plan",
    "load_problem",
    "read_plan",
    "read_problem",
    "write_plan",
    "write_problem",
]

Document = dict[str, Any]


def load_problem(path: Path) -> Problem:
    """The problem in the file. Raises InvalidInstance, also where the file cannot be read."""
    return read_problem(parse_file(path))


def load_plan(path: Path) -> Plan:
    """The plan in the file. Raises InvalidInstance, also where the file cannot be read."""
    return read_plan(parse_file(path))


def dump_problem(problem: Problem, path: Path) -> None:
    """Write the problem to the file, whole or not at all. Raises OSError where the folder refuses it."""
    _write_file(write_problem(problem), path)


def dump_plan(plan: Plan, path: Path) -> None:
    """Write the plan to the file, whole or not at all. Raises OSError where the folder refuses it."""
    _write_file(write_plan(plan), path)


def _write_file(document: Document, path: Path) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def write_problem(problem: Problem) -> Document:
    """The problem as a JSON value with every key written out; `read_problem` gives back an equal problem."""
    weights = problem.weights
    return {
        "format": PROBLEM_FORMAT,
        "name": problem.name,
        "places": [{"id": place.id, "lat": place.lat, "lon": place.lon} for place in problem.places],
        "travel": [list(row) for row in problem.travel],
        "shifts": [_write_shift(shift) for shift in problem.shifts],
        "visits": [_write_visit(visit) for visit in problem.visits],
        "exclusive": [list(group) for group in problem.exclusive],
        "towns": [{"id": town.id, "due": town.due, "shortfall": town.shortfall} for town in problem.towns],
        "weights": {
            "travel": weights.travel,
            "drop": weights.drop,
            "other_day": weights.other_day,
            "other_van": weights.other_van,
            "retime": weights.retime,
            "tolerance": weights.tolerance,
        },
    }


def write_plan(plan: Plan) -> Document:
    """The plan as a JSON value; `read_plan` gives back an equal plan."""
    return {
        "format": PLAN_FORMAT,
        "problem": plan.problem,
        "tours": [_write_tour(tour) for tour in plan.tours],
        "value": plan.value,
        "bound": plan.bound,
        "proven": plan.proven,
        "seconds": plan.seconds,
        "seed": plan.seed,
    }


def _write_shift(shift: Shift) -> Document:
    return {
        "id": shift.id,
        "van": shift.van,
        "day": shift.day.isoformat(),
        "starts": shift.starts,
        "ends": shift.ends,
        "start_place": shift.start_place,
        "end_place": shift.end_place,
        "crew": dict(shift.crew),
        "equipment": sorted(shift.equipment),
        "kits": shift.kits,
        "max_visits": shift.max_visits,
        "max_driving": shift.max_driving,
        "lunch": _write_lunch(shift.lunch),
    }


def _write_lunch(lunch: Lunch | None) -> Document | None:
    return None if lunch is None else {"opens": lunch.opens, "closes": lunch.closes, "minutes": lunch.minutes}


def _write_visit(visit: Visit) -> Document:
    return {
        "id": visit.id,
        "place": visit.place,
        "town": visit.town,
        "setup": visit.setup,
        "session": visit.session,
        "teardown": visit.teardown,
        "windows": [_write_window(window) for window in visit.windows],
        "crew": dict(visit.crew),
        "equipment": sorted(visit.equipment),
        "kits": visit.kits,
        "prize": visit.prize,
        "pin": _write_told(visit.pin),
        "promise": _write_told(visit.promise),
    }


def _write_window(window: Window) -> Document:
    day = window.day.isoformat()
    return {"day": day, "opens": window.opens, "closes": window.closes, "bonus": window.bonus}


def _write_told(told: Pin | Promise | None) -> Document | None:
    if told is None:
        return None
    return {"shift": told.shift} if told.starts is None else {"shift": told.shift, "starts": told.starts}


def _write_tour(tour: Tour) -> Document:
    return {
        "shift": tour.shift,
        "leaves": tour.leaves,
        "returns": tour.returns,
        "lunch": tour.lunch,
        "stops": [_write_stop(stop) for stop in tour.stops],
    }


def _write_stop(stop: Stop) -> Document:
    return {"visit": stop.visit, "arrives": stop.arrives, "starts": stop.starts, "departs": stop.departs}
