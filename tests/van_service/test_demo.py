"""The demo district is what it says: real units, plausible invented rest, and the same again from the same seed."""

from __future__ import annotations

import re
import shutil
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from routes import check
from routes.planner import plan_visits
from schedules import fairness, planning
from schedules.calendar import instant, local_day
from schedules.models import (
    Committee,
    CrewMember,
    Day,
    DaySource,
    Message,
    MessageState,
    Priority,
    Report,
    RequestState,
    RequestWindow,
    Service,
    Shift,
    Town,
    TownKind,
    Venue,
    Visit,
    VisitRequest,
    VisitState,
)
from van_service import create_app
from van_service.accounts import Account, Role, sign_in
from van_service.demo import horizon, load_demo
from van_service.demo.terms import is_teaching_day
from van_service.demo.venues import on_land
from van_service.extensions import db
from van_service.settings import Settings

NOW = datetime(2026, 4, 15, 2, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Shanghai, with teaching days and announced holidays ahead."""


def load(path: Path, template: Path, now: datetime = NOW, seed: int = 1) -> sessionmaker[Session]:
    """A new SQLite database with the demo as of `now`."""
    shutil.copy(template, path)
    sessions = sessionmaker(create_engine(f"sqlite:///{path}"))
    with sessions.begin() as session:
        load_demo(session, now=now, seed=seed)
    return sessions


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A database file with the demo, to look at and to copy, not to change."""
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    sessions = load(path, sqlite_template)
    with sessions() as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine = session.get_bind()
    engine.dispose()  # type: ignore[union-attr]
    return path


@pytest.fixture
def demo(loaded: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{loaded}")
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def demo_app(loaded: Path, tmp_path: Path) -> Iterator[Flask]:
    """The app on a copy of the loaded demo."""
    shutil.copy(loaded, tmp_path / "copy.sqlite")
    yield from app_on(tmp_path / "copy.sqlite", tmp_path, demo=True)


def app_on(path: Path, folder: Path, *, demo: bool) -> Iterator[Flask]:
    app = create_app(
        Settings(database_url=f"sqlite:///{path}", secret_key="only for tests", instance_path=folder, demo=demo)
    )
    app.extensions["clock"] = lambda: NOW
    yield app
    with app.app_context():
        db.engine.dispose()


def picture(session: Session) -> dict[str, list[Any]]:
    """Everything about the district that the seed and `now` decide."""

    def rows(*columns: Any) -> list[Any]:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]

    return {
        "venues": rows(Venue.name_zh, Venue.latitude, Venue.longitude, Venue.capacity, Venue.power),
        "shifts": rows(Shift.day, Shift.van_id, Shift.starts, Shift.reserve),
        "requests": rows(VisitRequest.number, VisitRequest.venue_id, VisitRequest.state, VisitRequest.submitted_at),
        "visits": rows(Visit.uid, Visit.day, Visit.starts, Visit.state, Visit.version, Visit.left_at),
        "reports": rows(Report.visit_id, Report.people, Report.samples_tested, Report.suspected_positives),
        "messages": rows(Message.key, Message.state, Message.due_at),
        "accounts": rows(Account.username, Account.name, Account.role),
    }


def test_the_thirteen_units_are_the_real_ones_and_say_where_each_number_is_from(demo: Session) -> None:
    towns = demo.scalars(select(Town)).all()
    assert Counter(town.kind for town in towns) == {TownKind.TOWN: 8, TownKind.SUBDISTRICT: 4, TownKind.ZONE: 1}
    assert demo.scalar(select(func.count()).select_from(Committee)) == 352
    assert sum(town.planning_weight for town in towns) == 1_140_872  # the district's census total, shared out
    assert all("confidence: " in town.source and "not a census result" in town.source for town in towns)
    assert all("contact: invented" in town.source for town in towns)
    assert {town.name_en for town in towns if town.urban} == {
        "Nanqiao Town",
        "Fengpu Subdistrict",
        "Jinhai Subdistrict",
    }


def test_every_venue_is_marked_as_invented_and_stands_on_land_in_the_district(demo: Session) -> None:
    venues = demo.scalars(select(Venue)).all()
    assert 150 <= len(venues) <= 200
    assert all(venue.invented for venue in venues)
    assert [venue.name_en for venue in venues if not on_land(venue.latitude, venue.longitude)] == []
    assert all(121.35 <= venue.longitude <= 121.77 and 30.80 < venue.latitude < 31.02 for venue in venues)
    of_kind = Counter(venue.kind_code for venue in venues)
    assert min(of_kind[kind] for kind in ("school", "enterprise", "market", "mall", "community")) >= 12
    assert len({venue.town_id for venue in venues}) == 13
    assert sum(venue.liaison_station for venue in venues) >= 60


def test_the_five_first_services_have_the_looks_and_seals_of_the_stylesheet(demo: Session) -> None:
    services = demo.scalars(select(Service).order_by(Service.position)).all()
    marks = [(service.look, service.seal_zh, service.seal_en) for service in services]
    assert marks[:5] == [
        ("test", "检", "FT"),
        ("edu", "科", "CE"),
        ("law", "法", "LP"),
        ("desk", "诉", "CD"),
        ("metro", "衡", "FS"),
    ]
    assert {look for look, _, _ in marks[5:]} <= {"test", "edu", "law", "desk", "metro"}


def test_every_shift_has_a_driver_and_two_testers_and_nobody_rides_twice_a_day(demo: Session) -> None:
    shifts = demo.scalars(select(Shift)).all()
    for shift in shifts:
        drivers = [member for member in shift.crew if "driver" in member.skills]
        testers = [member for member in shift.crew if "tester" in member.skills and "driver" not in member.skills]
        stands_in = [member for member in drivers if "tester" in member.skills]
        assert len(drivers) >= 1, shift.code
        assert len(testers) + min(len(stands_in), len(drivers) - 1) >= 2, shift.code
    rides = Counter((member.code, shift.day) for shift in shifts for member in shift.crew)
    assert max(rides.values()) == 1
    assert demo.scalar(select(func.count()).select_from(CrewMember)) == 10
    assert max(shift.day for shift in shifts) >= local_day(NOW) + timedelta(weeks=7, days=4)


def test_nobody_starts_early_more_than_twice_a_week(demo: Session) -> None:
    early = Counter(
        (member.code, shift.day.isocalendar()[:2])
        for shift in demo.scalars(select(Shift).where(Shift.starts < 480))
        for member in shift.crew
    )
    assert max(early.values()) <= 2


def test_about_110_requests_ask_for_the_coming_four_weeks_and_a_few_wait_to_be_judged(demo: Session) -> None:
    first, last = horizon(demo, local_day(NOW))
    is_open = VisitRequest.state.in_((RequestState.ACCEPTED, RequestState.SUBMITTED))
    coming = VisitRequest.windows.any(
        RequestWindow.day >= first
    )  # a cancelled visit's request may wait out its last day
    asked = demo.scalars(select(VisitRequest).where(is_open, coming)).all()
    assert 90 <= len(asked) <= 120  # these four weeks have 16 days of driving, others 18
    assert 5 <= sum(request.state is RequestState.SUBMITTED for request in asked) <= 8
    assert all(first <= window.day <= last for request in asked for window in request.windows)
    assert statistics.mean(len(request.windows) for request in asked) > 2.5
    assert {request.priority for request in asked} == set(Priority)
    assert len({request.alternative_group for request in asked} - {None}) == 2
    lessons = [request for request in asked if request.services[0].service.code == "school_lesson"]
    assert len(lessons) >= 10
    assert all(is_teaching_day(window.day) for request in lessons for window in request.windows)


def test_three_months_of_visits_have_reports_with_plausible_counts(demo: Session) -> None:
    done = demo.scalars(select(Visit).where(Visit.state == VisitState.DONE)).all()
    reports = demo.scalars(select(Report)).all()
    assert len(done) == len(reports) >= 120
    assert min(visit.day for visit in done) <= local_day(NOW) - timedelta(days=85)
    tested = [report.samples_tested for report in reports if report.samples_tested]
    assert 18 <= statistics.median(tested) <= 26
    suspected = sum(report.suspected_positives for report in reports)
    assert 0.004 <= suspected / sum(tested) <= 0.021
    assert all(sample.repeated and sample.referred_to for report in reports for sample in report.samples)


def test_some_towns_have_waited_longer_than_forty_days_and_every_town_was_visited(demo: Session) -> None:
    since = fairness.days_since_last_visit(demo, local_day(NOW))
    assert None not in since.values()
    assert 2 <= sum(days > 40 for days in since.values() if days is not None) <= 5


def test_nothing_happened_or_was_promised_after_now(demo: Session) -> None:
    assert demo.scalar(select(func.max(Visit.day))) <= local_day(NOW)
    assert demo.scalar(select(func.max(Report.filed_at))) <= NOW
    assert demo.scalar(select(func.max(VisitRequest.decided_at))) <= NOW


def test_no_message_of_the_past_waits_to_be_sent(demo: Session) -> None:
    waiting = select(Message).where(Message.state == MessageState.QUEUED)
    late = [message.key for message in demo.scalars(waiting) if message.due_at <= NOW]
    assert late == []
    assert demo.scalar(select(func.count()).where(Message.state == MessageState.SENT)) > 500


def test_a_tenth_to_a_fifth_of_what_is_accepted_finds_no_place(demo: Session) -> None:
    snapshot = planning.snapshot(demo, *horizon(demo, local_day(NOW)), now=NOW)
    plan = plan_visits(snapshot.problem, seconds=20, seed=1)
    assert list(check(snapshot.problem, plan)) == []
    left_out = 1 - len(plan.served) / len(snapshot.problem.visits)
    assert 0.10 <= left_out <= 0.20


def test_the_same_seed_and_time_give_the_same_district(demo: Session, tmp_path: Path, sqlite_template: Path) -> None:
    """The second time through the command, which prints a password for every account."""
    path = tmp_path / "again.sqlite"
    shutil.copy(sqlite_template, path)
    for app in app_on(path, tmp_path, demo=True):
        result = app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"])
        assert result.exit_code == 0, result.output
        printed = re.findall(r"^  (coordinator|(?:town|crew)-\S+) .* ([a-z2-9]{12})$", result.output, re.MULTILINE)
        assert len(printed) == 24
        with app.app_context():
            assert picture(db.session) == picture(demo)
            for username, password in printed[:2]:
                account = sign_in(db.session, username, password, now=NOW)
                assert account is not None
                assert password not in account.password_hash


def test_loading_twice_changes_nothing(demo_app: Flask) -> None:
    with demo_app.app_context():
        before = picture(db.session)
    again = demo_app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"])
    assert (again.exit_code, again.output) == (0, "")
    assert demo_app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 1
    with demo_app.app_context():
        assert picture(db.session) == before


def test_where_demo_is_off_nothing_is_loaded(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "real.sqlite")
    for app in app_on(tmp_path / "real.sqlite", tmp_path, demo=False):
        assert app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"]).exit_code == 0
        assert app.test_cli_runner().invoke(args=["demo", "passwords"]).exit_code == 1
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Town)) == 0


