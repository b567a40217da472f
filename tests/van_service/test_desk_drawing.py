"""What the desk draws, worked out on instances small enough to draw by hand: a tour's minutes, a run's curve, a map."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from schedules.differences import Change, ChangeKind, Slot
from schedules.models import Depot, Shift, Stop, Tour, Van, VisitRequest
from van_service.pages.desk.board import Marks, days_of_week, hours_of, segments_of, weeks_between
from van_service.pages.desk.district_map import around
from van_service.pages.desk.gap_plot import LEFT, RIGHT, gap_plot
from van_service.pages.desk.template_words import gap_in_words

TUESDAY = date(2026, 6, 16)


def shift_of(number: int = 1, day: date = TUESDAY) -> Shift:
    van = Van(id=number, code=f"van{number}", number=number, depot=Depot())
    return Shift(id=number, van=van, day=day, lunch_minutes=60)


def request_of(number: int, session: int = 120) -> VisitRequest:
    return VisitRequest(id=number, setup=25, session=session, teardown=20)


def tour_of(shift: Shift, *, lunch: int, stops: list[tuple[int, int, int]], returns: int, back: int) -> Tour:
    """Stops as (drive, arrives, starts); each session lasts 120 minutes."""
    made = [
        Stop(request_id=n, request=request_of(n), drive=drive, arrives=arrives, starts=starts, departs=starts + 140)
        for n, (drive, arrives, starts) in enumerate(stops, 1)
    ]
    leaves = made[0].arrives - made[0].drive
    driving = sum(stop.drive for stop in made) + back
    return Tour(shift_id=shift.id, leaves=leaves, returns=returns, lunch=lunch, driving=driving, stops=made)


def drawn(tour: Tour, shift: Shift) -> list[tuple[str, int, int]]:
    return [(segment.kind, segment.starts, segment.ends) for segment in segments_of(tour, shift)]


def test_a_tour_is_drawn_from_minute_to_minute() -> None:
    # 480 drive 20, set up 25, session 525-645, pack up 20, drive 30 to 695, lunch 695-755, wait, set up, session
    shift = shift_of()
    tour = tour_of(shift, lunch=695, stops=[(20, 500, 525), (30, 695, 795)], returns=975, back=40)
    assert drawn(tour, shift) == [
        ("drive", 480, 500),
        ("setup", 500, 525),
        ("session", 525, 645),
        ("tear", 645, 665),
        ("drive", 665, 695),
        ("lunch", 695, 755),
        ("slack", 755, 770),
        ("setup", 770, 795),
        ("session", 795, 915),
        ("tear", 915, 935),
        ("drive", 935, 975),
    ]


def test_lunch_before_the_drive_is_drawn_before_it() -> None:
    shift = shift_of()
    tour = tour_of(shift, lunch=665, stops=[(20, 500, 525), (30, 760, 785)], returns=965, back=40)
    assert drawn(tour, shift)[4:7] == [("lunch", 665, 725), ("slack", 725, 730), ("drive", 730, 760)]


def test_lunch_at_the_venue_before_leaving_is_drawn_there() -> None:
    # packed up at 665, lunch there until 730, only then the drive back
    shift = shift_of()
    tour = tour_of(shift, lunch=670, stops=[(20, 500, 525)], returns=765, back=35)
    tour.stops[0].departs = 730
    assert drawn(tour, shift)[3:] == [
        ("tear", 645, 665),
        ("slack", 665, 670),
        ("lunch", 670, 730),
        ("drive", 730, 765),
    ]


def test_lunch_after_the_return_is_drawn_at_the_end() -> None:
    shift = shift_of()
    tour = tour_of(shift, lunch=710, stops=[(20, 500, 525)], returns=700, back=35)
    assert drawn(tour, shift)[-2:] == [("drive", 665, 700), ("lunch", 710, 770)]


@pytest.mark.parametrize(("lunch", "returns"), [(665, 765), (670, 770), (720, 700), (400, 700)])
def test_no_two_things_are_drawn_at_once(lunch: int, returns: int) -> None:
    shift = shift_of()
    drawing = drawn(tour_of(shift, lunch=lunch, stops=[(20, 500, 525)], returns=returns, back=35), shift)
    in_order = sorted(drawing, key=lambda segment: segment[1])
    assert all(before[2] <= after[1] for before, after in pairwise(in_order))


def test_a_promise_that_moves_leaves_a_ghost_where_it_stood() -> None:
    shift = shift_of()
    old, new = Slot(shift, TUESDAY, 600, 720), Slot(shift, TUESDAY, 525, 645)
    change = Change(ChangeKind.RETIMED, request_of(1), None, None, old, new)
    tour = tour_of(shift, lunch=665, stops=[(20, 500, 525)], returns=765, back=35)
    days = days_of_week(date(2026, 6, 15), [shift], [tour], {}, Marks(changes={1: change}))
    [tuesday] = [day for day in days if day.lanes]
    segments = tuesday.lanes[0].segments
    assert [(s.starts, s.minutes) for s in segments if s.kind == "ghost"] == [(600, 120)]
    assert [s.hidden for s in segments if s.kind == "ghost"] == [True]  # the session lasts until 645
    assert segments[0].kind == "ghost"  # drawn first, so that the tour covers it
    assert [s.change for s in segments if s.kind == "session"] == [ChangeKind.RETIMED]


def test_a_week_shows_monday_to_friday_and_a_weekend_only_where_a_van_drives() -> None:
    monday, saturday = date(2026, 6, 15), date(2026, 6, 20)
    assert len(days_of_week(monday, [], [], {}, Marks())) == 5
    with_saturday = days_of_week(monday, [shift_of(day=saturday)], [], {}, Marks())
    assert [day.date for day in with_saturday][-1] == saturday


def test_the_board_grows_to_whole_hours_around_early_tours() -> None:
    shift = shift_of()
    tour = tour_of(shift, lunch=665, stops=[(20, 410, 435)], returns=690, back=35)
    assert hours_of(days_of_week(date(2026, 6, 15), [shift], [tour], {}, Marks())) == (360, 1020)


def test_weeks_begin_on_mondays() -> None:
    assert weeks_between(date(2026, 6, 17), date(2026, 6, 29)) == [
        date(2026, 6, 15),
        date(2026, 6, 22),
        date(2026, 6, 29),
    ]


def test_a_curve_moves_in_steps_and_ends_at_the_right_edge() -> None:
    plot = gap_plot([[0.0, 100, None], [1.0, 100, 150], [2.0, 140, 150]], until=4.0)
    assert plot is not None
    middle = (LEFT + RIGHT) / 2
    assert f"H{middle}V" in plot.value_path  # the step at 2 of 4 seconds
    assert plot.value_path.endswith(f"H{RIGHT}")
    assert plot.dot is not None
    assert plot.bound_at is not None
    assert plot.bound_at < plot.dot[1]  # the bound lies above the value: y grows downward


def test_there_is_no_curve_before_there_is_a_value() -> None:
    assert gap_plot([[0.0, None, None]], until=1.0) is None


def test_a_gap_is_never_rounded_down_to_nothing() -> None:
    assert [gap_in_words(gap) for gap in (0.0, 0.0000267, 0.0004, 0.0411)] == ["0.0%", "0.003%", "0.040%", "4.2%"]


def test_the_area_of_the_map_lies_around_all_points() -> None:
    # A square with a point inside: four corners, each moved outward.
    corners = around([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.4)])
    assert len(corners) == 4
    assert min(corner[0] for corner in corners) < 0
    assert max(corner[1] for corner in corners) > 1
