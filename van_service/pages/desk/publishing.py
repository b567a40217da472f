"""Before publishing: what would change, whom it would tell what, what speaks against it; then the one button."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from schedules import calendar, days, edits, publishing
from schedules.differences import Change, ChangeKind, Difference
from schedules.errors import ScheduleError, StalePlan, UnlawfulPlan
from schedules.models import Disruption, Plan, PlanState, Shift, Town, Venue, Visit, VisitRequest
from schedules.prizes import planning_numbers
from schedules.publishing import InputChange
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.letters import crew_drafts_of, drafts_of
from van_service.pages.desk.plans import figures_of, get_plan, tours_of
from van_service.pages.desk.template_words import reason_words
from van_service.pages.happenings import happening_in_words
from van_service.reasons import reason_in_words

_l = lazy_gettext

FIRST_DRAFTS = 12

KINDS: dict[ChangeKind, Any] = {
    ChangeKind.KEPT: _l("unchanged"),
    ChangeKind.RETIMED: _l("other time"),
    ChangeKind.OTHER_VAN: _l("other van"),
    ChangeKind.OTHER_DAY: _l("other day"),
    ChangeKind.DROPPED: _l("cancelled"),
    ChangeKind.ADDED: _l("new"),
}
HEADINGS: dict[ChangeKind, Any] = {
    ChangeKind.RETIMED: _l("Other time"),
    ChangeKind.OTHER_VAN: _l("Other van, same time"),
    ChangeKind.OTHER_DAY: _l("Other day"),
    ChangeKind.DROPPED: _l("Cancelled"),
    ChangeKind.ADDED: _l("New"),
    ChangeKind.KEPT: _l("Unchanged"),
}
# Sign and colour of each change.
SIGNS: dict[ChangeKind, tuple[Any, str]] = {
    ChangeKind.KEPT: ("＝", "same"),
    ChangeKind.RETIMED: (_l("T"), "mov"),
    ChangeKind.OTHER_VAN: (_l("V"), "mov"),
    ChangeKind.OTHER_DAY: (_l("D"), "mov"),
    ChangeKind.DROPPED: ("−", "del"),
    ChangeKind.ADDED: ("＋", "add"),
}


def review(plan_id: int) -> str | Response:
    """The difference page of a draft; other plans have nothing to publish and are shown on the desk."""
    plan = get_plan(plan_id)
    if plan.state is not PlanState.DRAFT:
        return redirect(url_for("desk.plan", plan_id=plan.id))
    return _page(plan)


def publish(plan_id: int) -> Response | tuple[str, int]:
    """Make the draft the promises to the towns; refused, the page says what changed and what to do."""
    try:
        plan = publishing.publish(db.session, plan_id, actor=actor(), now=utc_now())
    except (StalePlan, UnlawfulPlan) as error:
        db.session.rollback()
        return _page(get_plan(plan_id), refusal=error), 409
    except ScheduleError as error:
        return refused(error, url_for("desk.plan", plan_id=plan_id))
    said = ngettext(
        "Plan %(plan)s is published: %(num)s visit is promised, the messages are in the outbox.",
        "Plan %(plan)s is published: %(num)s visits are promised, the messages are in the outbox.",
        sum(len(tour.stops) for tour in plan.tours),
        plan=plan.id,
    )
    return done(said, url_for("desk.plan", plan_id=plan_id))


def discard(plan_id: int) -> Response:
    """Put the plan aside."""
    try:
        publishing.discard(db.session, plan_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.plan", plan_id=plan_id))
    db.session.commit()
    flash(gettext("Plan %(plan)s is put aside. Nothing was published.", plan=plan_id), "ok")
    return redirect(url_for("desk.runs"), 303)


def _page(plan: Plan, refusal: ScheduleError | None = None) -> str:
    now = utc_now()
    changes = publishing.difference(db.session, plan, now=now)
    drafts = list(drafts_of(changes))
    stale = publishing.staleness(db.session, plan)
    return render_template(
        "desk/review.html",
        plan=plan,
        figures=figures_of(plan, tours_of(plan)),
        changes=changes,
        kinds=KINDS,
        headings=HEADINGS,
        signs=SIGNS,
        why=_why,
        drafts=drafts,
        crew_drafts=crew_drafts_of(db.session, plan, changes, now=now),
        first_drafts=FIRST_DRAFTS,
        show_kept="kept" in request.args,
        drafts_number=len(drafts),
        messages_by_phone=sum(draft.by_phone for draft in drafts),
        stale=[_stale_in_words(change) for change in stale],
        newcomers=len(publishing.newcomers(db.session, plan)),
        broken=[words.rule_in_words(each.rule) for each in publishing.violations(db.session, plan)],
        overridden=_overridden(plan),
        years=days.years_without_table(db.session, plan.first_day, plan.last_day),
        in_freeze=len(_in_freeze(changes)),
        refusal=refusal,
        refused_because=_refused_because(refusal),
        replaces=_replaced(plan),
        today=calendar.local_day(now),
    )


def _why(change: Change) -> str:
    """What moved by how much, or why a request comes in or falls out."""
    if change.kind is ChangeKind.RETIMED and change.old and change.new:
        later = change.new.starts - change.old.starts
        return gettext("%(min)s min later", min=later) if later > 0 else gettext("%(min)s min earlier", min=-later)
    if change.kind is ChangeKind.OTHER_DAY and change.old and change.new:
        later = (change.new.day - change.old.day).days
        if later > 0:
            return gettext("%(days)s later", days=formats.ago(later))
        return gettext("%(days)s earlier", days=formats.ago(-later))
    if change.kind is ChangeKind.DROPPED and change.cause is not None:
        return reason_words(change.reason)
    if change.kind is ChangeKind.DROPPED:
        return reason_in_words(change.why) if change.why else gettext("no place in this plan")
    if change.kind is ChangeKind.OTHER_VAN:
        return gettext("the town notices nothing")
    return ""


def _overridden(plan: Plan) -> list[str]:
    """The rules that somebody broke knowingly in editing the draft by hand, for which request and why."""
    return [
        gettext(
            "%(rule)s: request %(number)s, %(who)s: %(why)s",
            rule=words.rule_in_words(override["rule"]),
            number=note.request.number,
            who=note.actor,
            why=note.reason,
        )
        for note in edits.edits_of(db.session, plan)
        for override in note.overrides
    ]


def _in_freeze(changes: Difference) -> list[Change]:
    """The changes that touch the next working days, in which promises should stand still."""
    number = planning_numbers(db.session)["freeze_days"]
    if not number:
        return []
    try:
        last = days.add_working_days(db.session, calendar.local_day(utc_now()), number)
    except ScheduleError:
        return []
    return [change for change in changes.on_or_before(last) if change.kind is not ChangeKind.ADDED]


def _replaced(plan: Plan) -> list[int]:
    """The published plans that this one would replace."""
    found = select(Plan.id).where(
        Plan.state == PlanState.PUBLISHED, Plan.first_day <= plan.last_day, Plan.last_day >= plan.first_day
    )
    return list(db.session.scalars(found.order_by(Plan.id)))


def _refused_because(refusal: ScheduleError | None) -> list[str]:
    if isinstance(refusal, StalePlan):
        return [_stale_in_words(InputChange(**each)) for each in refusal.detail.get("changes", ())]
    if isinstance(refusal, UnlawfulPlan):
        return [words.rule_in_words(each["rule"]) for each in refusal.detail.get("violations", ())]
    return []


def _stale_in_words(change: InputChange) -> str:
    """What the plan was made from and is no longer so, by the names people use."""
    if change.noun == "day":
        day = formats.day(date.fromisoformat(change.id))
        if change.what == "past":
            return gettext("%(day)s: a visit of this plan would have begun already", day=day)
        return gettext("%(day)s: working day or not has changed", day=day)
    if change.noun == "disruption":
        row = db.session.get(Disruption, int(change.id))
        name = "" if row is None else happening_in_words(row)
        if change.what == "added":
            return gettext("%(what)s was noted since", what=name)
        return gettext("%(what)s is no longer so", what=name)
    if change.noun == "settings":
        return gettext("Numbers of planning have changed")
    name = _name(change.noun, change.id)
    if change.what == "removed":
        return gettext("%(what)s no longer takes part", what=name)
    return gettext("%(what)s has changed", what=name)


def _name(noun: str, number: str) -> str:
    row = db.session.get(_NOUNS[noun], int(number)) if noun in _NOUNS else None
    if isinstance(row, VisitRequest):
        return gettext("Request %(number)s (%(venue)s)", number=row.number, venue=formats.localized(row.venue))
    if isinstance(row, Shift):
        return gettext("%(van)s on %(day)s", van=formats.localized(row.van), day=formats.day(row.day))
    if isinstance(row, Visit):
        return gettext(
            "The visit to %(venue)s on %(day)s", venue=formats.localized(row.venue), day=formats.day(row.day)
        )
    if isinstance(row, Venue | Town):
        return formats.localized(row)
    return gettext("The service catalogue") if noun == "service" else f"{noun} {number}"


_NOUNS: dict[str, Any] = {"request": VisitRequest, "shift": Shift, "visit": Visit, "venue": Venue}
