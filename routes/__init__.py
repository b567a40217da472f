"""Planning of van tours: a `Problem` in, a `Plan` out, and the judges that say what the plan breaks and is worth.

This door opens the data, their JSON form and the judges, none of which needs a solver, so that checking a plan is
light and shares nothing with making one. The maker is `routes.planner.plan_visits`.
"""

from routes.checker import Violation, check
from routes.instances import (
    InvalidInstance,
    dump_plan,
    dump_problem,
    load_plan,
    load_problem,
    read_plan,
    read_problem,
    write_plan,
    write_problem,
)
from routes.plan import Plan, Progress, Stop, Tour
from routes.problem import Lunch, Pin, Place, Problem, Promise, Shift, Town, Visit, Weights, Window
from routes.score import ScoreParts, score, score_parts

__all__ = [
    "InvalidInstance",
    "Lunch",
    "Pin",
    "Place",
    "Plan",
    "Problem",
    "Progress",
    "Promise",
    "ScoreParts",
    "Shift",
    "Stop",
    "Tour",
    "Town",
    "Violation",
    "Visit",
    "Weights",
    "Window",
    "check",
    "dump_plan",
    "dump_problem",
    "load_plan",
    "load_problem",
    "read_plan",
    "read_problem",
    "score",
    "score_parts",
    "write_plan",
    "write_problem",
]
