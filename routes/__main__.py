"""The planner and the checker as a command on JSON files, with no database: `python -m routes solve|check|explain`.

Exit codes: 0 done and lawful; 1 the plan is not lawful, each violation on a line, or pins contradict each other so that
none can be; 2 a file or an option is unusable.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from routes.checker import Violation, check
from routes.documents import InvalidInstance
from routes.instances import dump_plan, load_plan, load_problem
from routes.plan import Plan, Progress

DONE, UNLAWFUL, UNUSABLE = 0, 1, 2

Loaded = TypeVar("Loaded")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return {"solve": solve, "check": judge, "explain": explain}[options.command](options)
    except Unusable as error:
        print(error, file=sys.stderr)
        return UNUSABLE


class Unusable(Exception):
    """A file cannot be read or written."""


def judge(options: argparse.Namespace) -> int:
    """Say whether the plan is lawful, and how good; or each violation on a line."""
    problem = _load(load_problem, options.problem)
    plan = _load(load_plan, options.plan)
    violations = check(problem, plan)
    for violation in violations:
        print(in_one_line(violation))
    if violations:
        return UNLAWFUL
    print(verdict(plan))
    return DONE


def solve(options: argparse.Namespace) -> int:
    """Make a plan, check it and write it; progress goes to stderr."""
    from routes.planner import ContradictoryPins, plan_visits  # here, so that a check never waits for the solver

    problem = _load(load_problem, options.problem)
    try:
        with _polite_stop() as stop:
            plan = plan_visits(problem, seconds=options.seconds, seed=options.seed, progress=_show, stop=stop)
    except ContradictoryPins as error:
        print(error, file=sys.stderr)
        return UNLAWFUL
    violations = check(problem, plan)
    for violation in violations:
        print(in_one_line(violation), file=sys.stderr)
    if violations:
        return UNLAWFUL
    try:
        dump_plan(plan, options.out)
    except OSError as error:
        raise Unusable(f"{options.out}: cannot be written ({error.strerror})") from error
    print(verdict(plan))
    return DONE


def explain(options: argparse.Namespace) -> int:
    """Say why the plan leaves visits out and which changes would serve them: a JSON document a line and a visit."""
    from routes.explanations import Explainer, write_explanation  # here, so that a check never waits for the solver

    problem = _load(load_problem, options.problem)
    plan = _load(load_plan, options.plan)
    violations = check(problem, plan)
    for violation in violations:
        print(in_one_line(violation), file=sys.stderr)
    if violations:
        return UNLAWFUL
    for explanation in Explainer(problem, plan, seconds=options.seconds).unserved():
        print(json.dumps(write_explanation(explanation), ensure_ascii=False), flush=True)
    return DONE


def in_one_line(violation: Violation) -> str:
    """The rule's name first, then where, then the numbers: `window shift=van1@2026-06-01 visit=r17 starts=530`."""
    where = {"shift": violation.shift, "visit": violation.visit}
    numbers = {**{name: place for name, place in where.items() if place is not None}, **violation.detail}
    return " ".join([violation.rule, *(f"{name}={_plain(number)}" for name, number in numbers.items())])


def verdict(plan: Plan) -> str:
    """What can be said for a lawful plan: `lawful value=78 bound=78.00 gap=0.00% proven`."""
    if plan.bound is None or plan.gap is None:
        return f"lawful value={plan.value} bound=unknown gap=unknown"
    certain = " proven" if plan.proven else ""
    return f"lawful value={plan.value} bound={plan.bound:.2f} gap={plan.gap:.2%}{certain}"


def _plain(value: int | str) -> str:
    """A name as it is where it cannot be mistaken, else in JSON's quotes: a line stays one line."""
    text = str(value)
    return text if text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


def _load(load: Callable[[Path], Loaded], path: Path) -> Loaded:
    try:
        return load(path)
    except InvalidInstance as error:
        raise Unusable(f"{path}: {error}") from error


def _show(progress: Progress) -> None:
    value = "none" if progress.value is None else progress.value
    bound = "unknown" if progress.bound is None else f"{progress.bound:.1f}"
    gap = "unknown" if progress.gap is None else f"{progress.gap:.2%}"
    line = f"{progress.seconds:7.1f} s  {progress.phase:<12} value={value} bound={bound} gap={gap}"
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _polite_stop() -> Iterator[Callable[[], bool]]:
    """Whether the user has asked to stop: the first Ctrl-C asks, the second one breaks off as usual."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)
        print("stopping; the best plan so far is kept", file=sys.stderr, flush=True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m routes", description=__doc__.split("\n")[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("solve", help="make a plan for the problem in IN")
    making.add_argument("problem", metavar="IN", type=Path)
    making.add_argument("--seconds", type=_positive, default=10.0, help="time limit (10)")
    making.add_argument("--seed", type=_seed, default=1, help="what chance starts from (1)")
    making.add_argument("--out", metavar="OUT", type=Path, required=True, help="where the plan is written")
    judging = commands.add_parser("check", help="say whether the plan in OUT is lawful for the problem in IN")
    judging.add_argument("problem", metavar="IN", type=Path)
    judging.add_argument("plan", metavar="OUT", type=Path)
    explaining = commands.add_parser(
        "explain", help="say why the plan in OUT leaves visits of IN out, and what would help"
    )
    explaining.add_argument("problem", metavar="IN", type=Path)
    explaining.add_argument("plan", metavar="OUT", type=Path)
    explaining.add_argument("--seconds", type=_positive, default=30.0, help="for pricing all visits together (30)")
    return parser


def _positive(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**31:
        raise ValueError(text)
    return seed


if __name__ == "__main__":
    sys.exit(main())
