"""A town office's first page and its results, and the addresses of everything that it does with its requests.

Every look-up names the town of whoever is signed in, so that another town's rows do not exist here.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request

from schedules import calendar, own_changes, reports, requests, visits
from schedules.fairness import LONGEST_WAIT_DAYS
from schedules.held import live_holds
from schedules.lifecycle import LIVE_VISITS
from schedules.models import HoldKind, VisitState
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import town_requests, town_view, town_wishes, town_words

MOST_SHOWN = 200
ENDED_SHOWN = 6


def home() -> str:
    """What is under way, what comes next, and how the town stands."""
    town, now = town_view.town_of_caller(), utc_now()
    today = calendar.local_day(now)
    mine = requests.list_requests(db.session, town_id=town.id, limit=MOST_SHOWN)
    all_visits = visits.visits_of_town(db.session, town.id)
    visit_of = {visit.request_id: visit for visit in sorted(all_visits, key=lambda visit: visit.id)}
    report_of = town_view.reports_of(db.session, [visit.id for visit in all_visits])
    left_out = own_changes.left_out_of(db.session, mine)
    coming = [visit for visit in all_visits if visit.state in LIVE_VISITS and visit.day >= today]
    shown_above = {visit.request_id for visit in coming}
    ended = [each for each in mine if each.state not in town_requests.OPEN_STATES]
    return render_template(
        "towns/home.html",
        town=town,
        today=today,
        coming=coming,
        open_requests=[each for each in mine if each.state in town_requests.OPEN_STATES and each.id not in shown_above],
        ended_requests=ended if "all" in request.args else ended[:ENDED_SHOWN],
        number_ended=len(ended),
        visit_of=visit_of,
        offered=live_holds(db.session, now=now, town_id=town.id, kind=HoldKind.WAIT_LIST),
        left_out=left_out,
        next_steps={
            each.id: town_words.next_step(
                each,
                visit_of.get(each.id),
                left_out.get(each.id),
                report_of.get(visit_of[each.id].id) if each.id in visit_of else None,
                today=today,
            )
            for each in mine
        },
        standing=town_view.standing_of(db.session, town, today),
        cap=LONGEST_WAIT_DAYS,
    )


def results() -> str:
    """What came of the town's visits in a year."""
    town, today = town_view.town_of_caller(), calendar.local_day(utc_now())
    year = request.args.get("year", today.year, type=int)
    year = min(max(year, 2000), today.year)
    first, last = date(year, 1, 1), date(year, 12, 31)
    held = [
        visit for visit in visits.visits_of_town(db.session, town.id, first, last) if visit.state is VisitState.DONE
    ]
    by_visit = town_view.reports_of(db.session, [visit.id for visit in held])
    return render_template(
        "towns/results.html",
        town=town,
        year=year,
        this_year=today.year,
        held=list(reversed(held)),
        reports=by_visit,
        totals=reports.totals(db.session, first, last, town.id),
    )


blueprint = Blueprint("town", __name__, url_prefix="/town")

for method, rule, name, view in (
    ("GET", "", "home", home),
    ("GET", "/requests/new", "ask", town_wishes.ask),
    ("POST", "/requests/new", "ask_now", town_wishes.ask_now),
    ("GET", "/requests/<int:request_id>", "show", town_requests.show),
    ("POST", "/requests/<int:request_id>/crew-phone", "reveal_crew_phone", town_requests.reveal_crew_phone),
    ("POST", "/requests/<int:request_id>/confirm", "confirm", town_requests.confirm),
    ("GET", "/requests/<int:request_id>/amend", "amend", town_wishes.amend),
    ("POST", "/requests/<int:request_id>/amend", "amend_now", town_wishes.amend_now),
    ("GET", "/requests/<int:request_id>/withdraw", "withdraw", town_requests.withdraw),
    ("POST", "/requests/<int:request_id>/withdraw", "withdraw_now", town_requests.withdraw_now),
    ("GET", "/results", "results", results),
):
    blueprint.add_url_rule(rule, endpoint=name, view_func=view, methods=[method])
