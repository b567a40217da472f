"""A bad day: saying what happened, seeing whom it hits, looking for ways out, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from schedules import calendar, changes, repairs
from schedules.changes import Entry
from schedules.errors import Invalid, Refused, ScheduleError
from schedules.lifecycle import MOVABLE_VISITS
from schedules.models import (
    CrewMember,
    Disruption,
    DisruptionKind,
    RequestState,
    Shift,
    Van,
    Venue,
    Visit,
    VisitRequest,
)
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats, wish_form
from van_service.pages.desk.answers import done, refused

DAYS_TO_CALL_OFF = 62
REPAIR_SECONDS = 9
MOST_SHOWN = 12
_l = lazy_gettext

# What each kind does, beside its form.
HELP: dict[DisruptionKind, Any] = {
    DisruptionKind.VAN_OUT: _l(
        "Its shifts cannot drive in these hours; of a shift cut in two the longer side is left."
    ),
    DisruptionKind.CREW_ILL: _l("The shifts go on with whoever is left; a crew without its driver cannot drive."),
    DisruptionKind.TOWN_CANCELS: _l("The visit falls away and its time is free for others."),
    DisruptionKind.VENUE_CLOSED: _l("No session at this venue in these days; other venues are not touched."),
    DisruptionKind.HEAT: _l("No session outdoors in these hours. Sessions in a room stay."),
    DisruptionKind.STORM: _l("No session outdoors in these hours. Sessions in a room stay."),
    DisruptionKind.CREW_LATE: _l("The stops behind the present one can only be reached so much later."),
    DisruptionKind.URGENT_VISIT: _l(
        "An accepted request goes ahead of others: it needs no notice, reserves may drive."
    ),
}
HOURS_OF_HEAT = ("11:00", "15:30")


@dataclass(frozen=True)
class Offered:
    """What the form of a kind offers to choose from, as (value, words)."""

    vans: list[tuple[int, str]]
    crew: list[tuple[int, str]]
    venues: list[tuple[int, str]]
    visits: list[tuple[int, str]]
    shifts: list[tuple[int, str]]
    requests: list[tuple[int, str]]


def page() -> str:
    """The form of one kind (`?kind=`), and what is open."""
    return _page(_kind(request.args.get("kind", "")), request.args.to_dict())


def enter() -> Response | tuple[str, int]:
    """Record what happened, or say beside the field what is wrong."""
    kind = _kind(request.form.get("kind", ""))
    given = request.form.to_dict()
    errors = _unreadable(given)
    if not errors:
        try:
            changes.enter(db.session, _entry(kind, given), actor=actor(), now=utc_now())
        except Refused as error:
            db.session.rollback()
            problems = error.problems if isinstance(error, Invalid) else [error]
            errors = {problem.field or "": words.error_in_words(problem) for problem in problems}
    if errors:
        return _page(kind, given, errors), 422
    return done(_noted(kind), url_for("desk.disruptions"))


def _noted(kind: DisruptionKind) -> str:
    if kind is DisruptionKind.CREW_LATE:
        return gettext("It is noted. Towns ahead for which the van comes over 15 minutes late are told now.")
    return gettext("It is noted. Nothing is promised otherwise and nobody is told before you publish a way out.")


def revoke(disruption_id: int) -> Response:
    """Take an entry back, and put aside what was made for it."""
    address = url_for("desk.disruptions")
    try:
        repairs.undo(db.session, disruption_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, address)
    return done(gettext("It is revoked: everything is as if it had not been entered."), address)


def repair() -> Response:
    """Queue the proposals and lead to the page that shows them."""
    try:
        started = repairs.start(db.session, seconds=REPAIR_SECONDS, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.disruptions"))
    db.session.commit()
    return redirect(url_for("desk.repair", repair_id=started.id), 303)


def _page(kind: DisruptionKind, given: dict[str, str], errors: dict[str, str] | None = None) -> str:
    today = calendar.local_day(utc_now())
    open_ones = repairs.open_disruptions(db.session)
    defaults = {"first_day": today.isoformat()}
    if kind is DisruptionKind.HEAT:
        defaults |= {"opens": HOURS_OF_HEAT[0], "closes": HOURS_OF_HEAT[1]}
    latest = repairs.latest_repair(db.session)
    return render_template(
        "desk/disruptions.html",
        kind=kind,
        kinds=tuple(DisruptionKind),
        needs=changes.NEEDS[kind],
        help=HELP[kind],
        given={**defaults, **given},
        errors=errors or {},
        offered=_offered(kind, today),
        open_ones=[(each, changes.visits_hit(db.session, each)) for each in open_ones],
        under_way=_hit_under_way(open_ones),
        past=[each for each in changes.list_disruptions(db.session, limit=40) if each not in open_ones][:MOST_SHOWN],
        most_hit=MOST_SHOWN,
        latest=latest if latest is not None and latest.chosen is None and open_ones else None,
        today=today,
    )


def _hit_under_way(disruptions: Sequence[Disruption]) -> list[tuple[Visit, Disruption]]:
    """The visits under way that people must end, each once, with the first of the disruptions that hit it."""
    first: dict[int, tuple[Visit, Disruption]] = {}
    for each in disruptions:
        for visit in changes.visits_hit_under_way(db.session, each):
            first.setdefault(visit.id, (visit, each))
    return list(first.values())


def _kind(given: str) -> DisruptionKind:
    return DisruptionKind(given) if given in [kind.value for kind in DisruptionKind] else DisruptionKind.VAN_OUT


def _unreadable(given: dict[str, str]) -> dict[str, str]:
    """What is typed and is no day, no time, no number."""
    errors = {}
    for name in ("first_day", "last_day"):
        if given.get(name) and _day(given[name]) is None:
            errors[name] = gettext("“%(text)s” is no day.", text=given[name])
    for name in ("opens", "closes"):
        if given.get(name, "").strip() and wish_form.read_clock(given[name]) == wish_form.UNREADABLE:
            errors[name] = gettext("“%(text)s” is no time. Write it as 09:30.", text=given[name])
    if given.get("minutes", "").strip() and _number(given["minutes"]) is None:
        errors["minutes"] = gettext("“%(text)s” is no number.", text=given["minutes"])
    return errors


def _entry(kind: DisruptionKind, given: dict[str, str]) -> Entry:
    hours = {name: given.get(name, "").strip() for name in ("opens", "closes")}
    return Entry(
        kind=kind,
        reason=given.get("reason", ""),
        first_day=_day(given.get("first_day", "")),
        last_day=_day(given.get("last_day", "")),
        opens=wish_form.read_clock(hours["opens"]) if hours["opens"] else None,
        closes=wish_form.read_clock(hours["closes"]) if hours["closes"] else None,
        withdraws=bool(given.get("withdraws")),
        minutes=_number(given.get("minutes", "")),
        **{name: _number(given.get(name, "")) for name in changes.WHO},
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _offered(kind: DisruptionKind, today: date) -> Offered:
    """Only what this kind's form asks for is read."""
    needs = changes.NEEDS[kind]
    return Offered(
        vans=_vans() if "van_id" in needs else [],
        crew=_crew() if "crew_member_id" in needs else [],
        venues=_venues() if "venue_id" in needs else [],
        visits=_visits(today) if "visit_id" in needs else [],
        shifts=_shifts(today) if "shift_id" in needs else [],
        requests=_requests() if "request_id" in needs else [],
    )


