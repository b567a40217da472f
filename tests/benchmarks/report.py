"""What runs amount to: the tables of the README, nothing in them that was not measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import mean, median

from tests.benchmarks.goals import goals
from tests.benchmarks.judging import SIZES, TOPTW, BestKnowns, Lead, best_bounds, leads, percent, toptw_gap
from tests.benchmarks.measure import NAMES
from tests.benchmarks.runs import Run, gap


def report(runs: Sequence[Run], best_known: BestKnowns) -> str:
    """All tables in Markdown."""
    parts = [circumstances(runs), goals(runs, best_known), side_by_side(runs), toptw(runs, best_known), faults(runs)]
    return "\n\n".join(part for part in parts if part) + "\n"


def circumstances(runs: Sequence[Run]) -> str:
    """When and on what the runs were made."""
    if not runs:
        return "Nothing has been measured yet."
    times, loads = sorted(run.measured for run in runs), sorted(run.load for run in runs)
    machines = " and ".join(sorted({run.machine for run in runs}))
    return (
        f"{len(runs)} runs from {times[0]} to {times[-1]} on {machines}. Load average before a run: median "
        f"{median(loads):.1f}, highest {loads[-1]:.1f} (well above 0 means that others took part of the two cores)."
    )


def faults(runs: Sequence[Run]) -> str:
    """What should never happen: unlawful plans, failed runs, and values above a bound that was stated."""
    bounds = best_bounds(runs)
    lines = []
    for run in runs:
        what = f"{NAMES[run.task.solver]} on {run.task.problem}, {run.task.limit:g} s"
        if run.failure:
            lines.append(f"- {what}: {run.failure}")
        if run.violations:
            lines.append(f"- {what}: unlawful ({', '.join(run.violations)})")
        if run.value is not None and run.value > bounds.get(run.task.problem, run.value) + 1e-6:
            lines.append(f"- {what}: value {run.value} above the stated bound {bounds[run.task.problem]:.2f}")
    return "### Faults\n\n" + (
        "\n".join(lines) if lines else "None: every run ended, every plan was lawful, no value exceeds a bound."
    )


# Tables --------------------------------------------------------------------------------------------------------------


def side_by_side(runs: Sequence[Run]) -> str:
    """Every solver on the districts, class by class and limit by limit."""
    bounds = best_bounds(runs)
    groups: dict[tuple[int, str, float], list[Run]] = defaultdict(list)
    for run in runs:
        if run.task.family in SIZES:
            groups[(SIZES.index(run.task.family), run.task.variant, run.task.limit)].append(run)
    if not groups:
        return ""
    rows = [
        "| problems | limit | solver | runs | value: median | gap to the best bound: median | worst | own gap: median "
        "| worst | proven | within 1 % after: median | seconds: worst | peak memory: worst |",
        "|" + "-|" * 13,
    ]
    ahead = []
    for (size, variant, limit), members in sorted(groups.items()):
        name = SIZES[size] if variant == "plain" else f"{SIZES[size]} {variant}"
        for solver in NAMES:
            own = [run for run in members if run.task.solver == solver]
            if own:
                rows.append(f"| {name} | {limit:g} s | {NAMES[solver]} | " + _solver_row(own, bounds))
        if found := leads(members):
            ahead.append(f"| {name} | {limit:g} s | " + _lead_row(found))
    table = "### Side by side\n\n" + "\n".join(rows)
    if ahead:
        head = "| problems | limit | seeds | at least equal | ahead of the best peer: median | worst |\n|-|-|-|-|-|-|\n"
        table += "\n\n" + head + "\n".join(ahead)
    return table


def _solver_row(runs: list[Run], bounds: dict[str, float]) -> str:
    values = [run.value for run in runs if run.value is not None]
    to_best = _gaps(runs, lambda run: gap(run.value, bounds.get(run.task.problem)))
    own = _gaps(runs, lambda run: run.gap)
    soon = [seconds for run in runs if (seconds := run.seconds_to(0.01)) is not None]
    cells = [
        str(len(runs)) if len(values) == len(runs) else f"{len(runs)}, {len(runs) - len(values)} without a plan",
        f"{median(values):.0f}" if values else "–",
        percent(median(to_best)) if to_best else "–",
        percent(max(to_best)) if to_best else "–",
        percent(median(own)) if own else "–",
        percent(max(own)) if own else "–",
        f"{sum(run.proven for run in runs)} of {len(runs)}" if own else "–",
        f"{median(soon):.1f} s" if soon else "–",
        _worst([run.seconds for run in runs], "{:.1f} s"),
        _worst([run.memory for run in runs], "{:.0f} MB"),
    ]
    return " | ".join(cells) + " |"


def _gaps(runs: Iterable[Run], measure: Callable[[Run], float | None]) -> list[float]:
    return [found for run in runs if (found := measure(run)) is not None]


def _lead_row(found: list[Lead]) -> str:
    shares = [lead.share for lead in found]
    equal = sum(share >= 0 for share in shares)
    return f"{len(found)} | {equal} | {percent(median(shares))} | {percent(min(shares))} |"


def toptw(runs: Sequence[Run], best_known: BestKnowns) -> str:
    """The public benchmark: gap to the best known values, and every instance."""
    own = [run for run in runs if run.task.family == TOPTW]
    if not own:
        return ""
    rows = [
        "| solver | limit | runs | mean gap to best known | worst | over 3 % | proven | values above best known |",
        "|-|-|-|-|-|-|-|-|",
    ]
    for solver, limit in sorted({(run.task.solver, run.task.limit) for run in own}):
        members = [run for run in own if (run.task.solver, run.task.limit) == (solver, limit)]
        gaps = [found for run in members if (found := toptw_gap(run, best_known)) is not None]
        if not gaps:
            continue
        rows.append(
            f"| {NAMES[solver]} | {limit:g} s | {len(members)} | {percent(mean(gaps))} | {percent(max(gaps))} "
            f"| {sum(share > 0.03 for share in gaps)} | {percent(mean(run.proven for run in members), 0)} "
            f"| {sum(share < 0 for share in gaps)} |"
        )
    return "### TOPTW\n\n" + "\n".join(rows) + "\n\n" + _toptw_instances(own, best_known)


def _toptw_instances(runs: list[Run], best_known: BestKnowns) -> str:
    """What each instance's longest run of the planner reached."""
    longest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.task.limit):
        if run.task.solver == "planner":
            longest[run.task.problem] = run
    rows = ["| instance - vehicles | limit | best known | value | bound | proven |", "|-|-|-|-|-|-|"]
    for problem, run in sorted(longest.items()):
        name, _, vehicles = problem.rpartition("-")
        known = best_known.get((name, int(vehicles)))
        best = "–" if known is None else f"{known.value}{'' if known.proved else ' (unproved)'}"
        value, bound = (_number(side) for side in (run.value, run.bound))
        rows.append(
            f"| {problem} | {run.task.limit:g} s | {best} | {value} | {bound} | {'yes' if run.proven else 'no'} |"
        )
    return "\n".join(rows)


# Words ---------------------------------------------------------------------------------------------------------------


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.10g}"


def _worst(numbers: Iterable[float | None], form: str) -> str:
    known = [number for number in numbers if number is not None]
    return form.format(max(known)) if known else "–"
