"""`python -m routes solve|check`: files in, a verdict out, and an exit code that says which."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from routes import Pin, Problem, check, dump_problem, load_plan, write_plan, write_problem
from routes.__main__ import main
from tests.crowd import crowd
from tests.routes.county import COUNTY, DATA, PLAN

ROOT = Path(__file__).parents[2]
PROBLEM_FILE, PLAN_FILE = str(DATA / "county.json"), str(DATA / "county-plan.json")


def kept(document: dict[str, object], file: Path) -> str:
    file.write_text(json.dumps(document), "utf-8")
    return str(file)


def pinned(**pins: Pin) -> Problem:
    """The county with these pins, by visit (_ for -), and no other."""
    wishes = {visit.replace("_", "-"): pin for visit, pin in pins.items()}
    return replace(COUNTY, visits=tuple(replace(visit, pin=wishes.get(visit.id)) for visit in COUNTY.visits))


# Check --------------------------------------------------------------------------------------------------------------


def test_check_says_lawful_and_that_nothing_is_known_of_the_best(capsys: pytest.CaptureFixture[str]):
    assert main(["check", PROBLEM_FILE, PLAN_FILE]) == 0
    assert capsys.readouterr().out == "lawful value=461 bound=unknown gap=unknown\n"


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        (461.0, "lawful value=461 bound=461.00 gap=0.00% proven\n"),
        (540.0, "lawful value=461 bound=540.00 gap=14.63%\n"),  # 79 of 540
        (1_821_032.0, "lawful value=461 bound=1821032.00 gap=99.97%\n"),
    ],
)
def test_check_says_how_far_the_bound_is(
    bound: float, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    plan = kept(write_plan(replace(PLAN, bound=bound)), tmp_path / "plan.json")
    assert main(["check", PROBLEM_FILE, plan]) == 0
    assert capsys.readouterr().out == verdict


def test_check_shows_where_and_by_how_much_a_rule_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    late = replace(PLAN, tours=(replace(PLAN.tours[0], lunch=None), *PLAN.tours[1:]))
    assert main(["check", PROBLEM_FILE, kept(write_plan(late), tmp_path / "plan.json")]) == 1
    assert capsys.readouterr().out == "lunch shift=van1@mon opens=660 closes=810 minutes=60\n"


def test_a_violation_stays_on_one_line_whatever_the_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    odd = replace(PLAN, tours=(replace(PLAN.tours[0], shift="two\nlines"), *PLAN.tours[1:]))
    assert main(["check", PROBLEM_FILE, kept(write_plan(odd), tmp_path / "plan.json")]) == 1
    assert 'known shift="two\\nlines"' in capsys.readouterr().out.splitlines()


def test_check_of_an_unreadable_problem_names_file_and_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    document = write_problem(COUNTY)
    document["visits"][3]["windows"][0]["closes"] = 700
    spoilt = kept(document, tmp_path / "spoilt.json")
    assert main(["check", spoilt, PLAN_FILE]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{spoilt}: visits[3].windows[0].closes: ")


def test_check_of_an_unreadable_plan_names_file_and_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spoilt = kept(write_plan(PLAN) | {"gap": 0}, tmp_path / "spoilt.json")
    assert main(["check", PROBLEM_FILE, spoilt]) == 2
    assert capsys.readouterr().err.startswith(f"{spoilt}: gap: ")


def test_a_file_that_is_not_there_is_unusable(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", PROBLEM_FILE, str(tmp_path / "plan.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["plan", PROBLEM_FILE],
        ["check", PROBLEM_FILE],
        ["solve", PROBLEM_FILE],
        ["solve", PROBLEM_FILE, "--out", "x", "--seconds", "0"],
        ["solve", PROBLEM_FILE, "--out", "x", "--seconds", "nan"],
        ["solve", PROBLEM_FILE, "--out", "x", "--seed", "-1"],
    ],
)
def test_unusable_options_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: python -m routes" in capsys.readouterr().err


# Solve --------------------------------------------------------------------------------------------------------------


def test_solve_writes_a_plan_that_check_calls_lawful(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "plan.json"
    assert main(["solve", PROBLEM_FILE, "--seconds", "20", "--seed", "3", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert main(["check", PROBLEM_FILE, str(out)]) == 0
    assert capsys.readouterr().out == said.out
    assert said.out.startswith("lawful value=")
    assert load_plan(out).seed == 3


def test_solve_is_better_than_by_hand_and_says_so(tmp_path: Path):
    """By hand the county's plan is worth 461 (see county.py)."""
    out = tmp_path / "plan.json"
    main(["solve", PROBLEM_FILE, "--seconds", "20", "--out", str(out)])
    plan = load_plan(out)
    assert plan.value > 461
    assert plan.bound is None or plan.bound >= plan.value


