"""Travel times from the great circle, from a table and from a road router, each with what is known to go wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routes import Place
from routes.travel import (
    GreatCircle,
    InvalidTable,
    MissingPairs,
    OffTheMap,
    Osrm,
    RoadClass,
    RouterFailed,
    Table,
    ZeroTimes,
    read_pairs,
)
from routes.travel_times import kilometres
from tests.routes.road_router import Roads, running

# A degree of latitude is 111.195 km on the mean sphere, so 0.1 degrees are 11.12 km.
DEPOT = Place("depot", 30.9, 121.4)
NORTH = Place("north", 31.0, 121.4)
TWIN = Place("twin", 30.9, 121.4)
EAST = Place("east", 30.9, 121.5)
HELSINKI = Place("helsinki", 60.17, 24.94)


# The great circle ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("road_classes", "minutes"),
    [
        # 11.12 km x 1.3 = 14.455 km of road
        ({}, 30),  # at 36 km/h 24.09 minutes, and 5 to park: 29.09
        ({"depot": RoadClass.URBAN, "north": RoadClass.URBAN}, 36),  # at 28 km/h 30.98 + 5
        ({"depot": RoadClass.FAST, "north": RoadClass.FAST}, 25),  # at 45 km/h 19.27 + 5
        ({"north": RoadClass.URBAN}, 33),  # half at 36 km/h, half at 28: 27.53 + 5
    ],
)
def test_a_drive_takes_the_road_at_the_speed_of_its_ends_and_the_parking(
    road_classes: dict[str, RoadClass], minutes: int
):
    times = GreatCircle(road_classes).times([DEPOT, NORTH])
    assert times.minutes == ((0, minutes), (minutes, 0))
    assert (times.source, times.filled) == ("great circle", 0)


def test_the_distance_is_the_great_circles():
    """A degree of a meridian is 2 pi x 6371.0088 / 360 = 111.195 km; Helsinki by the spherical law of cosines."""
    assert kilometres(DEPOT, NORTH) == pytest.approx(11.1195, abs=0.0001)
    here, there = math.radians(DEPOT.lat), math.radians(HELSINKI.lat)
    apart = math.radians(HELSINKI.lon - DEPOT.lon)
    angle = math.acos(math.sin(here) * math.sin(there) + math.cos(here) * math.cos(there) * math.cos(apart))
    assert kilometres(DEPOT, HELSINKI) == pytest.approx(6371.0088 * angle)


def test_places_at_one_point_are_no_drive_apart():
    assert GreatCircle().times([DEPOT, TWIN]).minutes == ((0, 0), (0, 0))


def test_a_few_steps_away_the_van_still_has_to_park():
    """11 m x 1.3 at 36 km/h are a second and a half: rounded up, with the parking, 6 minutes."""
    assert GreatCircle().times([DEPOT, Place("next door", 30.9001, 121.4)]).minutes[0][1] == 6


def test_a_straight_road_without_parking_takes_its_own_time():
    """11.12 km at 36 km/h are 18.5 minutes."""
    assert GreatCircle(road_factor=1, parking=0).times([DEPOT, NORTH]).minutes[0][1] == 19


def test_no_places_have_no_times():
    assert GreatCircle().times([]).minutes == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"road_factor": 0.9},
        {"parking": -1},
        {"speeds": {RoadClass.RURAL: 36.0}},
        {"speeds": dict.fromkeys(RoadClass, 0.0)},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=r"road|Parking"):
        GreatCircle(**wrong)


@given(st.lists(st.builds(Place, st.uuids().map(str), st.floats(30.7, 31.1), st.floats(121.3, 121.8)), max_size=5))
def test_the_great_circle_is_as_long_both_ways_and_zero_only_at_one_point(places: list[Place]):
    minutes = GreatCircle().times(places).minutes
    for i, here in enumerate(places):
        for j, there in enumerate(places):
            assert minutes[i][j] == minutes[j][i]
            assert (minutes[i][j] == 0) == ((here.lat, here.lon) == (there.lat, there.lon))


def line_of(count: int) -> list[Place]:
    """Places on a line to the east, 0.001 degrees apart."""
    return [Place(f"p{index}", 30.9, round(121.4 + index / 1000, 6)) for index in range(count)]


# A table ------------------------------------------------------------------------------------------------------------


def test_a_table_gives_each_way_its_own_minutes(tmp_path: Path):
    file = tmp_path / "times.csv"
    file.write_text("\ufefffrom_id,to_id,minutes\ndepot,north,31\nnorth,depot,28\n", "utf-8")
    times = Table.from_csv(file).times([DEPOT, NORTH])
    assert (times.minutes, times.source, times.filled) == (((0, 31), (28, 0)), "table", 0)


def test_a_pair_that_a_table_lacks_is_refused_by_name():
    with pytest.raises(MissingPairs, match="north to depot") as refusal:
        Table({("depot", "north"): 31}).times([DEPOT, NORTH])
    assert refusal.value.pairs == (("north", "depot"),)


def test_of_many_missing_pairs_five_are_named_and_the_others_counted():
    """Four places on a line have twelve pairs."""
    with pytest.raises(MissingPairs, match=r"^The table has no time for p0 to p1, .*, p1 to p2 and 7 more\.$"):
        Table({}).times(line_of(4))


def test_a_pair_that_a_table_lacks_is_filled_and_counted():
    times = Table({("depot", "north"): 31}, fallback=GreatCircle()).times([DEPOT, NORTH])
    assert (times.minutes, times.source, times.filled) == (((0, 31), (30, 0)), "table, else great circle", 1)


def test_a_table_of_zeros_between_places_apart_is_refused():
    with pytest.raises(ZeroTimes):
        Table({("depot", "north"): 0, ("north", "depot"): 0}, fallback=GreatCircle()).times([DEPOT, NORTH, EAST])


def test_a_table_may_put_two_places_at_one_point():
    assert Table({("depot", "twin"): 0, ("twin", "depot"): 0}).times([DEPOT, TWIN]).minutes == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("from,to,minutes\na,b,1\n", 1),
        ("from_id,to_id,minutes,km\na,b,1,2\n", 1),
        ("from_id,to_id,minutes\na,b\n", 2),
        ("from_id,to_id,minutes\na,b,1,2\n", 2),
        ("from_id,to_id,minutes\na,b,1\na,c,-2\n", 3),
        ("from_id,to_id,minutes\na,b,1\na,c,2.5\n", 3),
        ("from_id,to_id,minutes\na,b,1\na,c,\n", 3),
        ("from_id,to_id,minutes\na,b,1\na,c,²\n", 3),
        ("from_id,to_id,minutes\na,b,1\n,c,2\n", 3),
        ("from_id,to_id,minutes\na,b,1\nb,a,2\na,b,3\n", 4),
        ('from_id,to_id,minutes\na,b,1\nb,"a,2\n', 3),
    ],
)
def test_a_table_that_cannot_be_read_names_the_line(text: str, line: int):
    with pytest.raises(InvalidTable) as refusal:
        read_pairs(text)
    assert refusal.value.line == line


def test_a_table_in_another_encoding_is_refused(tmp_path: Path):
    (tmp_path / "times.csv").write_bytes("from_id,to_id,minutes\n南桥,奉城,20\n".encode("gb18030"))
    with pytest.raises(InvalidTable, match="UTF-8"):
        Table.from_csv(tmp_path / "times.csv")


# A road router ------------------------------------------------------------------------------------------------------


@pytest.fixture
def roads() -> Roads:
    return Roads()


@pytest.fixture
def router(roads: Roads) -> Iterator[str]:
    with running(roads) as url:
        yield url


def test_the_roads_seconds_become_minutes_rounded_up_with_parking(router: str):
    """0.1 degrees north are 2000 s = 33.3 minutes, 0.1 east 1000 s = 16.7, each and 5 to park."""
    times = Osrm(router).times([DEPOT, NORTH, EAST])
    assert times.minutes == ((0, 39, 22), (39, 0, 55), (22, 55, 0))
    assert (times.source, times.filled) == ("road router", 0)


def test_one_place_needs_no_router(roads: Roads, router: str):
    assert Osrm(router).times([DEPOT]).minutes == ((0,),)
    assert roads.asked == []


def test_a_router_asked_for_two_places_at_a_time_gives_the_same_times(roads: Roads, router: str):
    places = [DEPOT, NORTH, EAST]
    assert Osrm(router, max_places=2).times(places) == Osrm(router).times(places)
    assert roads.asked == [2] * 6 + [3]
    with pytest.raises(ValueError, match="two places"):
        Osrm(router, max_places=1)


@pytest.mark.parametrize("count", [2, 10, 11, 16, 21])
def test_a_table_above_the_limit_is_asked_for_in_tiles(roads: Roads, router: str, count: int):
    """Whatever the tiles, cell (i, j) is the drive from i to j, ten seconds for each 0.001 degrees."""
    roads.limit = 10
    minutes = Osrm(router, max_places=10, parking=0).times(line_of(count)).minutes
    assert minutes == tuple(tuple(-(-abs(i - j) * 10 // 60) for j in range(count)) for i in range(count))
    assert max(roads.asked) <= 10
    assert (len(roads.asked) == 1) == (count <= 10)


def test_a_place_that_snaps_far_away_is_refused_by_name(router: str):
    """The router itself says Ok and gives a drive from the edge of its map."""
    with pytest.raises(OffTheMap, match="helsinki") as refusal:
        Osrm(router).times([DEPOT, HELSINKI, EAST])
    assert list(refusal.value.metres) == ["helsinki"]


def test_a_place_that_snaps_far_away_is_filled_and_counted(router: str):
    times = Osrm(router, fallback=GreatCircle()).times([DEPOT, HELSINKI, EAST])
    circle = GreatCircle().times([DEPOT, HELSINKI, EAST]).minutes
    assert times.minutes[0] == (0, circle[0][1], 22)
    assert times.minutes[1] == circle[1]
    assert (times.source, times.filled) == ("road router, else great circle", 4)


@pytest.mark.parametrize("with_distances", [True, False])
@pytest.mark.parametrize(("lat", "lost"), [(31.1044, False), (31.1046, True)])  # 489 m and 511 m beyond the north edge
def test_five_hundred_metres_are_not_too_far(roads: Roads, router: str, lat: float, lost: bool, with_distances: bool):
    roads.with_distances = with_distances
    times = Osrm(router, fallback=GreatCircle()).times([DEPOT, Place("edge", lat, 121.4)])
    assert (times.filled > 0) == lost


def test_a_map_of_another_country_is_refused(roads: Roads, router: str):
    """All points snap to one spot, every drive takes 0 s, and the router says Ok."""
    roads.west, roads.east, roads.south, roads.north = 24.9, 24.9, 60.1, 60.1
    with pytest.raises(OffTheMap) as refusal:
        Osrm(router).times([DEPOT, NORTH])
    assert refusal.value.metres["depot"] > 7_000_000


def test_an_all_zero_table_is_refused(roads: Roads, router: str):
    roads.all_zero = True
    with pytest.raises(ZeroTimes):
        Osrm(router, fallback=GreatCircle()).times([DEPOT, NORTH])


def test_a_pair_that_no_road_joins_is_refused_by_name(roads: Roads, router: str):
    roads.islands = {(121.5, 30.9)}
    with pytest.raises(MissingPairs) as refusal:
        Osrm(router).times([DEPOT, NORTH, EAST])
    assert ("depot", "east") in refusal.value.pairs


def test_a_pair_that_no_road_joins_is_filled_cell_by_cell(roads: Roads, router: str):
    roads.islands = {(121.5, 30.9)}
    times = Osrm(router, fallback=GreatCircle()).times([DEPOT, NORTH, EAST])
    circle = GreatCircle().times([DEPOT, NORTH, EAST]).minutes
    assert times.minutes[0] == (0, 39, circle[0][2])
    assert times.filled == 4


def test_places_at_one_point_are_not_parked_twice(router: str):
    assert Osrm(router).times([DEPOT, TWIN, EAST]).minutes == ((0, 0, 22), (0, 0, 22), (22, 22, 0))


def test_a_busy_router_is_asked_again(roads: Roads, router: str):
    roads.stumbles = 2
    assert Osrm(router, retries=2).times([DEPOT, EAST]).minutes[0][1] == 22
    assert len(roads.asked) == 3


def test_a_router_that_stays_busy_fails(roads: Roads, router: str):
    roads.stumbles = 9
    with pytest.raises(RouterFailed, match="503"):
        Osrm(router, fallback=GreatCircle(), retries=1).times([DEPOT, EAST])


def test_a_router_that_refuses_says_why(roads: Roads, router: str):
    roads.limit = 2
    with pytest.raises(RouterFailed, match="TooBig"):
        Osrm(router).times([DEPOT, NORTH, EAST])


def ok(durations: object, waypoint: object = {"distance": 1.0}) -> object:
    return {"code": "Ok", "sources": [waypoint] * 2, "destinations": [waypoint] * 2, "durations": durations}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"code": "Ok"},
        {"code": "NoSegment", "message": "One of the supplied input coordinates could not snap to street segment."},
        {"code": "Ok", "sources": [], "destinations": [], "durations": []},
        ok([[0, 1]]),
        ok([[0], [1]]),
        ok([[0, -1], [1, 0]]),
        ok([[0, "x"], [1, 0]]),
        ok([[0, True], [1, 0]]),
        ok([[0, 1], [1, 0]], waypoint={}),
        ok([[0, 1], [1, 0]], waypoint=None),
        ok([[0, 1], [1, 0]], waypoint={"location": [121.4, 91]}),
        b"<html>It works!</html>",
    ],
)
def test_an_answer_that_is_not_osrms_fails_even_with_a_fallback(roads: Roads, router: str, answer: object):
    roads.answer = answer
    with pytest.raises(RouterFailed):
        Osrm(router, fallback=GreatCircle()).times([DEPOT, EAST])


def test_a_router_that_is_not_there_fails_and_keeps_its_address_to_itself():
    """The address may hold a key; the reason goes to a page."""
    with running(Roads()) as url:
        pass
    with pytest.raises(RouterFailed) as failure:
        Osrm(url, fallback=GreatCircle(), retries=0).times([DEPOT, EAST])
    assert "127.0.0.1" not in str(failure.value)
