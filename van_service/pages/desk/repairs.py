"""The ways out of a bad day, side by side: what each changes, whom it would tell, how far it is from the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from routes.proposals import ProposalKind
from schedules import publishing, repairs
from schedules.differences import Difference
from schedules.errors import ScheduleError
from schedules.models import Plan, PlanState, Repair
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.answers import refused
from van_service.pages.desk.publishing import HEADINGS, KINDS, SIGNS
from van_service.pages.desk.runs import PHASES, UNDER_WAY, failure_in_words

_l = lazy_gettext

MOST_CHANGES = 12
# What a proposal may change, under its name.
MEANING: dict[ProposalKind, Any] = {
    ProposalKind.KEEP_TIMES: _l("Promises stay at their times, perhaps with another van. Drops as few as possible."),
    ProposalKind.SAME_DAY: _l("Promises stay on their days; times and vans may change."),
    ProposalKind.REPLAN: _l("Promises may move to other days, and requests that wait may come in."),
}


@dataclass(frozen=True)
class Way:
    """One proposal as the page shows it; `changes` and `driving` are there once it is made."""

    kind: ProposalKind
    plan: Plan
    changes: Difference | None
    driving: int
    alike: bool

    @property
    def under_way(self) -> bool:
        """Whether it is still being made."""
        return self.plan.state in UNDER_WAY


def show(repair_id: int) -> str:
    """The proposals side by side."""
    return render_template("desk/repair.html", **_shown(repairs.get_repair(db.session, repair_id)))


def progress(repair_id: int) -> Response:
    """The part of the page that changes, asked for every second while a proposal is being made."""
    return make_response(render_template("desk/_ways.html", **_shown(repairs.get_repair(db.session, repair_id))))


def choose(repair_id: int) -> Response:
    """Take one proposal and lead to the page that shows whom it tells what, before publishing."""
    plan_id = request.form.get("plan_id", 0, type=int)
    try:
        plan = repairs.choose(db.session, repair_id, plan_id, actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.repair", repair_id=repair_id))
    db.session.commit()
    return redirect(url_for("desk.review", plan_id=plan.id), 303)


def _shown(repair: Repair) -> dict[str, Any]:
    plans = repairs.proposals_of(db.session, repair)
    found = {
        plan.id: publishing.difference(db.session, plan, now=utc_now())
        for plan in plans
        if plan.state in (PlanState.DRAFT, PlanState.PUBLISHED, PlanState.DISCARDED)
    }
    ways = []
    seen: list[set[tuple[Any, ...]]] = []
    for plan in plans:
        changes = found.get(plan.id)
        outline = set() if changes is None else {_outline(change) for change in changes.changes}
        ways.append(
            Way(
                kind=ProposalKind(plan.proposal or ""),
                plan=plan,
                changes=changes,
                driving=sum(tour.driving for tour in plan.tours),
                alike=changes is not None and outline in seen,
            )
        )
        if changes is not None:
            seen.append(outline)
    return {
        "repair": repair,
        "ways": ways,
        "under_way": any(way.under_way for way in ways),
        "disruptions": repairs.disruptions_of(db.session, repair),
        "meaning": MEANING,
        "kinds": KINDS,
        "headings": HEADINGS,
        "signs": SIGNS,
        "phases": PHASES,
        "failure_in_words": failure_in_words,
        "most_changes": MOST_CHANGES,
    }


def _outline(change: Any) -> tuple[Any, ...]:
    """What a town would notice of a change, so that proposals that come to the same can be told."""
    new = change.new
    return (change.request.id, change.kind, None if new is None else (new.shift.id, new.starts))
