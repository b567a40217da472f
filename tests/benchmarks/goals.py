"""What the planner must reach, and what the runs show of it; what was not run says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import mean, median

from tests.benchmarks.judging import SIZES, TOPTW, BestKnowns, leads, percent, toptw_gap
from tests.benchmarks.runs import Run


def goals(runs: Sequence[Run], best_known: BestKnowns) -> str:
    """What must be reached, and what was."""
    rows = ["| goal | at least | measured | reached |", "|-|-|-|-|"]
    rows += [_goal_row(*goal) for goal in _district_goals(runs)]
    rows += [_goal_row(*goal) for goal in _limit_goal(runs)]
    rows += [_goal_row(*goal) for goal in _peer_goals(runs)]
    rows += [_goal_row(*goal) for goal in _toptw_goals(runs, best_known)]
    return "### Goals\n\n" + "\n".join(rows)


Goal = tuple[str, str, str | None, bool]


def _goal_row(name: str, least: str, measured: str | None, reached: bool) -> str:
    verdict = "–" if measured is None else ("yes" if reached else "**no**")
    return f"| {name} | {least} | {measured or 'not measured'} | {verdict} |"


def _district_goals(runs: Sequence[Run]) -> Iterable[Goal]:
    def of(size: str, limit: float) -> list[Run]:
        return [run for run in _plain(runs, size, limit) if run.task.solver == "planner"]

    for size, limit, share in (("S", 1, 1.0), ("M", 30, 0.8)):
        own = of(size, limit)
        proven = sum(run.proven for run in own)
        least = "proven, every seed" if share == 1 else "proven, 4 of 5 seeds"
        yield f"{size}, {limit} s", least, f"{proven} of {len(own)}" if own else None, proven >= share * len(own)
    for size, limit, most in (("M", 10, 0.001), ("L", 60, 0.005), ("XL", 120, 0.01)):
        own = of(size, limit)
        gaps = [1.0 if run.gap is None else run.gap for run in own]
        text = f"median {percent(median(gaps))}, worst {percent(max(gaps))} of {len(gaps)} seeds" if gaps else None
        yield f"{size}, {limit} s", f"median gap <= {percent(most, 1)}", text, bool(gaps) and median(gaps) <= most
    for size, most in (("L", 500), ("XL", 1000)):
        peaks = [run.memory for run in runs if run.task[:3] == ("planner", size, "plain") and run.memory is not None]
        text = f"{max(peaks):.0f} MB" if peaks else None
        yield f"{size}, peak memory", f"<= {most} MB", text, bool(peaks) and max(peaks) <= most


def _limit_goal(runs: Sequence[Run]) -> Iterable[Goal]:
    over = [run.seconds - run.task.limit for run in runs if run.task.solver == "planner" and run.seconds is not None]
    text = f"worst {max(over):.1f} s over" if over else None
    yield "planner keeps its limits", "0.5 s over at most", text, bool(over) and max(over) <= 0.5


def _peer_goals(runs: Sequence[Run]) -> Iterable[Goal]:
    for size in SIZES:
        for limit in (10, 60):
            shares = [lead.share for lead in leads(_plain(runs, size, limit))]
            least = "at least equal on every seed" + ("" if size == "S" else ", median 2 % ahead")
            enough = bool(shares) and min(shares) >= 0 and (size == "S" or median(shares) >= 0.02)
            text = f"worst {percent(min(shares))}, median {percent(median(shares))}" if shares else None
            yield f"{size}, {limit} s, against the best peer", least, text, enough


def _toptw_goals(runs: Sequence[Run], best_known: BestKnowns) -> Iterable[Goal]:
    quick, own = (
        [run for run in runs if run.task[:2] == ("planner", TOPTW) and run.task.limit == limit] for limit in (10, 60)
    )
    for limit, members, most in ((10, quick, 0.01), (60, own, 0.005)):
        gaps = _toptw_gaps(members, best_known)
        text = f"{percent(mean(gaps))} of {len(gaps)} runs" if gaps else None
        least = f"mean gap to best known <= {percent(most, 1)}"
        yield f"TOPTW, {limit} s", least, text, bool(gaps) and mean(gaps) <= most
    gaps = _toptw_gaps(own, best_known)
    yield "TOPTW, 60 s", "none over 3 %", percent(max(gaps)) if gaps else None, bool(gaps) and max(gaps) <= 0.03
    share = mean(run.proven for run in own) if own else 0.0
    yield "TOPTW, 60 s", "proven: 60 %", percent(share, 0) if own else None, share >= 0.6


def _toptw_gaps(runs: Iterable[Run], best_known: BestKnowns) -> list[float]:
    return [found for run in runs if (found := toptw_gap(run, best_known)) is not None]


def _plain(runs: Iterable[Run], size: str, limit: float) -> list[Run]:
    return [run for run in runs if run.task[1:3] == (size, "plain") and run.task.limit == limit]
