"""Repairs against brute force on small random problems: no proposal breaks more promises than its objective needs."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from routes.checker import check
from routes.problem import Problem, Promise, Window
from routes.proposals import ProposalKind, hold_still, without_shifts
from routes.rebalance import rebalance
from routes.score import score
from tests.routes.test_planner_properties import best_values, brute_force, random_problem


def disturbed(seed: int) -> tuple[Problem, frozenset[str]]:
    """A random problem, most visits promised, a shift perhaps lost, a few visits fixed; and the visits wanted."""
    chance = random.Random(seed)
    problem = random_problem(seed)
    visits = tuple(
        replace(visit, pin=None, promise=_promise(chance, problem, visit.windows) if chance.random() < 0.7 else None)
        for visit in problem.visits
    )
    weights = replace(
        problem.weights, drop=50, other_day=15, other_van=5, retime=12, tolerance=chance.choice((0, 2, 5))
    )
    problem = replace(problem, visits=visits, weights=weights)
    if chance.random() < 0.6:
        problem = without_shifts(problem, {chance.choice(problem.shifts).id})
    fixed = [visit.id for visit in visits if chance.random() < 0.2]
    problem, _ = hold_still(problem, fixed)
    loose = [visit.id for visit in problem.visits if visit.promise is None]
    return problem, frozenset(name for name in loose if chance.random() < 0.3)


def _promise(chance: random.Random, problem: Problem, windows: tuple[Window, ...]) -> Promise:
    window = chance.choice(windows)
    shifts = [shift for shift in problem.shifts if shift.day == window.day]
    return Promise(chance.choice(shifts).id, chance.choice((window.opens, window.opens + 3)))


def fewest_drops(problem: Problem, wanted: frozenset[str]) -> int:
    """The fewest promises that any lawful plan drops in which all others keep van day and time (within tolerance).

    Worked out on the problem as it stands, with windows narrowed here and no points at all, over every way of giving
    sets of visits to shifts.
    """
    tolerance = problem.weights.tolerance
    visits = []
    for visit in problem.visits:
        if visit.promise is None:
            if visit.id in wanted:
                visits.append(visit)
            continue
        day = problem.shift_by_id[visit.promise.shift].day
        starts = range(visit.promise.starts - tolerance, visit.promise.starts + tolerance + 1)
        windows = [
            Window(day, minute, minute + visit.session)
            for minute in starts
            if any(
                each.day == day and each.opens <= minute and minute + visit.session <= each.closes
                for each in visit.windows
            )
        ]
        visits.append(replace(visit, windows=tuple(windows)))
    names = {visit.id for visit in visits}
    groups = tuple(tuple(name for name in group if name in names) for group in problem.exclusive)
    narrowed = replace(problem, visits=tuple(visits), exclusive=tuple(group for group in groups if len(group) > 1))
    plans = {0}
    for shift in narrowed.shifts:
        masks = best_values(narrowed, shift)
        plans |= {served | mask for served in plans for mask in masks if not served & mask}
    promised = [index for index, visit in enumerate(visits) if visit.promise]
    pinned = {visit.id for visit in visits if visit.pin}
    drops = []
    for served in plans:
        ids = {visit.id for index, visit in enumerate(visits) if served & (1 << index)}
        if pinned <= ids and all(len(ids.intersection(group)) <= 1 for group in narrowed.exclusive):
            drops.append(sum(not served & (1 << index) for index in promised))
    return min(drops)


@pytest.mark.parametrize("block", range(6))
def test_no_proposal_breaks_more_promises_than_exhaustive_search_needs(block: int) -> None:
    for seed in range(3000 + 20 * block, 3000 + 20 * block + 20):
        problem, wanted = disturbed(seed)
        proposals = rebalance(problem, seconds=60, wanted=wanted, threads=1)
        assert [each.kind for each in proposals] == list(ProposalKind)
        for proposal in proposals:
            assert list(check(proposal.problem, proposal.plan)) == []
            assert proposal.plan.proven
            assert proposal.plan.value == brute_force(proposal.problem) == score(proposal.problem, proposal.plan)
        dropped = proposals[0].difference.dropped
        assert len(dropped) == fewest_drops(problem, wanted), seed


@pytest.mark.parametrize("block", range(6))
def test_a_proposal_is_lawful_in_the_problem_it_was_narrowed_from(block: int) -> None:
    for seed in range(3000 + 20 * block, 3000 + 20 * block + 20):
        problem, wanted = disturbed(seed)
        for proposal in rebalance(problem, seconds=30, wanted=wanted, threads=1):
            plan = replace(proposal.plan, value=score(problem, proposal.plan), bound=None)
            assert list(check(problem, plan)) == []
            tolerance, told = problem.weights.tolerance, {each.id: each.promise for each in problem.visits}
            for tour, stop in plan.stops():
                promise = told[stop.visit]
                if promise is None:
                    assert proposal.kind is ProposalKind.REPLAN or stop.visit in wanted
                    continue
                if proposal.kind is not ProposalKind.REPLAN:
                    assert problem.shift_by_id[tour.shift].day == problem.shift_by_id[promise.shift].day
                if proposal.kind is ProposalKind.KEEP_TIMES:
                    assert abs(stop.starts - promise.starts) <= tolerance


def test_the_random_problems_keep_drop_move_and_add() -> None:
    """So that the tests above are about all that a repair may do."""
    counts = {"kept": 0, "retimed": 0, "other_van": 0, "other_day": 0, "dropped": 0, "added": 0}
    for seed in range(3000, 3040):
        problem, wanted = disturbed(seed)
        for proposal in rebalance(problem, seconds=30, wanted=wanted, threads=1):
            for kind in counts:
                counts[kind] += len(getattr(proposal.difference, kind))
    assert min(counts.values()) > 10, counts
