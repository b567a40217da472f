"""Problems and plans as JSON: what is written is read back equal, and what breaks the contract is refused by path."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from routes import (
    InvalidInstance,
    Place,
    Plan,
    Problem,
    Shift,
    Visit,
    Weights,
    Window,
    dump_plan,
    dump_problem,
    load_plan,
    load_problem,
    read_plan,
    read_problem,
)
from routes.documents import parse
from tests.routes.county import COUNTY, DATA, PLAN
from tests.routes.documents import Change, changed, county, county_plan, drop, put, twice

SMALLEST = {"format": "roving-van-problem/1", "name": "nothing", "places": [], "travel": [], "shifts": [], "visits": []}


# The county's arrays: 5 places, 3 shifts, 7 visits, 2 towns, 1 exclusive group.
REFUSED: list[tuple[str, Change]] = [
    # another kind of document
    ("format", put("format", "roving-van-plan/1")),
    ("format", put("format", None)),
    ("format", drop("", "format")),
    # unknown keys, on every level
    ("colour", put("colour", 1)),
    ("places[1].x", put("places[1].x", 1)),
    ("shifts[2].driver", put("shifts[2].driver", "Li")),
    ("shifts[0].lunch.where", put("shifts[0].lunch.where", "depot")),
    ("visits[3].priority", put("visits[3].priority", 1)),
    ("visits[0].windows[1].points", put("visits[0].windows[1].points", 1)),
    ("visits[5].pin.van", put("visits[5].pin.van", "van2")),
    ("visits[2].promise.day", put("visits[2].promise.day", "2026-06-01")),
    ("towns[1].name", put("towns[1].name", "south")),
    ("weights.fuel", put("weights.fuel", 1)),
    # missing keys
    ("name", drop("", "name")),
    ("travel", drop("", "travel")),
    ("places[0].lat", drop("places 0", "lat")),
    ("places[4].id", drop("places 4", "id")),
    ("shifts[1].day", drop("shifts 1", "day")),
    ("shifts[1].lunch.minutes", put("shifts[1].lunch", {"opens": 660, "closes": 700})),
    ("visits[6].session", drop("visits 6", "session")),
    ("visits[6].windows", drop("visits 6", "windows")),
    ("visits[6].windows[0].day", drop("visits 6 windows 0", "day")),
    ("visits[5].pin.shift", drop("visits 5 pin", "shift")),
    ("visits[2].promise.starts", drop("visits 2 promise", "starts")),
    ("towns[0].id", drop("towns 0", "id")),
    # wrong types
    ("name", put("name", 7)),
    ("places", put("places", {})),
    ("places[0]", put("places[0]", "depot")),
    ("travel[2]", put("travel[2]", 15)),
    ("travel[2][4]", put("travel[2][4]", "25")),
    ("shifts[0].van", put("shifts[0].van", None)),
    ("shifts[0].starts", put("shifts[0].starts", True)),
    ("shifts[0].starts", put("shifts[0].starts", "480")),
    ("shifts[0].crew", put("shifts[0].crew", ["tester"])),
    ("shifts[0].crew.tester", put("shifts[0].crew.tester", 1.5)),
    ("shifts[0].equipment", put("shifts[0].equipment", "tent")),
    ("shifts[0].equipment[0]", put("shifts[0].equipment[0]", 5)),
    ("shifts[0].lunch", put("shifts[0].lunch", 60)),
    ("visits[4].kits", put("visits[4].kits", None)),
    ("visits[4].session", put("visits[4].session", 60.0)),
    ("visits[4].windows[0].opens", put("visits[4].windows[0].opens", False)),
    ("visits[4].pin", put("visits[4].pin", "van1@mon")),
    ("exclusive[0]", put("exclusive[0]", "mall-stand")),
    ("weights", put("weights", 1)),
    ("weights.travel", put("weights.travel", 0.5)),
    # numbers that are none, and those out of range
    ("places[0].lat", put("places[0].lat", float("nan"))),
    ("places[0].lon", put("places[0].lon", float("inf"))),
    ("places[0].lat", put("places[0].lat", 90.5)),
    ("places[0].lon", put("places[0].lon", -181)),
    ("travel[0][1]", put("travel[0][1]", -1)),
    ("travel[3][3]", put("travel[3][3]", True)),
    ("travel[0][1]", put("travel[0][1]", 10**9 + 1)),
    ("shifts[0].kits", put("shifts[0].kits", -1)),
    ("shifts[0].crew.tester", put("shifts[0].crew.tester", -1)),
    ("shifts[0].max_visits", put("shifts[0].max_visits", -1)),
    ("shifts[0].max_driving", put("shifts[0].max_driving", 1.0)),
    ("shifts[2].ends", put("shifts[2].ends", 100_001)),
    ("shifts[2].ends", put("shifts[2].ends", 480)),
    ("shifts[2].ends", put("shifts[2].ends", 479)),
    ("shifts[2].lunch.closes", put("shifts[2].lunch.closes", 659)),
    ("shifts[2].lunch.minutes", put("shifts[2].lunch.minutes", 151)),
    ("visits[3].windows[0].closes", put("visits[3].windows[0].closes", 779)),
    ("visits[3].windows[1].bonus", put("visits[3].windows[1].bonus", -5)),
    ("visits[3].windows[1].closes", put("visits[3].windows[1].closes", 100_001)),
    ("visits[3].prize", put("visits[3].prize", -180)),
    ("visits[5].pin.starts", put("visits[5].pin.starts", -560)),
    ("towns[0].due", put("towns[0].due", -2)),
    ("weights.drop", put("weights.drop", -400)),
    # days
    ("shifts[0].day", put("shifts[0].day", "2026-6-1")),
    ("shifts[0].day", put("shifts[0].day", "20260601")),
    ("shifts[0].day", put("shifts[0].day", "2026-06-31")),
    ("shifts[0].day", put("shifts[0].day", "2026-06-01T00:00")),
    ("visits[0].windows[0].day", put("visits[0].windows[0].day", 20260601)),
    # duplicates
    ("places[5].id", twice("places")),
    ("shifts[3].id", twice("shifts")),
    ("visits[7].id", twice("visits")),
    ("towns[2].id", twice("towns")),
    ("exclusive[0][1]", put("exclusive[0][1]", "mall-stand")),
    # references that lead nowhere
    ("shifts[2].start_place", put("shifts[2].start_place", 5)),
    ("shifts[2].end_place", put("shifts[2].end_place", -1)),
    ("visits[3].place", put("visits[3].place", 5)),
    ("visits[3].town", put("visits[3].town", "west")),
    ("visits[0].town", put("towns", [])),
    ("visits[3].pin.shift", put("visits[3].pin", {"shift": "van9@mon"})),
    ("visits[3].promise.shift", put("visits[3].promise", {"shift": "van9@mon", "starts": 800})),
    ("exclusive[0][1]", put("exclusive[0][1]", "mall-sit")),
    # matrices that are not square
    ("travel", put("travel", [[0]])),
    ("travel[1]", put("travel[1]", [10, 0, 12, 30])),
    ("travel[4]", put("travel[4]", [44, 35, 30, 18, 0, 0])),
    # names that cannot be used
    ("visits[3].id", put("visits[3].id", "")),
    ("visits[3].id", put("visits[3].id", "\ud800")),
]

REFUSED_PLANS: list[tuple[str, Change]] = [
    ("format", put("format", "roving-van-plan/2")),
    ("gap", put("gap", 0.0)),
    ("tours[0].van", put("tours[0].van", "van1")),
    ("tours[0].stops[1].leaves", put("tours[0].stops[1].leaves", 1)),
    ("problem", drop("", "problem")),
    ("value", drop("", "value")),
    ("tours", drop("", "tours")),
    ("tours[1].stops", drop("tours 1", "stops")),
    ("tours[0].stops[0].starts", drop("tours 0 stops 0", "starts")),
    ("tours[0].stops[0].starts", put("tours[0].stops[0].starts", 540.0)),
    ("tours[0].stops[0].starts", put("tours[0].stops[0].starts", -540)),
    ("tours[0].stops[0].visit", put("tours[0].stops[0].visit", 7)),
    ("tours[0].leaves", put("tours[0].leaves", None)),
    ("tours[0].lunch", put("tours[0].lunch", True)),
    ("value", put("value", 461.0)),
    ("bound", put("bound", "461")),
    ("bound", put("bound", float("nan"))),
    ("bound", put("bound", float("inf"))),
    ("bound", put("bound", 10**400)),
    ("proven", put("proven", 1)),
    ("seconds", put("seconds", -1)),
    ("seconds", put("seconds", float("nan"))),
    ("seed", put("seed", -1)),
    ("seed", put("seed", 1.0)),
]


@pytest.mark.parametrize(("path", "change"), REFUSED, ids=[f"{n}:{path}" for n, (path, _) in enumerate(REFUSED)])
def test_a_problem_that_breaks_the_contract_is_refused_with_the_path(path: str, change: Change):
    with pytest.raises(InvalidInstance) as refusal:
        read_problem(changed(county(), change))
    assert refusal.value.path == path
    assert str(refusal.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("path", "change"), REFUSED_PLANS, ids=[f"{n}:{path}" for n, (path, _) in enumerate(REFUSED_PLANS)]
)
def test_a_plan_that_breaks_the_contract_is_refused_with_the_path(path: str, change: Change):
    with pytest.raises(InvalidInstance) as refusal:
        read_plan(changed(county_plan(), change))
    assert refusal.value.path == path


@pytest.mark.parametrize("data", [None, 1, "text", [], [SMALLEST]])
def test_a_document_that_is_no_object_is_refused_as_a_whole(data: object):
    with pytest.raises(InvalidInstance) as refusal:
        read_problem(data)
    assert refusal.value.path == ""


def test_a_key_written_twice_is_refused_with_its_path():
    """Readers of JSON keep the last one in silence, and nobody would know which was meant."""
    text = (DATA / "county.json").read_text("utf-8").replace('"session": 90', '"session": 90, "session": 60')
    with pytest.raises(InvalidInstance) as refusal:
        read_problem(parse(text))
    assert refusal.value.path == "visits[1].session"


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, '{"seed": ' + "9" * 5000 + "}"])
def test_a_file_that_is_no_json_is_refused(text: str | bytes, tmp_path: Path):
    file = tmp_path / "problem.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidInstance) as refusal:
        load_problem(file)
    assert refusal.value.path == ""


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInstance, match="cannot be read"):
        load_plan(tmp_path / "plan.json")


def test_missing_optional_keys_mean_no_rule_nothing_and_nobody():
    problem = read_problem(
        {
            **SMALLEST,
            "places": [{"id": "depot", "lat": 31, "lon": 121}],
            "travel": [[0]],
            "shifts": [
                {
                    "id": "s",
                    "van": "v",
                    "day": "2026-06-01",
                    "starts": 0,
                    "ends": 1440,
                    "start_place": 0,
                    "end_place": 0,
                }
            ],
            "visits": [
                {"id": "v", "place": 0, "session": 30, "windows": [{"day": "2026-06-01", "opens": 0, "closes": 9}]}
            ],
        }
    )
    day = date(2026, 6, 1)
    assert problem == Problem(
        name="nothing",
        places=(Place("depot", 31.0, 121.0),),
        travel=((0,),),
        shifts=(
            Shift(
                "s", "v", day, 0, 1440, 0, 0,
                crew={}, equipment=frozenset(), kits=0, max_visits=None, max_driving=None, lunch=None,
            ),
        ),
        visits=(
            Visit(
                "v", 0, 30, (Window(day, 0, 9, bonus=0),), town=None, setup=0, teardown=0,
                crew={}, equipment=frozenset(), kits=0, prize=0, pin=None, promise=None,
            ),
        ),
        exclusive=(),
        towns=(),
        weights=Weights(travel=0, drop=0, other_day=0, other_van=0, retime=0, tolerance=0),
    )  # fmt: skip


def test_missing_optional_keys_of_a_plan_mean_nothing_is_known():
    plan = read_plan({"format": "roving-van-plan/1", "problem": "nothing", "tours": [], "value": -3})
    assert plan == Plan("nothing", (), -3, bound=None, seconds=0.0, seed=0)


def test_nulls_are_read_as_no_rule():
    nothing = {"max_visits": None, "max_driving": None, "lunch": None}
    document = county()
    document["shifts"][0] |= nothing
    document["visits"][5] |= {"town": None, "pin": None, "promise": None}
    problem = read_problem(document)
    assert (problem.shifts[0].lunch, problem.shifts[0].max_visits, problem.visits[5].pin) == (None, None, None)


def test_a_window_may_close_as_it_opens():
    """Only a window that closes *before* it opens is refused; this one has room for a session of no minutes."""
    assert read_problem(changed(county(), put("visits[3].windows[0].closes", 780))).visits[3].windows[0].closes == 780


def test_a_skill_may_be_called_like_a_field():
    """A crew's skills are free words; one that is called `kits` is no other number of the shift."""
    problem = read_problem(changed(county(), put("shifts[0].crew", {"kits": 1, "starts": 2})))
    assert problem.shifts[0].crew == {"kits": 1, "starts": 2}


def test_a_file_says_what_the_problem_says(tmp_path: Path):
    dump_problem(COUNTY, tmp_path / "problem.json")
    dump_plan(PLAN, tmp_path / "plan.json")
    assert (load_problem(tmp_path / "problem.json"), load_plan(tmp_path / "plan.json")) == (COUNTY, PLAN)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["plan.json", "problem.json"]


def test_a_plan_of_the_same_numbers_is_the_same_plan_whatever_its_file_says_of_its_proof():
    assert replace(PLAN, stated_proven=True) == PLAN
