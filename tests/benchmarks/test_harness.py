"""The benchmark's own parts: the public files are read exactly, a peer's orders become lawful plans, sums are right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from routes import Lunch, Pin, Place, Problem, Shift, Visit, Weights, Window, check, read_problem, score
from routes.planner import plan_visits
from tests.benchmarks.district import district
from tests.benchmarks.judging import best_bounds, leads, toptw_gap
from tests.benchmarks.plot import gap_plot, planner_lines
from tests.benchmarks.report import faults, report
from tests.benchmarks.retiming import retime
from tests.benchmarks.runs import Run, Task, append_runs, read_runs
from tests.benchmarks.toptw import BestKnown, read_best_known, read_points, toptw_problem
from tests.benchmarks.translation import Translation, group_by_shifts

# A depot on a line, customers 1.5, 3 and 4 to its east and one 4 to its west; 10 units a vehicle, each visit takes 1.
# All three in the east take 7 and 4 to get home, too long; the first and the third take 6 and 4: 27 points.
TINY = """1 2 4 1
0 200
0 0.00 0.00 0.00 0.00 0 0 0 10
1 1.50 0.00 1.00 20.00 1 1 1 0 10
2 3.00 0.00 1.00 5.00 1 1 1 0 10
3 4.00 0.00 1.00 7.00 1 1 1 0 10
4 -4.00 0.00 1.00 26.00 1 1 2 1 2 0 3.9
"""
DAY = date(2026, 6, 1)


def test_a_toptw_file_gives_whole_tenths_and_closes_are_latest_starts() -> None:
    problem = toptw_problem("tiny", read_points(TINY), 2)
    assert problem.travel[0] == (0, 15, 30, 40, 40)
    assert problem.travel[3][4] == 80
    assert [(shift.starts, shift.ends) for shift in problem.shifts] == [(0, 100), (0, 100)]
    late, early = problem.visits[0], problem.visits[3]
    assert (late.session, late.windows[0].closes) == (10, 100)  # no session ends after the shift
    assert (early.prize, early.windows[0].opens, early.windows[0].closes) == (26, 0, 49)


@pytest.mark.parametrize(("vehicles", "optimum"), [(1, 27), (2, 32)])
def test_the_tiny_instance_has_its_known_optimum(vehicles: int, optimum: int) -> None:
    """The customer in the west can be begun at 4.0, after it closes; of one tour the first and the third are best."""
    problem = toptw_problem("tiny", read_points(TINY), vehicles)
    plan = plan_visits(problem, seconds=20, seed=1)
    assert (plan.value, plan.proven, check(problem, plan)) == (optimum, True, [])


def test_distances_are_rounded_down_to_the_decimals_of_the_family() -> None:
    points = read_points(TINY.replace("1.50 0.00 1.00", "1.00 1.00 1.00"))
    assert toptw_problem("c", points, 1).travel[0][1] == 14  # 1.41421
    assert toptw_problem("pr", points, 1).travel[0][1] == 141


def test_a_line_that_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="Point 2"):
        read_points(TINY.replace("2 3.00 0.00", "7 3.00 0.00"))


def test_best_known_values_say_which_are_proved(tmp_path: Path) -> None:
    table = 'instance,vehicles,best_known,status\nc101,2,590,proved optimal here\nc102,3,920,"recalled, unproved"\n'
    (tmp_path / "best_known.csv").write_text(table)
    assert read_best_known(tmp_path) == {("c101", 2): BestKnown(590, True), ("c102", 3): BestKnown(920, False)}


def _problem(**changes: object) -> Problem:
    """One van of an eight-hour day with lunch; five visits of two hours each, all places 10 minutes apart."""
    visits = tuple(
        Visit(f"r{place}", place, 100, (Window(DAY, 480, 960),), setup=10, teardown=10, prize=100 * place)
        for place in range(1, 6)
    )
    parts = {
        "name": "five",
        "places": tuple(Place(f"p{place}", 30.9, 121.4) for place in range(6)),
        "travel": tuple(tuple(0 if here == there else 10 for there in range(6)) for here in range(6)),
        "shifts": (Shift("van1", "van1", DAY, 480, 960, 0, 0, lunch=Lunch(660, 840, 60)),),
        "visits": visits,
        "exclusive": (("r3", "r4"),),
        "weights": Weights(travel=1),
    }
    return Problem(**{**parts, **changes})  # type: ignore[arg-type]


def test_what_cannot_be_driven_is_dropped_cheapest_first() -> None:
    problem = _problem(exclusive=())
    retimed = retime(problem, {"van1": ["r5", "r1", "r2", "r4", "r3"]})
    assert [stop.visit for _, stop in retimed.plan.stops()] == ["r5", "r4", "r3"]
    assert retimed.dropped == ["r1", "r2"]
    assert retimed.plan.value == 1200 - 40
    assert check(problem, retimed.plan) == []


def test_of_an_exclusive_group_the_dearer_stays_and_a_second_serving_goes() -> None:
    retimed = retime(_problem(), {"van1": ["r3", "r5", "r4", "r5"]})
    assert [stop.visit for _, stop in retimed.plan.stops()] == ["r5", "r4"]
    assert check(_problem(), retimed.plan) == []


def test_a_lost_pin_is_put_back_where_it_fits() -> None:
    visits = _problem().visits
    pinned = Visit("r1", 1, 100, visits[0].windows, setup=10, teardown=10, prize=1, pin=Pin("van1", 820))
    problem = _problem(visits=(pinned, *visits[1:]))
    retimed = retime(problem, {"van1": ["r2", "r5", "r4"]})
    assert retimed.restored == ["r1"]
    assert [stop.visit for _, stop in retimed.plan.stops()] == ["r5", "r4", "r1"]
    assert check(problem, retimed.plan) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_orders_at_all_become_a_lawful_plan(seed: int) -> None:
    """Every visit on every shift, in the order asked: as unlawful as orders can be."""
    problem = read_problem(district("S", seed, "loose"))
    retimed = retime(problem, {shift.id: [visit.id for visit in problem.visits] for shift in problem.shifts})
    assert check(problem, retimed.plan) == []
    assert retimed.plan.value == score(problem, retimed.plan)
    assert retimed.plan.served


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_peers_are_offered_every_place_that_a_lawful_plan_uses(seed: int) -> None:
    """A model that hides lawful starts from the peers would make the comparison worthless."""
    problem = read_problem(district("S", seed, "loose"))
    requests = {request.visit.id: request for request in Translation(problem, hold_promises=False).requests}
    translation = Translation(problem, hold_promises=False)
    number = {shift.id: index for index, shift in enumerate(problem.shifts)}
    used = list(plan_visits(problem, seconds=10, seed=seed).stops())
    assert used
    for tour, stop in used:
        request, shift = requests[stop.visit], problem.shift_by_id[tour.shift]
        block = translation.offset[shift.day] + stop.starts - request.visit.setup
        assert number[tour.shift] in request.shifts
        assert any(first <= block <= last for first, last in request.merged())


def test_skill_sets_of_peers_hold_exactly_the_shifts_that_can_serve_their_requests() -> None:
    problem = read_problem(district("M", 1))
    translation = Translation(problem, hold_promises=False)
    days = {request.number: {span.day for span in request.spans} for request in translation.requests}
    for shifts, members in group_by_shifts(translation.requests, problem).items():
        for request in members:
            today = {number for number in shifts if problem.shifts[number].day in days[request.number]}
            assert today == request.shifts


def _run(solver: str, value: int | None, *, family: str = "M", problem: str = "m-1", **rest: object) -> Run:
    return Run(Task(solver, family, "plain", problem, 10.0, 1), value=value, **rest)  # type: ignore[arg-type]


def test_gaps_leads_and_times_are_worked_out_as_said() -> None:
    climb = [(0.1, 500, None), (1.0, 985, 1100.0), (3.0, 991, 1010.0), (9.0, 1000, 1010.0)]
    ours = _run("planner", 1000, bound=1010.0, milestones=climb)
    assert ours.gap == pytest.approx(10 / 1010)
    assert ours.seconds_to(0.01) == 3.0
    runs = [ours, _run("planner", 950, bound=1005.0, problem="m-2"), _run("vroom", 980), _run("ortools", 800)]
    assert best_bounds(runs) == {"m-1": 1010.0, "m-2": 1005.0}
    assert [(lead.problem, lead.share) for lead in leads(runs)] == [("m-1", pytest.approx(20 / 980))]
    known = {("c101", 2): BestKnown(590, True)}
    assert toptw_gap(_run("planner", 560, family="toptw", problem="c101-2"), known) == pytest.approx(30 / 590)
    assert toptw_gap(_run("planner", None, family="toptw", problem="c101-2"), known) == 1.0


def test_the_report_shows_what_was_measured_and_says_what_was_not() -> None:
    ours = _run("planner", 1000, bound=1000.0, proven=True, seconds=2.0, memory=210.0, milestones=[(1.0, 1000, 1000.0)])
    peer = _run("vroom", 975, seconds=10.0, memory=80.0)
    text = report([ours, peer], {})
    assert "| M | 10 s | 1 | 1 | 2.56 % | 2.56 % |" in text
    assert "| M, 10 s | median gap <= 0.1 % | median 0.00 %, worst 0.00 % of 1 seeds | yes |" in text
    assert "| XL, 120 s | median gap <= 1.0 % | not measured | – |" in text
    assert "| planner keeps its limits | 0.5 s over at most | worst -8.0 s over | yes |" in text
    assert "### Faults\n\nNone" in text
    assert "Nothing has been measured" in report([], {})


def test_a_value_above_a_stated_bound_and_an_unlawful_plan_are_called_faults() -> None:
    text = faults([_run("planner", 90, bound=100.0), _run("vroom", 101), _run("pyvrp", None, violations=["pin"])])
    assert "VROOM on m-1, 10 s: value 101 above the stated bound 100.00" in text
    assert "PyVRP on m-1, 10 s: unlawful (pin)" in text


def test_runs_are_read_back_and_a_repeated_task_replaces_the_first(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "runs.jsonl"
    first, second = _run("planner", 1, milestones=[(0.5, 1, None)]), _run("vroom", 2)
    append_runs(path, [first, second])
    append_runs(path, [_run("vroom", 3)])
    assert read_runs(path) == [first, _run("vroom", 3)]


def test_the_picture_has_a_panel_a_class_and_its_line_falls_when_the_plan_improves() -> None:
    ours = _run("planner", 1000, bound=1000.0, milestones=[(0.2, 500, None), (2.0, 1000, 1000.0)])
    picture = gap_plot([ours, _run("vroom", 975)])
    assert picture.count("<g transform") == 1
    assert picture.count("<circle") == 1
    to_best, own = planner_lines([ours], {"m-1": 1000.0})
    assert [share for time, share in to_best if time < 0.2] == [1.0] * sum(time < 0.2 for time, _ in to_best)
    assert {share for time, share in to_best if 0.3 < time < 1.9} == {0.5}
    assert {share for time, share in own if 0.3 < time < 1.9} == {1.0}
    assert to_best[-1][1] == own[-1][1] == 0.0
