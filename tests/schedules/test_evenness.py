"""Evenness by hand and by law, recency by rank, and what the vans' days were spent on by the tours."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.evenness import Effort, effort, evenness, recency, visits_for_weight
from schedules.models import Plan, PlanState, Tour, VisitState
from tests.factories import make_request, make_shift, make_town, make_venue, make_visit

MONDAY = date(2026, 6, 1)
FRIDAY = MONDAY + timedelta(days=4)

towns = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 300_000)), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("counts", "gini"),
    [
        ([(3, 30_000), (1, 10_000), (2, 20_000)], 0.0),
        ([(0, 50_000), (4, 50_000)], 0.5),
        ([(1, 10_000), (3, 10_000)], 0.25),
        ([(0, 10_000)] * 9 + [(5, 10_000)], 0.9),
    ],
)
def test_the_coefficient_of_towns_worked_out_by_hand(counts: list[tuple[int, int]], gini: float) -> None:
    assert evenness(counts).gini == pytest.approx(gini)


def test_the_ratio_compares_the_best_with_the_worst_served_town() -> None:
    assert evenness([(1, 20_000), (3, 20_000), (5, 50_000)]).ratio == pytest.approx(3)
    assert evenness([(0, 20_000), (3, 20_000)]).ratio is None


def test_without_a_visit_or_a_weight_nothing_is_said() -> None:
    assert evenness([(0, 20_000), (0, 10_000)]).gini is None
    assert evenness([(4, 0)]).gini is None
    assert evenness([(1, 10_000), (1, 10_000), (7, 0)]).gini == pytest.approx(0)


@given(towns)
def test_the_curve_runs_from_nothing_to_all_below_the_straight_line(counts: list[tuple[int, int]]) -> None:
    found = evenness(counts)
    if found.gini is None:
        assert not any(visits for visits, _ in counts)
        return
    assert found.curve[0] == (0.0, 0.0)
    assert found.curve[-1] == pytest.approx((1.0, 1.0))
    assert all(up <= across + 1e-9 for across, up in found.curve)
    assert 0.0 <= found.gini < 1.0


@given(towns, st.integers(2, 5))
def test_the_coefficient_knows_no_scale(counts: list[tuple[int, int]], times: int) -> None:
    once, again = evenness(counts), evenness([(visits * times, weight) for visits, weight in counts])
    assert once.gini == again.gini or once.gini == pytest.approx(again.gini)


@given(towns)
def test_the_coefficient_is_the_mean_difference_over_twice_the_mean(counts: list[tuple[int, int]]) -> None:
    found = evenness(counts).gini
    if found is None:
        return
    weight, visits = sum(weight for _, weight in counts), sum(visits for visits, _ in counts)
    differences = sum(
        mine * theirs * abs(own / mine - other / theirs) for own, mine in counts for other, theirs in counts
    )
    assert found == pytest.approx(differences / (2 * weight * visits), abs=1e-9)


def test_nine_towns_of_ten_by_the_nearest_rank() -> None:
    assert recency(range(1, 11)).ninetieth == 9
    assert recency([30, 5, None, 41]) == (found := recency([41, None, 5, 30]))
    assert (found.worst, found.ninetieth, found.never) == (41, 41, 1)
    assert recency([None, None]).worst is None


def test_effort_counts_visits_done_and_promised_by_their_tours(session, now) -> None:
    plan = Plan(
        state=PlanState.PUBLISHED, first_day=MONDAY, last_day=FRIDAY, seconds_allowed=1.0, created_at=now,
        created_by="desk",
    )  # fmt: skip
    session.add(plan)
    session.flush()
    shift, other = make_shift(session, MONDAY), make_shift(session, FRIDAY)
    plan.tours.append(Tour(shift_id=shift.id, leaves=480, returns=780, lunch=None, driving=60))
    plan.tours.append(Tour(shift_id=other.id, leaves=480, returns=680, lunch=None, driving=40))
    for day, on, starts, state in (
        (MONDAY, shift, 500, VisitState.DONE),
        (MONDAY, shift, 640, VisitState.PROMISED),
        (FRIDAY, other, 500, VisitState.CANCELLED),
    ):
        asked = make_request(session, [(day, 480, 900)], now=now)
        make_visit(session, asked, on, starts, state=state, plan_id=plan.id)
    session.flush()
    found = effort(session, MONDAY, FRIDAY)
    assert found == Effort(visits=2, van_days=1, away=300, driving=60)
    assert (found.visits_a_day, found.on_road) == (2.0, 0.2)
    assert effort(session, FRIDAY, FRIDAY) == Effort(0, 0, 0, 0)
    assert Effort(0, 0, 0, 0).on_road is Effort(0, 0, 0, 0).visits_a_day is None


def test_only_visits_that_took_place_in_the_days_count_for_evenness(session, now) -> None:
    town, quiet = make_town(session, planning_weight=40_000), make_town(session, planning_weight=60_000)
    venue = make_venue(session, town)
    shift = make_shift(session, MONDAY)
    for starts, state in ((500, VisitState.DONE), (640, VisitState.PROMISED)):
        asked = make_request(session, [(MONDAY, 480, 900)], now=now, venue=venue)
        make_visit(session, asked, shift, starts, state=state)
    session.flush()
    assert quiet.id != town.id
    assert sorted(visits_for_weight(session, MONDAY, FRIDAY)) == [(0, 60_000), (1, 40_000)]
    assert sorted(visits_for_weight(session, FRIDAY, FRIDAY)) == [(0, 40_000), (0, 60_000)]
