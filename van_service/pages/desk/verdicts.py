"""What the board says of every lane while a visit is dragged: data for its script, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from flask_babel import gettext, lazy_gettext, ngettext

from routes.checker import Violation
from schedules import verdicts
from schedules.errors import ScheduleError
from schedules.models import Skill
from schedules.verdicts import Lane, Sheet
from van_service import words
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.arguments import day_given, id_given
from van_service.pages.desk.names import short_van

_l = lazy_gettext

KEPT = 4
"""So many drafts are kept as the planner reads them, those last asked for."""

# The rules in the order in which they are named: what the visit itself lacks before what its tour would come to.
SHORT: dict[str, Any] = {
    "pin": _l("stands still"),
    "once": _l("served elsewhere"),
    "window": _l("outside its times"),
    "crew": _l("crew lacks a skill"),
    "equipment": _l("lacks equipment"),
    "kits": _l("too few kits"),
    "max_visits": _l("van is full"),
    "max_driving": _l("too much driving"),
    "shift_hours": _l("outside the van's hours"),
    "lunch": _l("no lunch break"),
    "on_site": _l("no time on site"),
    "travel_time": _l("no time for the drive"),
}


def judge(plan_id: int) -> tuple[Response, int] | Response:
    """The verdict on the visit of `?request=` for each shift from `?from=` to `?to=`, at `?starts=` or when best."""
    first, last, asked = day_given("from"), day_given("to"), id_given("request")
    if first is None or last is None or asked is None:
        return jsonify(error=gettext("The request could not be read. Load the page again and repeat it.")), 400
    starts = request.args.get("starts", type=int)
    try:
        sheet = _sheet(plan_id)
        found = list(verdicts.lanes(db.session, sheet, asked, first, last, starts=starts))
    except ScheduleError as error:
        return jsonify(error=words.error_in_words(error)), 409
    return jsonify(lanes={str(lane.shift.id): _lane(lane, sheet, asked) for lane in found})


def _sheet(plan_id: int) -> Sheet:
    """The draft as it was read before, as long as it is one: drafts never change."""
    kept: dict[int, Sheet] = current_app.extensions.setdefault("sheets", {})
    if plan_id in kept:
        verdicts.refuse_other_than_draft(db.session, plan_id)
    sheet = kept.pop(plan_id, None) or verdicts.read_sheet(db.session, plan_id)
    kept[plan_id] = sheet
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
    return sheet


def _lane(lane: Lane, sheet: Sheet, asked: int) -> dict[str, Any]:
    session = sheet.problem.visit_by_id[f"r{asked}"].session
    verdict, broken = lane.verdict, _first(lane, f"r{asked}")
    lawful = not broken
    return {
        "lawful": lawful,
        "negotiable": verdict.negotiable,
        "starts": verdict.starts,
        "spans": verdict.spans,
        "short": _driving(verdict.driving) if lawful else _short(broken[0]),
        "title": _lawful(verdict.driving) if lawful else gettext("Breaks: %(rule)s", rule=_short(broken[0])),
        "rows": _rows(lane, sheet, session) if lawful else [[_rule(each), _numbers(each)] for each in broken],
    }


def _lawful(driving: int) -> str:
    minutes = abs(driving)
    if driving > 0:
        return ngettext("Lawful, %(num)s min more driving", "Lawful, %(num)s min more driving", minutes)
    if driving < 0:
        return ngettext("Lawful, %(num)s min less driving", "Lawful, %(num)s min less driving", minutes)
    return gettext("Lawful, no more driving")


def _rows(lane: Lane, sheet: Sheet, session: int) -> list[list[str]]:
    verdict, value = lane.verdict, sheet.plan.value
    when = (
        f"{formats.weekday(lane.shift.day)} {formats.clock(verdict.starts)}–{formats.clock(verdict.starts + session)}"
    )
    rows = [
        [gettext("New time"), f"{when} · {short_van(lane.shift)}"],
        [
            gettext("Value"),
            f"{formats.number(value)} → {formats.number(value + verdict.points)} ({formats.signed(verdict.points)})",
        ],
    ]
    if verdict.moved:
        rows.append([gettext("Others that move"), formats.number(len(verdict.moved))])
    if verdict.told:
        told = ngettext("%(num)s changed", "%(num)s changed", len(verdict.told))
        people = ngettext("tell %(num)s person", "tell %(num)s people", lane.people)
        rows.append([gettext("Promises"), gettext("%(told)s, %(people)s", told=told, people=people)])
    return rows


def _driving(minutes: int) -> str:
    return gettext("%(minutes)s min", minutes=formats.signed(minutes))


def _short(first: Violation) -> str:
    """A broken rule, with its number where one stands for it."""
    if first.rule == "crew":
        return gettext("lacks %(skill)s", skill=words.word(Skill(str(first.detail["skill"]))))
    if first.rule == "max_visits":
        return ngettext("full with %(num)s visit", "full with %(num)s visits", int(first.detail["limit"]))
    return _rule(first)


def _rule(violation: Violation) -> str:
    return str(SHORT.get(violation.rule) or words.rule_in_words(violation.rule))


def _first(lane: Lane, visit: str) -> list[Violation]:
    """Each broken rule once, what keeps the visit itself out first."""
    order = {rule: index for index, rule in enumerate(SHORT)}
    found = sorted(
        lane.verdict.violations,
        key=lambda each: (each.visit != visit and each.rule == "window", order.get(each.rule, len(order))),
    )
    return list({each.rule: each for each in reversed(found)}.values())[::-1]


def _numbers(violation: Violation) -> str:
    """The numbers that show how much is missing, where the rule has some."""
    detail = violation.detail
    match violation.rule:
        case "shift_hours" if "returns" in detail:
            return gettext(
                "back at %(returns)s, ends at %(ends)s",
                returns=formats.clock(int(detail["returns"])), ends=formats.clock(int(detail["ends"])),
            )  # fmt: skip
        case "shift_hours":
            return gettext(
                "leaves at %(leaves)s, begins at %(starts)s",
                leaves=formats.clock(int(detail["leaves"])), starts=formats.clock(int(detail["starts"])),
            )  # fmt: skip
        case "window" if not detail["windows_that_day"]:
            return gettext("no time given on this day")
        case "window":
            return f"{formats.clock(int(detail['starts']))}–{formats.clock(int(detail['ends']))}"
        case "kits" | "crew":
            return gettext("needs %(needs)s, has %(has)s", needs=detail["needs"], has=detail["has"])
        case "max_driving":
            return gettext("%(minutes)s of %(limit)s min", minutes=detail["minutes"], limit=detail["limit"])
    return ""
