"""Reports: what they do to visit, request and town, what they refuse, and their totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import audit, errors, reports, visits
from schedules.models import Message, Report, RequestState, Sample, SampleResult, Visit, VisitState
from schedules.reports import ReportIn, SampleIn, Totals
from tests.factories import make_request, make_shift, make_town, make_visit

DAY = date(2026, 6, 9)
SUSPECT = SampleIn("鱿鱼", "甲醛", SampleResult.SUSPECTED_POSITIVE, repeated=True, stall="12", referred_to="西渡所")
GOOD = ReportIn(people=83, leaflets=120, consultations=9, samples_tested=24, kits_used=26, samples=(SUSPECT,))


@pytest.fixture
def visit(session: Session, now: datetime) -> Visit:
    """A visit whose session is open."""
    visit = make_visit(session, make_request(session, [(DAY, 540, 720)], now=now), make_shift(session, DAY))
    for step in (visits.set_off, visits.arrive, visits.open_session):
        step(session, visit.id, actor="crew", now=now)
    session.commit()
    return visit


def test_a_report_makes_visit_and_request_done_and_tells_the_town(
    session: Session, visit: Visit, now: datetime
) -> None:
    report = reports.file_report(session, visit.id, GOOD, actor="crew", now=now)
    session.commit()
    session.expire_all()
    assert (visit.state, visit.request.state, visit.closed_at) == (VisitState.DONE, RequestState.DONE, now)
    assert (report.people, report.suspected_positives, report.samples[0].food) == (83, 1, "鱿鱼")
    told = set(session.scalars(select(Message.recipient).where(Message.kind == "results_ready")))
    assert told == {visit.request.contact_email, visit.town.contact_email}


def test_a_session_that_was_closed_keeps_its_time(session: Session, visit: Visit, now: datetime) -> None:
    visits.close_session(session, visit.id, actor="crew", now=now)
    reports.file_report(session, visit.id, GOOD, actor="crew", now=now + timedelta(hours=3))
    assert visit.closed_at == now


def test_filing_again_corrects_and_does_not_tell_twice(session: Session, visit: Visit, now: datetime) -> None:
    report = reports.file_report(session, visit.id, GOOD, actor="crew", now=now)
    version = visit.version
    before = session.scalar(select(func.count()).select_from(Message))
    reports.file_report(session, visit.id, replace(GOOD, people=84, samples=()), actor="crew", now=now)
    session.commit()
    assert session.scalar(select(func.count()).select_from(Message)) == before
    assert (report.people, report.suspected_positives, visit.version) == (84, 0, version)
    assert session.scalar(select(func.count()).select_from(Sample)) == 0
    row = audit.rows_about(session, "report", report.id)[-1]
    assert (row.verb, row.before["people"], row.after["people"]) == ("amended", 83, 84)


@pytest.mark.parametrize("state", [VisitState.PROMISED, VisitState.ON_THE_WAY, VisitState.MISSED, VisitState.CANCELLED])
def test_what_never_opened_has_no_report(session: Session, now: datetime, state: VisitState) -> None:
    request = make_request(session, [(DAY, 540, 720)], now=now)
    visit = make_visit(session, request, make_shift(session, DAY), state=state)
    with pytest.raises(errors.MoveNotAllowed):
        reports.file_report(session, visit.id, GOOD, actor="crew", now=now)
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_only_the_crew_of_the_shift_reports(session: Session, visit: Visit, now: datetime) -> None:
    stranger = make_shift(session, DAY + timedelta(days=1)).crew[0]
    with pytest.raises(errors.NotFound):
        reports.file_report(session, visit.id, GOOD, actor="crew", now=now, crew_member_id=stranger.id)
    mine = visit.shift.crew[0]
    assert reports.file_report(session, visit.id, GOOD, actor="crew", now=now, crew_member_id=mine.id).people == 83


@pytest.mark.parametrize(
    ("changed", "field", "kind"),
    [
        ({"people": -1}, "people", errors.BadCount),
        ({"leaflets": 20_001}, "leaflets", errors.BadCount),
        ({"samples_tested": 0}, "samples_tested", errors.BadCount),  # but one sample is listed
        ({"samples": (SUSPECT,) * 201, "samples_tested": 201}, "samples", errors.TooMany),
        ({"note": "长" * 2001}, "note", errors.TextTooLong),
        ({"note": "a\0b"}, "note", errors.BadText),
        ({"samples": (replace(SUSPECT, food=" "),)}, "samples[0].food", errors.Missing),
        ({"samples": (SUSPECT, replace(SUSPECT, stall="9" * 101))}, "samples[1].stall", errors.TextTooLong),
    ],
)
def test_a_bad_report_is_refused_by_its_field_and_changes_nothing(
    session: Session, visit: Visit, now: datetime, changed: dict[str, object], field: str, kind: type[errors.Refused]
) -> None:
    with pytest.raises(kind) as caught:
        reports.file_report(session, visit.id, replace(GOOD, **changed), actor="crew", now=now)  # type: ignore[arg-type]
    assert caught.value.field == field
    session.commit()
    assert (visit.state, session.scalar(select(func.count()).select_from(Report))) == (VisitState.OPEN, 0)


def test_a_town_reads_its_own_report(session: Session, visit: Visit, now: datetime) -> None:
    with pytest.raises(errors.NotFound):
        reports.get_report(session, visit.id, town_id=visit.town_id)
    reports.file_report(session, visit.id, GOOD, actor="crew", now=now)
    assert reports.get_report(session, visit.id, town_id=visit.town_id).people == 83
    with pytest.raises(errors.NotFound):
        reports.get_report(session, visit.id, town_id=make_town(session).id)


def test_totals_add_up_over_days_and_towns(session: Session, visit: Visit, now: datetime) -> None:
    assert reports.totals(session, DAY, DAY) == Totals()
    reports.file_report(session, visit.id, GOOD, actor="crew", now=now)
    other = make_visit(
        session,
        make_request(session, [(DAY, 540, 720)], now=now),
        make_shift(session, DAY + timedelta(days=1)),
        state=VisitState.OPEN,
    )
    reports.file_report(session, other.id, ReportIn(people=17, complaints=2), actor="crew", now=now)
    missed = make_visit(session, make_request(session, [(DAY, 540, 720)], now=now), make_shift(session, DAY))
    visits.miss(session, missed.id, "flood", actor="crew", now=now)
    both = reports.totals(session, DAY, DAY + timedelta(days=1))
    assert (both.visits, both.people, both.complaints, both.samples_tested, both.suspected_positives, both.missed) == (
        2,
        100,
        2,
        24,
        1,
        1,
    )
    assert reports.totals(session, DAY, DAY).people == 83
    assert reports.totals(session, DAY, DAY + timedelta(days=1), town_id=other.town_id).people == 17
