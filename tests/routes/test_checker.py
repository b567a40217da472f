"""The law, rule by rule: plans that touch a rule exactly are lawful, and hand-broken ones break just the rule named.

All of it happens in the small county that is drawn in county.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routes import Pin, Plan, Problem, Stop, Tour, check, dump_plan, dump_problem, read_plan
from routes.__main__ import main
from routes.checker import CLAIMS, FORM, RULES
from tests.routes.county import COUNTY, PLAN, bent, planned, tour

ROOT = Path(__file__).parents[2]


def pinned(visit: str, pin: Pin) -> Problem:
    """The county with another pin."""
    visits = (replace(other, pin=pin) if other.id == visit else other for other in COUNTY.visits)
    return replace(COUNTY, visits=tuple(visits))


@dataclass(frozen=True)
class Case:
    """A plan and the rule it breaks; `says` are numbers that the violation must show."""

    name: str
    rule: str
    plan: Plan
    says: dict[str, int | str]
    problem: Problem = COUNTY


# Visits that several cases need on other shifts than in the county's plan.
WORKS = ("works-call", 560)
WAIT = Stop("plaza-talk", 510, 510, 540)
MON_MORNING = tour("van1@mon", 505, ("market-check", 540), lunch=660)
MON_AFTERNOON = tour("van1@mon", 755, ("school-lesson", 780), lunch=660)
TEST_THEN_STAND = tour("van1@tue", 520, ("school-test", 540), ("mall-stand", 750), lunch=660)

BROKEN = [
    Case("leaves a minute early", "shift_hours", planned(tour("van1@tue", 479, ("school-test", 600), lunch=680)),
         {"leaves": 479, "starts": 480}),
    Case("is back a minute late", "shift_hours",
         planned(tour("van1@mon", 505, ("market-check", 540), ("school-lesson", 780, 981), lunch=660)),
         {"returns": 991, "ends": 990}),
    Case("flies the first leg", "travel_time", bent("van1@mon", 0, arrives=519),
         {"leaves": 505, "arrives": 519, "minutes": 15}),
    Case("dawdles between two stops", "travel_time", bent("van1@mon", 1, arrives=623),
         {"leaves": 610, "arrives": 623, "minutes": 12}),
    Case("is home too soon", "travel_time", bent("van2@mon", returns=741), {"arrives": 741, "minutes": 34}),
    Case("dawdles before the first stop", "travel_time", bent("van1@tue", leaves=579), {"leaves": 579, "arrives": 590}),
    Case("sets up in a minute less", "on_site", planned(tour("van1@tue", 580, ("school-test", 599), lunch=690)),
         {"arrives": 590, "starts": 599, "setup": 10}),
    Case("leaves before all is packed", "on_site", planned(tour("van1@tue", 580, ("school-test", 600, 669), lunch=690)),
         {"departs": 669, "session": 60, "teardown": 10}),
    Case("leaves in the middle of the session", "on_site",
         planned(tour("van2@mon", 515, (*WORKS, 590), ("mall-advice", 638))), {"starts": 560, "departs": 590}),
    Case("opens before the window", "window", planned(tour("van1@mon", 504, ("market-check", 539), lunch=660)),
         {"day": "2026-06-01", "starts": 539, "ends": 599, "windows_that_day": 1}),
    Case("goes on after the window", "window", planned(tour("van2@mon", 515, WORKS, ("mall-advice", 661))),
         {"starts": 661, "ends": 721}),
    Case("comes on a day that was not offered", "window",
         planned(tour("van1@mon", 540, ("school-test", 560), lunch=660), without="van1@tue"),
         {"day": "2026-06-01", "windows_that_day": 0}),
    Case("has no lunch", "lunch", bent("van1@mon", lunch=None), {"opens": 660, "closes": 810, "minutes": 60}),
    Case("eats while setting up", "lunch", bent("van1@mon", lunch=706), {"lunch": 706}),
    Case("eats while packing up", "lunch",
         planned(tour("van1@mon", 505, ("market-check", 600, 730), ("school-lesson", 780), lunch=669)), {"lunch": 669}),
    Case("eats before the lunch hours", "lunch", bent("van1@mon", lunch=659), {"lunch": 659}),
    Case("eats after the lunch hours", "lunch", bent("van1@tue", lunch=751), {"lunch": 751}),
    Case("eats at the wheel", "lunch", bent("van1@tue", lunch=679), {"lunch": 679}),
    Case("teaches without a presenter", "crew",
         planned(tour("van1@tue", 755, ("school-lesson", 780), lunch=660), MON_MORNING),
         {"skill": "presenter", "needs": 1, "has": 0}),
    Case("advises without a legal officer", "crew",
         planned(tour("van1@mon", 480, ("mall-advice", 540), lunch=660), tour("van2@mon", 515, WORKS)),
         {"skill": "legal", "needs": 1, "has": 0}),
    Case("teaches without the projector", "equipment",
         planned(tour("van2@mon", 515, WORKS, ("school-lesson", 780)), MON_MORNING),
         {"item": "projector"}),
    Case("stands without the tent", "equipment",
         planned(tour("van1@mon", 505, ("market-check", 540), ("mall-stand", 780), lunch=660),
                 tour("van2@mon", 515, WORKS)),
         {"item": "tent"}),
    Case("uses up more kits with two visits", "kits",
         planned(tour("van1@tue", 505, ("market-check", 540), ("mall-stand", 750), lunch=660), MON_AFTERNOON,
                 tour("van2@mon", 515, WORKS)),
         {"needs": 48, "has": 34}),
    Case("uses up more kits with one visit", "kits", planned(tour("van2@mon", 515, WORKS, ("mall-stand", 780))),
         {"needs": 24, "has": 10}),
    Case("makes a third visit", "max_visits",
         planned(tour("van1@mon", 505, ("market-check", 540), ("plaza-talk", 610), ("school-lesson", 780), lunch=660)),
         {"visits": 3, "limit": 2}),
    Case("makes a third visit with the other van", "max_visits",
         planned(tour("van2@mon", 515, WORKS, ("mall-advice", 638), ("plaza-talk", 728))), {"visits": 3, "limit": 2}),
    Case("drives on to a third place", "max_driving",  # 10 + 30 + 20 + 16
         planned(tour("van1@tue", 520, ("school-test", 540), ("mall-stand", 750), ("plaza-talk", 910), lunch=660),
                 tour("van2@mon", 515, WORKS)),
         {"minutes": 76, "limit": 74}),
    Case("drives a detour first", "max_driving",  # 15 + 12 + 30 + 34
         planned(tour("van1@tue", 480, ("plaza-talk", 495), ("school-test", 547), ("mall-stand", 750), lunch=660),
                 tour("van2@mon", 515, WORKS)),
         {"minutes": 91, "limit": 74}),
    Case("serves a visit twice in a tour", "once",
         planned(tour("van1@tue", 530, ("school-test", 550), ("school-test", 630), lunch=710)), {"times": 2}),
    Case("serves a visit on two days", "once",
         planned(tour("van1@tue", 505, ("market-check", 540), lunch=660)), {"times": 2}),
    Case("serves both of a group", "once", planned(TEST_THEN_STAND), {"group": 0, "served": "mall-stand"}),
    Case("leaves a pinned visit out", "pin", planned(tour("van2@mon", 578, ("mall-advice", 638))),
         {"pinned_shift": "van2@mon", "pinned_starts": 560}),
    Case("comes to a pinned visit a minute late", "pin",
         planned(tour("van2@mon", 516, ("works-call", 561), ("mall-advice", 639))), {"starts": 561}),
    Case("comes to a pinned visit with another shift", "pin", PLAN, {"pinned_shift": "van1@tue"},
         pinned("market-check", Pin("van1@tue"))),
    Case("is for another problem", "known", replace(PLAN, problem="district"), {"stated": "district"}),
    Case("sends a shift that nobody has", "known", planned(Tour("van9@mon", 500, 600, None, (WAIT,))), {}),
    Case("stops at a visit that nobody asked for", "known",
         planned(replace(MON_MORNING, stops=(*MON_MORNING.stops, Stop("nobody", 1, 2, 3)))), {}),
    Case("sends a shift twice", "tours",
         planned(MON_MORNING, tour("van1@mon", 755, ("school-lesson", 780), lunch=660)), {"tours": 2}),
    Case("sends a shift nowhere", "tours", planned(tour("van1@tue", 500)), {"stops": 0}),
    Case("states a point too much", "value", replace(PLAN, value=462), {"stated": 462, "recomputed": 461}),
    Case("states a point too little", "value", replace(PLAN, value=460), {"stated": 460, "recomputed": 461}),
    Case("states a bound below its value", "bound", replace(PLAN, bound=460.5), {"stated": "460.5"}),
    Case("states a bound far below its value", "bound", replace(PLAN, bound=-1.0), {"stated": "-1.0"}),
    Case("says it is proven a point below its bound", "proven", replace(PLAN, bound=462.0, stated_proven=True),
         {"stated": "true", "recomputed_value": 461}),
    Case("says it is proven without a bound", "proven", replace(PLAN, stated_proven=True), {"stated": "true"}),
]  # fmt: skip

LAWFUL = {
    "the county's plan: opens with the window, crew and pin just so": PLAN,
    "no tour but the pinned one": planned(tour("van2@mon", 515, WORKS), without="van1@mon van1@tue"),
    "leaves as the shift starts": planned(tour("van1@tue", 480, ("school-test", 600), lunch=680)),
    "is back as the shift ends": planned(
        tour("van1@mon", 505, ("market-check", 540), ("school-lesson", 780, 980), lunch=660)
    ),
    "ends with the window": planned(tour("van2@mon", 515, WORKS, ("mall-advice", 660))),
    "lunch ends as setting up begins": bent("van1@mon", lunch=705),
    "lunch begins as its hours do, and on arrival": planned(
        tour("van1@mon", 505, ("market-check", 540, 648), ("school-lesson", 780), lunch=660)
    ),
    "lunch ends as its hours do": bent("van1@tue", lunch=750),
    "lunch begins on return": bent("van1@tue", lunch=680),
    "lunch ends as the van leaves": planned(replace(MON_AFTERNOON, lunch=695), without="van1@tue"),
    "lunch after packing, before driving off": planned(
        tour("van1@mon", 505, ("market-check", 600, 730), ("school-lesson", 780), lunch=670)
    ),
    "all kits, all driving": planned(TEST_THEN_STAND, tour("van2@mon", 515, WORKS)),  # 10 + 24 kits, 10 + 30 + 34 min
    "bound met": replace(PLAN, bound=461.0, stated_proven=True),
    "bound less than a point away": replace(PLAN, bound=461.9, stated_proven=True),
    "bound a point away": replace(PLAN, bound=462.0, stated_proven=False),
}


def names(cases: list[Case]) -> list[str]:
    return [f"{case.rule}: {case.name}" for case in cases]


@pytest.mark.parametrize("plan", LAWFUL.values(), ids=LAWFUL.keys())
def test_a_plan_that_touches_a_rule_exactly_is_lawful(plan: Plan):
    assert check(COUNTY, plan) == []


@pytest.mark.parametrize("case", BROKEN, ids=names(BROKEN))
def test_a_broken_plan_breaks_just_the_rule_named(case: Case):
    assert {violation.rule for violation in check(case.problem, case.plan)} == {case.rule}


@pytest.mark.parametrize("case", BROKEN, ids=names(BROKEN))
def test_a_violation_shows_its_numbers(case: Case):
    details = [violation.detail for violation in check(case.problem, case.plan)]
    assert any(case.says.items() <= detail.items() for detail in details)


@pytest.mark.parametrize("case", BROKEN, ids=names(BROKEN))
def test_the_command_names_the_broken_rule(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = written(case, tmp_path)
    if case.rule == "proven":  # what a file says of its proof is no part of a plan that was made here
        restate(files[1], proven=case.plan.stated_proven)
    assert main(["check", *files]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {case.rule}


def test_the_command_as_a_process_of_its_own_names_the_broken_rule(tmp_path: Path):
    case = next(case for case in BROKEN if case.rule == "window")
    command = [sys.executable, "-m", "routes", "check", *written(case, tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (1, "window", "")


def test_every_rule_has_at_least_two_broken_plans():
    broken = [case.rule for case in BROKEN]
    assert {
        rule.__name__: broken.count(rule.__name__)
        for rule in (*FORM, *RULES, *CLAIMS)
        if broken.count(rule.__name__) < 2
    } == {}


def test_the_rules_are_those_of_the_contract_in_its_order():
    contract = "shift_hours travel_time on_site window lunch crew equipment kits max_visits max_driving once pin"
    assert [rule.__name__ for rule in RULES] == contract.split()


def test_several_broken_rules_are_all_named():
    worst = planned(tour("van1@mon", 479, ("market-check", 720), ("school-lesson", 801)), without="van2@mon")
    assert {violation.rule for violation in check(COUNTY, worst)} == {
        "shift_hours",
        "window",
        "on_site",
        "lunch",
        "pin",
    }


def test_a_shift_without_a_lunch_rule_may_still_say_when_it_eats():
    assert check(COUNTY, bent("van2@mon", lunch=620)) == []


def test_an_unlawful_plan_may_exceed_a_true_bound():
    """Whoever serves both of a group gets more than any lawful plan could: the bound is not to blame."""
    greedy = replace(planned(TEST_THEN_STAND), bound=461.0)
    assert {violation.rule for violation in check(COUNTY, greedy)} == {"once"}


def test_the_checker_loads_no_solver():
    """The judge shares nothing with the makers, not even the libraries they are made of."""
    code = "import sys, routes, routes.__main__; print(sorted({'ortools', 'numpy', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Any plan that can be read can be judged: known and unknown names, any minutes, in any order.
minutes = st.integers(0, 1500)
stops = st.builds(Stop, st.sampled_from([*COUNTY.visit_by_id, "nobody"]), minutes, minutes, minutes)
tours = st.builds(
    Tour,
    shift=st.sampled_from([*COUNTY.shift_by_id, "van9@mon"]),
    leaves=minutes,
    returns=minutes,
    lunch=st.none() | minutes,
    stops=st.lists(stops, max_size=4).map(tuple),
)
plans = st.builds(
    Plan,
    problem=st.just("county"),
    tours=st.lists(tours, max_size=5).map(tuple),
    value=st.integers(),
    bound=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)


@given(plan=plans)
def test_no_plan_is_too_absurd_to_be_judged(plan: Plan):
    """Minutes drawn by chance never make a lawful tour with stops: the least of them is caught."""
    violations = check(COUNTY, plan)
    assert violations
    assert {violation.rule for violation in violations} <= {rule.__name__ for rule in (*FORM, *RULES, *CLAIMS)}


def written(case: Case, folder: Path) -> list[str]:
    """The case as two files."""
    dump_problem(case.problem, folder / "problem.json")
    dump_plan(case.plan, folder / "plan.json")
    return [str(folder / "problem.json"), str(folder / "plan.json")]


def restate(file: str, **words: object) -> None:
    """Make a written plan say something else of itself."""
    path = Path(file)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | words), "utf-8")


def test_the_plan_as_read_says_what_its_file_says():
    """A guard on `restate`: the statement survives the reading."""
    assert read_plan(
        {"format": "roving-van-plan/1", "problem": "county", "tours": [], "value": 0, "proven": True}
    ).stated_proven
