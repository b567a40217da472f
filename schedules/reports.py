"""Reports: what the crew counted at a visit, which makes it done, and the totals of many.

People who bring samples are not named anywhere: a sample has a food, an item, a result and where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schedules import audit, reminders
from schedules.errors import (
    BadCount,
    BadText,
    Missing,
    MoveNotAllowed,
    NotFound,
    Refused,
    TextTooLong,
    TooMany,
    refuse_all,
)
from schedules.lifecycle import move_request
from schedules.models import Report, RequestState, Sample, SampleResult, Visit, VisitState
from schedules.promises import change
from schedules.visits import get_visit
from schedules.wishes import is_printable

LARGEST_COUNT = 20_000
MOST_SAMPLES = 200
LONGEST_WORD = 100
LONGEST_NOTE = 2000
COUNTS = ("people", "leaflets", "consultations", "complaints", "kits_used", "samples_tested")
SAMPLE_WORDS = ("food", "item", "stall", "referred_to")


@dataclass(frozen=True, slots=True)
class SampleIn:
    """One sample. `repeated` says that the test was done twice; `referred_to` names the office that follows it up."""

    food: str
    item: str
    result: SampleResult
    repeated: bool = False
    stall: str | None = None
    referred_to: str | None = None


@dataclass(frozen=True, slots=True)
class ReportIn:
    """What was counted. `samples` may list only some of `samples_tested`, but every suspected positive."""

    people: int
    leaflets: int = 0
    consultations: int = 0
    complaints: int = 0
    kits_used: int = 0
    samples_tested: int = 0
    samples: Sequence[SampleIn] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the visits of some days."""

    visits: int = 0
    people: int = 0
    leaflets: int = 0
    consultations: int = 0
    complaints: int = 0
    kits_used: int = 0
    samples_tested: int = 0
    suspected_positives: int = 0
    missed: int = 0
    cancelled: int = 0


def file_report(
    session: Session,
    visit_id: int,
    report: ReportIn,
    *,
    actor: str,
    now: datetime,
    crew_member_id: int | None = None,
) -> Report:
    """Write down what happened: visit and request are done and the town hears that its results are ready.

    Filed again, the report is corrected; the town is not told a second time. A session still open is closed.

    Raises:
        MoveNotAllowed: the session was never opened, or the visit ended otherwise.
        NotFound: no such visit, or not one of the crew member's.
        Refused: a number or text is not acceptable.
    """
    visit = get_visit(session, visit_id, crew_member_id=crew_member_id)
    if visit.state not in (VisitState.OPEN, VisitState.DONE):
        raise MoveNotAllowed(noun="visit", from_=visit.state.value, to=VisitState.DONE.value)
    refuse_all(list(_problems(report)))
    row = report_of(session, visit.id)
    before = {} if row is None else _picture(row)
    if row is None:
        row = Report(visit_id=visit.id)
        session.add(row)
    _fill(row, report, actor=actor, now=now)
    session.flush()
    old, new = audit.changed(before, _picture(row))
    verb = "amended" if before else "filed"
    audit.record(session, actor=actor, now=now, verb=verb, noun="report", noun_id=row.id, before=old, after=new)
    if visit.state is VisitState.OPEN:
        _finish(session, visit, actor=actor, now=now)
    return row


def _finish(session: Session, visit: Visit, *, actor: str, now: datetime) -> None:
    closed_at = visit.closed_at or now
    change(session, visit, "done", actor=actor, now=now, to=VisitState.DONE, closed_at=closed_at)
    if visit.request.state is RequestState.PLANNED:
        move_request(visit.request, RequestState.DONE, now=now)
        session.flush()
    reminders.queue_visit_messages(session, visit, "results_ready", now=now)


def report_of(session: Session, visit_id: int) -> Report | None:
    """The visit's report, or None before one is filed."""
    return session.scalar(select(Report).where(Report.visit_id == visit_id))


def get_report(session: Session, visit_id: int, *, town_id: int | None = None) -> Report:
    """The visit's report. Raises NotFound, also where the visit is another town's."""
    visit = get_visit(session, visit_id, town_id=town_id)
    report = report_of(session, visit.id)
    if report is None:
        raise NotFound(noun="report", id=visit_id)
    return report


def totals(session: Session, first: date, last: date, town_id: int | None = None) -> Totals:
    """The sums over the days from `first` to `last`, of one town where given."""
    scope = [Visit.day.between(first, last)] + ([] if town_id is None else [Visit.town_id == town_id])
    states = dict(session.execute(select(Visit.state, func.count()).where(*scope).group_by(Visit.state)).all())
    names = [field.name for field in fields(Totals) if hasattr(Report, field.name)]
    sums = session.execute(
        select(*(func.coalesce(func.sum(getattr(Report, name)), 0) for name in names)).join(Report.visit).where(*scope)
    ).one()
    return Totals(
        visits=states.get(VisitState.DONE, 0),
        missed=states.get(VisitState.MISSED, 0),
        cancelled=states.get(VisitState.CANCELLED, 0),
        **{name: int(number) for name, number in zip(names, sums, strict=True)},
    )


def _fill(row: Report, report: ReportIn, *, actor: str, now: datetime) -> None:
    for name in COUNTS:
        setattr(row, name, getattr(report, name))
    row.suspected_positives = _suspected(report)
    row.note = (report.note or "").strip() or None
    row.filed_at, row.filed_by = now, actor
    row.samples = [
        Sample(
            food=sample.food.strip(),
            item=sample.item.strip(),
            result=sample.result,
            repeated=sample.repeated,
            stall=(sample.stall or "").strip() or None,
            referred_to=(sample.referred_to or "").strip() or None,
        )
        for sample in report.samples
    ]


def _suspected(report: ReportIn) -> int:
    return sum(sample.result is SampleResult.SUSPECTED_POSITIVE for sample in report.samples)


def _picture(row: Report) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*COUNTS, "suspected_positives", "note")} | {
        "samples": [[sample.food, sample.item, sample.result] for sample in row.samples]
    }


def _problems(report: ReportIn) -> Iterator[Refused]:
    for name in COUNTS:
        if not 0 <= getattr(report, name) <= LARGEST_COUNT:
            yield BadCount(field=name, least=0, most=LARGEST_COUNT, given=getattr(report, name))
    if len(report.samples) > MOST_SAMPLES:
        yield TooMany(field="samples", most=MOST_SAMPLES, given=len(report.samples))
    elif len(report.samples) > report.samples_tested:
        yield BadCount(field="samples_tested", least=len(report.samples), given=report.samples_tested)
    yield from _about_text("note", report.note, LONGEST_NOTE)
    for index, sample in enumerate(report.samples[:MOST_SAMPLES]):
        for name in SAMPLE_WORDS:
            yield from _about_text(f"samples[{index}].{name}", getattr(sample, name), LONGEST_WORD)
        for name in ("food", "item"):
            if not getattr(sample, name).strip():
                yield Missing(field=f"samples[{index}].{name}")


def _about_text(field: str, text: str | None, most: int) -> Iterator[Refused]:
    if text and len(text) > most:
        yield TextTooLong(field=field, most=most, given=len(text))
    if text and not is_printable(text):
        yield BadText(field=field)