def _vans() -> list[tuple[int, str]]:
    rows = db.session.scalars(select(Van).where(Van.active).order_by(Van.number))
    return [(van.id, f"{formats.localized(van)} · {van.plate}") for van in rows]


def _crew() -> list[tuple[int, str]]:
    rows = db.session.scalars(select(CrewMember).where(CrewMember.active).order_by(CrewMember.code))
    return [(member.id, member.name) for member in rows]


def _venues() -> list[tuple[int, str]]:
    """The venues that somebody is promised a visit to or asks for, by town."""
    asked = select(VisitRequest.venue_id).where(VisitRequest.state.in_((RequestState.ACCEPTED, RequestState.PLANNED)))
    rows = db.session.scalars(
        select(Venue).where(Venue.id.in_(asked)).options(joinedload(Venue.town)).order_by(Venue.town_id, Venue.id)
    )
    return [(venue.id, f"{formats.localized(venue.town)} · {formats.localized(venue)}") for venue in rows]


def _visits(today: date) -> list[tuple[int, str]]:
    rows = db.session.scalars(
        select(Visit)
        .where(Visit.state.in_(MOVABLE_VISITS), Visit.day.between(today, today + timedelta(days=DAYS_TO_CALL_OFF)))
        .options(joinedload(Visit.town), joinedload(Visit.venue))
        .order_by(Visit.day, Visit.starts)
    )
    return [
        (
            visit.id,
            f"{formats.day(visit.day)} {formats.clock(visit.starts)} {formats.localized(visit.town)} · "
            f"{formats.localized(visit.venue)}",
        )
        for visit in rows
    ]


def _shifts(today: date) -> list[tuple[int, str]]:
    rows = db.session.scalars(
        select(Shift).where(Shift.day == today).options(joinedload(Shift.van)).order_by(Shift.van_id)
    )
    return [(shift.id, formats.localized(shift.van)) for shift in rows]


def _requests() -> list[tuple[int, str]]:
    rows = db.session.scalars(
        select(VisitRequest)
        .where(VisitRequest.state == RequestState.ACCEPTED)
        .options(joinedload(VisitRequest.town), joinedload(VisitRequest.venue))
        .order_by(VisitRequest.town_id, VisitRequest.id)
    )
    return [
        (asked.id, f"{formats.localized(asked.town)} · {formats.localized(asked.venue)} · {asked.number}")
        for asked in rows
    ]
