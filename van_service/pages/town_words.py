"""What a town office reads about its request: where it stands, what comes next, why it is not placed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from schedules import calendar
from schedules.models import Report, RequestState, Unserved, Visit, VisitRequest, VisitState
from van_service.pages import formats

_l = lazy_gettext

ENDED = (RequestState.DECLINED, RequestState.WITHDRAWN, RequestState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Step:
    """A station of a request's way; `state` is done, now, warn or todo."""

    word: str
    note: str
    state: str


def steps_of(request: VisitRequest, visit: Visit | None, left_out: Unserved | None) -> list[Step]:
    """Submitted, accepted, planned, done: what has happened, what is awaited, where it ended."""
    submitted = Step(gettext("Submitted"), _day(request.submitted_at), "done")
    decided = _day(request.decided_at) if request.decided_at else ""
    if request.state in ENDED:
        return [submitted, _ending(request, decided)]
    reached = (RequestState.SUBMITTED, RequestState.ACCEPTED, RequestState.PLANNED, RequestState.DONE).index(
        request.state
    )
    accepted = (
        Step(gettext("Accepted"), decided, "done") if reached >= 1 else Step(gettext("To be accepted"), "", "now")
    )
    return [submitted, accepted, _planned(reached, visit, left_out), _done(reached, visit)]


def _planned(reached: int, visit: Visit | None, left_out: Unserved | None) -> Step:
    if reached >= 2 and visit is not None:
        return Step(gettext("Planned"), formats.day(visit.day), "done")
    if reached == 1 and left_out is not None:
        return Step(gettext("Not placed yet"), "", "warn")
    return Step(gettext("To be planned"), "", "now" if reached == 1 else "todo")


def _done(reached: int, visit: Visit | None) -> Step:
    if reached == 3:
        return Step(gettext("Done"), formats.day(visit.day) if visit else "", "done")
    return Step(gettext("The visit"), "", "now" if reached == 2 else "todo")


def _ending(request: VisitRequest, decided: str) -> Step:
    word = {
        RequestState.DECLINED: gettext("Declined"),
        RequestState.WITHDRAWN: gettext("Withdrawn"),
        RequestState.EXPIRED: gettext("Not served in time"),
    }[request.state]
    return Step(word, decided if request.state is RequestState.DECLINED else "", "warn")


def next_step(
    request: VisitRequest, visit: Visit | None, left_out: Unserved | None, report: Report | None, *, today: date
) -> str:
    """What comes next, in one plain sentence; of a visit that took place what was counted."""
    if request.state is RequestState.PLANNED and visit is not None:
        return _about_visit(visit, today)
    if request.state is RequestState.DONE and report is not None:
        return counted(report)
    if request.state is RequestState.ACCEPTED and left_out is not None:
        return str(gettext("Not placed in the published plan. More times to choose from raise the chance."))
    return str(_NEXT[request.state])


def counted(report: Report) -> str:
    """86 people · 37 consultations · 26 samples, 1 suspected positive."""
    parts = [
        ngettext("%(num)s person", "%(num)s people", report.people),
        ngettext("%(num)s consultation", "%(num)s consultations", report.consultations),
    ]
    if report.samples_tested:
        parts.append(ngettext("%(num)s sample", "%(num)s samples", report.samples_tested))
    if report.suspected_positives:
        parts.append(gettext("%(number)s suspected positive", number=report.suspected_positives))
    return " · ".join(parts)


def _about_visit(visit: Visit, today: date) -> str:
    if visit.day < today:
        return str(gettext("The visit was on %(day)s; its report is still to come.", day=formats.day(visit.day)))
    when = gettext("%(day)s, %(time)s", day=formats.day(visit.day), time=formats.span(visit.starts, visit.closes))
    if visit.state is VisitState.PROMISED:
        return str(gettext("The van comes %(when)s. Confirm that somebody expects it.", when=when))
    if visit.state is VisitState.ON_THE_WAY:
        return str(gettext("The van is on its way."))
    if visit.state is VisitState.OPEN:
        return str(gettext("The session is open until %(time)s.", time=formats.clock(visit.closes)))
    return str(gettext("The van comes %(when)s.", when=when))


_NEXT: dict[RequestState, Any] = {
    RequestState.SUBMITTED: _l("The coordinator looks at it and answers by message."),
    RequestState.ACCEPTED: _l("Waits for the next plan. Day and time follow when it is published."),
    RequestState.PLANNED: _l("Day and time follow."),
    RequestState.DONE: _l("The visit took place. The results can be read."),
    RequestState.DECLINED: _l("It will not be planned. The reason is on its page."),
    RequestState.WITHDRAWN: _l("You took it back."),
    RequestState.EXPIRED: _l("Its last time passed without a visit. You can ask again."),
}


def _day(at: Any) -> str:
    return formats.date_only(calendar.local_day(at))
