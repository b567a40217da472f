"""The benchmarks: `python -m tests.benchmarks [districts|toptw|report|offers|board|rebalance|explain|lease] ...`.

Without a word it is the short form: one S and one M for a few seconds each, every solver that is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from routes import Problem, read_problem
from tests.benchmarks.district import SIZES, VARIANTS, district
from tests.benchmarks.judging import TOPTW, BestKnowns
from tests.benchmarks.measure import LIBRARIES, NAMES, installed, measure
from tests.benchmarks.plot import gap_plot
from tests.benchmarks.report import report
from tests.benchmarks.runs import Run, Task, append_runs, read_runs
from tests.benchmarks.sections import write_section
from tests.benchmarks.toptw import read_best_known, toptw_problems

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "gap.svg"
RESULTS = HERE.parents[1] / "bench" / "results.jsonl"
_SHORT = (("S", 1, (3.0,)), ("M", 1, (5.0,)))


def main() -> int:
    """Run what was asked and print the tables; 1 if the planner itself broke or made an unlawful plan."""
    wish = _parser().parse_args()
    if wish.command == "offers":
        from tests.benchmarks import offers  # here, as it needs what tests need, and peers do without

        offers.measure_and_print(write_readme=wish.write_readme)
        return 0
    if wish.command == "delivery":
        from tests.benchmarks import delivery

        return delivery.measure_and_print(write_readme=wish.write_readme)
    if wish.command == "explain":
        from tests.benchmarks import explaining

        return explaining.measure_and_print(wish.seeds, write_readme=wish.write_readme)
    if wish.command == "lease":
        from tests.benchmarks import lease

        return lease.measure_and_print(
            wish.minutes,
            kinds=wish.databases,
            tick_seconds=wish.tick,
            lease_seconds=wish.lease,
            write_readme=wish.write_readme,
        )
    if wish.command == "board":
        from tests.benchmarks import board

        return board.measure_and_print(write_readme=wish.write_readme)
    if wish.command == "rebalance":
        from tests.benchmarks import rebalancing

        return rebalancing.measure_and_print(wish.seeds, wish.seconds, write_readme=wish.write_readme)
    solvers = _available(wish.solvers) if wish.command != "report" else []
    runs = list(_run_all(wish, solvers))
    folder = wish.best_known or wish.folder
    known: BestKnowns = read_best_known(folder) if folder else {}
    shown = read_runs(wish.results) if wish.results else runs
    print(report(shown, known))
    if wish.write_readme:
        write_readme(shown, known)
    broken = [run for run in runs if run.task.solver == "planner" and (run.failure or run.violations)]
    return 1 if broken else 0


def write_readme(runs: list[Run], best_known: BestKnowns) -> None:
    """Put the tables into the README's measured section, and the picture beside it."""
    write_section("measured", f"{report(runs, best_known)}\n![Gap to the best bound against time](gap.svg)")
    PICTURE.write_text(gap_plot(runs), encoding="utf-8")


def _run_all(wish: argparse.Namespace, solvers: list[str]) -> Iterator[Run]:
    done = {run.task for run in read_runs(wish.results)} if wish.results and wish.resume else set()
    for problem, asked in _work(wish, solvers):
        tasks = [task for task in asked if task not in done]
        for run in measure(problem, tasks):
            print(_in_one_line(run), file=sys.stderr, flush=True)
            if wish.results:
                append_runs(wish.results, [run])
            yield run


def _work(wish: argparse.Namespace, solvers: list[str]) -> Iterator[tuple[Problem, list[Task]]]:
    """Each problem with the tasks on it; all solvers on one problem follow each other, on the same machine load."""
    if wish.command == "short":
        for size, seed, limits in _SHORT:
            yield _district_work(size, seed, "plain", solvers, limits)
    elif wish.command == "districts":
        for size in wish.sizes:
            for variant in wish.variants:
                for seed in wish.seeds:
                    yield _district_work(size, seed, variant, solvers, wish.limits)
    elif wish.command == "toptw":
        for _, problem in toptw_problems(wish.folder, wish.vehicles, wish.names):
            yield problem, [Task(s, TOPTW, "plain", problem.name, limit, 1) for limit in wish.limits for s in solvers]


