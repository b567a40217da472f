"""Any problem and any plan written as JSON come back equal, and any other JSON value is read or refused by path."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from routes import (
    InvalidInstance,
    Lunch,
    Pin,
    Place,
    Plan,
    Problem,
    Promise,
    Shift,
    Stop,
    Tour,
    Town,
    Visit,
    Weights,
    Window,
    read_plan,
    read_problem,
    write_plan,
    write_problem,
)
from routes.documents import parse
from tests.routes.documents import changed, county, put

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
amounts = st.integers(0, 10**9)
days = st.dates()
crews = st.dictionaries(names, amounts, max_size=2)
items = st.frozensets(names, max_size=2)


@st.composite
def spans(draw: st.DrawFn, shortest: int = 0) -> tuple[int, int]:
    first = draw(st.integers(0, 1440 - shortest))
    return first, draw(st.integers(first + shortest, 1440))


@st.composite
def lunches(draw: st.DrawFn) -> Lunch:
    opens, closes = draw(spans())
    return Lunch(opens, closes, draw(st.integers(0, closes - opens)))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    return Window(draw(days), *draw(spans()), bonus=draw(amounts))


@st.composite
def shifts(draw: st.DrawFn, name: str, size: int) -> Shift:
    starts, ends = draw(spans(shortest=1))
    place = st.integers(0, size - 1)
    limit = st.none() | amounts
    return Shift(
        name, draw(names), draw(days), starts, ends, draw(place), draw(place),
        draw(crews), draw(items), draw(amounts), draw(limit), draw(limit), draw(st.none() | lunches()),
    )  # fmt: skip


@st.composite
def visits(draw: st.DrawFn, name: str, size: int, known_shifts: list[str], known_towns: list[str]) -> Visit:
    shift = st.sampled_from(known_shifts) if known_shifts else st.nothing()
    return Visit(
        name, draw(st.integers(0, size - 1)), draw(amounts), tuple(draw(st.lists(windows(), max_size=2))),
        draw(st.none() | (st.sampled_from(known_towns) if known_towns else st.nothing())),
        draw(amounts), draw(amounts), draw(crews), draw(items), draw(amounts), draw(amounts),
        draw(st.none() | st.builds(Pin, shift, st.none() | amounts)),
        draw(st.none() | st.builds(Promise, shift, amounts)),
    )  # fmt: skip


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    ids = st.lists(names, unique=True, max_size=3)
    places = draw(st.lists(names, unique=True, min_size=1, max_size=3))
    row = st.lists(amounts, min_size=len(places), max_size=len(places)).map(tuple)
    shift_ids, town_ids, visit_ids = draw(ids), draw(ids), draw(ids)
    group = st.lists(st.sampled_from(visit_ids), unique=True, max_size=3).map(tuple) if visit_ids else st.just(())
    return Problem(
        name=draw(st.text(st.characters(codec="utf-8"), max_size=6)),
        places=tuple(Place(name, draw(st.floats(-90, 90)), draw(st.floats(-180, 180))) for name in places),
        travel=tuple(draw(row) for _ in places),
        shifts=tuple(draw(shifts(name, len(places))) for name in shift_ids),
        visits=tuple(draw(visits(name, len(places), shift_ids, town_ids)) for name in visit_ids),
        exclusive=tuple(draw(st.lists(group, max_size=2))),
        towns=tuple(Town(name, draw(amounts), draw(amounts)) for name in town_ids),
        weights=Weights(*(draw(amounts) for _ in range(6))),
    )


stops = st.builds(Stop, names, amounts, amounts, amounts)
tours = st.builds(Tour, names, amounts, amounts, st.none() | amounts, st.lists(stops, max_size=3).map(tuple))
finite = st.floats(allow_nan=False, allow_infinity=False)
plans = st.builds(
    Plan,
    problem=st.text(st.characters(codec="utf-8")),
    tours=st.lists(tours, max_size=3).map(tuple),
    value=st.integers(),
    bound=st.none() | finite,
    seconds=finite.map(abs),
    seed=st.integers(0, 2**63 - 1),
)


@given(problem=problems())
def test_any_problem_comes_back_equal(problem: Problem):
    assert read_problem(parse(json.dumps(write_problem(problem)))) == problem


@given(plan=plans)
def test_any_plan_comes_back_equal_and_says_whether_it_is_proven(plan: Plan):
    back = read_plan(parse(json.dumps(write_plan(plan))))
    assert (back, back.stated_proven) == (plan, plan.proven)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
# A place of each kind in the county's document.
SPOTS = """
    name places places[0].lat travel[1] travel[1][2] shifts[0].lunch shifts[1].crew shifts[1].equipment
    visits[2].windows visits[2].windows[0].day visits[5].pin visits[5].pin.shift visits[5].place exclusive towns weights
    weights.travel
"""


@given(spot=st.sampled_from(SPOTS.split()), value=anything)
def test_whatever_stands_in_a_document_is_read_or_refused(spot: str, value: object):
    """Never any other exception, and what is read can be written and read again."""
    document = changed(county(), put(spot, value))
    try:
        problem = read_problem(document)
    except InvalidInstance:
        return
    assert read_problem(write_problem(problem)) == problem