def test_fresh_passwords_end_the_old_ones(demo_app: Flask) -> None:
    with demo_app.app_context():
        db.session.scalars(select(Account).where(Account.username == "town-situan")).one().set_password("the old one")
        db.session.commit()
    output = demo_app.test_cli_runner().invoke(args=["demo", "passwords"]).output
    printed = {line.split()[0]: line.split()[-1] for line in output.splitlines() if line.startswith("  ")}
    assert len(printed) == 24
    with demo_app.app_context():
        assert sign_in(db.session, "town-situan", "the old one", now=NOW) is None
        account = sign_in(db.session, "town-situan", printed["town-situan"], now=NOW)
        assert account is not None
        assert account.role is Role.TOWN
        assert account.town is not None
        assert account.town.name_zh == "四团镇"


def test_the_district_is_described_with_what_is_invented(demo_app: Flask) -> None:
    output = demo_app.test_cli_runner().invoke(args=["demo", "describe"]).output
    assert "13 units" in output
    assert "191 of the venues are invented" in output


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 1, 20, 1, 0, tzinfo=UTC), id="before Spring Festival"),
        pytest.param(datetime(2026, 8, 15, 15, 0, tzinfo=UTC), id="a Saturday night in August"),
        pytest.param(datetime(2027, 12, 30, 1, 0, tzinfo=UTC), id="two years without a holiday table"),
    ],
)
def test_the_district_fits_any_day_of_the_year(now: datetime, tmp_path: Path, sqlite_template: Path) -> None:
    with load(tmp_path / "district.sqlite", sqlite_template, now)() as session:
        today = local_day(now)
        first, last = horizon(session, today)
        asked = session.scalars(select(VisitRequest).where(VisitRequest.state == RequestState.ACCEPTED)).all()
        working = {day.date for day in session.scalars(select(Day)) if day.works}
        assert len(asked) >= 50
        assert {window.day for request in asked for window in request.windows} <= working
        assert session.scalar(select(func.max(Visit.day))) <= today
        guessed = set(session.scalars(select(Day.date).where(Day.announced.is_(False))))
        assert not any(first <= day <= last for day in guessed)
        engine = session.get_bind()
    engine.dispose()  # type: ignore[union-attr]


def test_days_that_nobody_announced_stay_marked_beyond_the_four_weeks(demo: Session) -> None:
    assert demo.get_one(Day, date(2026, 10, 1)).announced
    after_the_table = demo.get_one(Day, date(2027, 2, 8))
    assert not after_the_table.announced
    assert after_the_table.source is DaySource.HOLIDAYS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_demo_loads_into_postgresql_as_well(session: Session) -> None:
    accounts = load_demo(session, now=NOW)
    session.commit()
    assert Counter(account.role for account in accounts) == {Role.COORDINATOR: 1, Role.TOWN: 13, Role.CREW: 10}
    open_visits = session.scalars(select(Visit).where(Visit.state == VisitState.OPEN)).all()
    assert all(instant(visit.day, visit.starts) <= NOW for visit in open_visits)