def _district_work(
    size: str, seed: int, variant: str, solvers: list[str], limits: tuple[float, ...]
) -> tuple[Problem, list[Task]]:
    problem = read_problem(district(size, seed, variant))
    return problem, [Task(solver, size, variant, problem.name, limit, seed) for limit in limits for solver in solvers]


def _available(wanted: list[str]) -> list[str]:
    """The solvers that are installed; the others are named aloud."""
    for solver in wanted:
        if not installed(solver):
            remedy = "pip install --require-hashes -r requirements-bench.txt"
            print(f"!!! SKIPPED: {NAMES[solver]} is not installed ({remedy})", file=sys.stderr, flush=True)
    return [solver for solver in wanted if installed(solver)]


def _in_one_line(run: Run) -> str:
    task = run.task
    head = f"{task.problem:<22} {task.limit:>5g} s  {NAMES[task.solver]:<16}"
    if run.failure:
        return f"{head} FAILED: {run.failure}"
    if run.value is None:
        return f"{head} UNLAWFUL: {', '.join(run.violations)}"
    known = "" if run.bound is None else f" bound={run.bound:.1f} gap={run.gap:.2%}{' proven' if run.proven else ''}"
    return f"{head} value={run.value}{known} {run.seconds:.1f} s {run.memory:.0f} MB"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.set_defaults(
        command="short",
        results=None,
        resume=False,
        write_readme=False,
        best_known=None,
        folder=None,
        solvers=list(LIBRARIES),
    )
    commands = parser.add_subparsers()
    districts = _command(commands, "districts", "made-up districts, all solvers side by side")
    districts.add_argument("--sizes", nargs="+", choices=SIZES, default=["S", "M"])
    districts.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    districts.add_argument("--variants", nargs="+", choices=VARIANTS, default=["plain"])
    districts.add_argument("--limits", nargs="+", type=float, default=[10.0, 60.0])
    districts.add_argument("--solvers", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    toptw = _command(commands, "toptw", "the public benchmark, its files in a folder")
    toptw.add_argument("folder", type=Path)
    toptw.add_argument("--vehicles", nargs="+", type=int, default=[1, 2, 3, 4])
    toptw.add_argument("--names", nargs="+", help="instances, such as c101; else all")
    toptw.add_argument("--limits", nargs="+", type=float, default=[10.0, 60.0])
    toptw.add_argument("--solvers", nargs="+", choices=LIBRARIES, default=["planner"])
    _command(commands, "report", "the tables of runs made before")
    _command(commands, "offers", "how soon a town sees the slots that are free")
    _command(commands, "board", "how soon the coordinator's board stands and answers")
    _command(commands, "delivery", "how fast due reminders reach a mail server that refuses some")
    explain = _command(commands, "explain", "why a plan of M leaves requests out, and what would serve them")
    explain.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    lease = _command(commands, "lease", "three schedulers, killed and stopped at random")
    lease.add_argument("--minutes", type=float, default=10.0)
    lease.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    lease.add_argument("--tick", type=float, help="TICK_SECONDS, else the product's own")
    lease.add_argument("--lease", type=float, help="SCHEDULER_LEASE_SECONDS, else the product's own")
    rebalance = _command(commands, "rebalance", "three ways out when M loses a van for four days")
    rebalance.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    rebalance.add_argument("--seconds", type=float, default=9.0, help="for the three proposals together")
    return parser


def _command(commands: Any, name: str, says: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=says, description=says)
    command.set_defaults(command=name)
    command.add_argument("--results", type=Path, default=RESULTS, help="the file of runs, a line each")
    command.add_argument("--resume", action="store_true", help="leave out what the file of runs has already")
    command.add_argument("--write-readme", action="store_true", help="write tables and picture into this folder")
    command.add_argument("--best-known", type=Path, help="the folder of best_known.csv, for the TOPTW tables")
    return command


if __name__ == "__main__":
    sys.exit(main())