def test_solve_shows_phase_seconds_value_bound_and_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(["solve", PROBLEM_FILE, "--seconds", "20", "--out", str(tmp_path / "plan.json")])
    lines = capsys.readouterr().err.splitlines()
    assert lines
    for line in lines:
        seconds, unit, phase, *numbers = line.split()
        assert (unit, phase.isalpha(), float(seconds) >= 0) == ("s", True, True)
        assert [number.split("=")[0] for number in numbers] == ["value", "bound", "gap"]


def test_solve_refuses_pins_that_contradict_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Both visits of an exclusive group are pinned."""
    rivals = pinned(mall_stand=Pin("van1@tue"), mall_advice=Pin("van2@mon"))
    out = tmp_path / "plan.json"
    dump_problem(rivals, tmp_path / "rivals.json")
    assert main(["solve", str(tmp_path / "rivals.json"), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "mall-stand" in said
    assert "mall-advice" in said
    assert not out.exists()


def test_solve_of_an_unreadable_problem_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    spoilt = kept(write_problem(COUNTY) | {"travel": [[0]]}, tmp_path / "spoilt.json")
    assert main(["solve", spoilt, "--out", str(tmp_path / "plan.json")]) == 2
    assert capsys.readouterr().err.startswith(f"{spoilt}: travel: ")
    assert not (tmp_path / "plan.json").exists()


def test_solve_into_a_folder_that_is_not_there_is_unusable(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["solve", PROBLEM_FILE, "--seconds", "5", "--out", str(tmp_path / "no" / "plan.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.process
def test_ctrl_c_keeps_the_best_plan_so_far(tmp_path: Path):
    problem = crowd()
    dump_problem(problem, tmp_path / "crowded.json")
    out = tmp_path / "plan.json"
    command = [sys.executable, "-m", "routes", "solve", str(tmp_path / "crowded.json"), "--seconds", "3600"]
    with subprocess.Popen([*command, "--out", str(out)], cwd=ROOT, stderr=subprocess.PIPE, text=True) as solving:
        try:
            assert solving.stderr is not None
            while "value=none" in (line := solving.stderr.readline()):
                pass
            assert "value=" in line
            solving.send_signal(signal.SIGINT)
            _, rest = solving.communicate(timeout=120)
        finally:
            solving.kill()
    assert (solving.returncode, "the best plan so far is kept" in rest) == (0, True)
    assert check(problem, load_plan(out)) == []


# Explain ------------------------------------------------------------------------------------------------------------


def test_explain_writes_a_document_for_each_visit_left_out(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", PROBLEM_FILE, PLAN_FILE]) == 0
    found = {each["visit"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found.keys() == {visit.id for visit in COUNTY.visits} - PLAN.served
    assert all(each["remedies"] or each["nothing_helps"] for each in found.values())


def test_explain_refuses_an_unlawful_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    late = replace(PLAN, tours=(replace(PLAN.tours[0], lunch=None), *PLAN.tours[1:]))
    assert main(["explain", PROBLEM_FILE, kept(write_plan(late), tmp_path / "plan.json")]) == 1
    assert capsys.readouterr().err.startswith("lunch shift=van1@mon")
