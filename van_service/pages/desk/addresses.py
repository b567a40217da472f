"""Every address of the desk in one table; the views are in the modules beside, by noun."""

from __future__ import annotations

from flask import Blueprint

from van_service.pages.desk import (
    call_list,
    coverage,
    disruptions,
    edits,
    explanations,
    holds,
    masters,
    message_rules,
    messages,
    past_messages,
    planning_numbers,
    plans,
    publishing,
    repairs,
    requests,
    runs,
    today,
    visits,
)
from van_service.pages.desk.template_words import month_name, words_of_desk

blueprint = Blueprint("desk", __name__, url_prefix="/desk")

for method, rule, name, view in (
    ("GET", "", "home", today.home),
    ("POST", "/holds/<int:hold_id>/end", "end_hold", holds.end),
    ("GET", "/requests", "requests", requests.inbox),
    ("POST", "/requests/accept", "accept_many", requests.accept_many),
    ("GET", "/requests/<int:request_id>", "request", requests.show),
    ("POST", "/requests/<int:request_id>/accept", "accept", requests.accept),
    ("POST", "/requests/<int:request_id>/decline", "decline", requests.decline),
    ("POST", "/requests/<int:request_id>/priority", "set_priority", requests.set_priority),
    ("POST", "/requests/<int:request_id>/pin", "pin", requests.pin),
    ("POST", "/requests/<int:request_id>/unpin", "unpin", requests.unpin),
    ("POST", "/requests/<int:request_id>/phone", "reveal_contact", requests.reveal_contact),
    ("GET", "/run", "runs", runs.history),
    ("POST", "/run", "plan_now", runs.plan_now),
    ("GET", "/run/<int:plan_id>", "run", runs.show),
    ("GET", "/run/<int:plan_id>/progress", "run_progress", runs.progress),
    ("POST", "/run/<int:plan_id>/stop", "keep_this_one", runs.keep_this_one),
    ("GET", "/plans/<int:plan_id>", "plan", plans.show),
    ("POST", "/plans/<int:plan_id>/requests/<int:request_id>/apply", "apply_change", explanations.apply_change),
    ("GET", "/plans/<int:plan_id>/requests/<int:request_id>/why", "why_here", explanations.why_here),
    ("GET", "/plans/<int:plan_id>/publish", "review", publishing.review),
    ("POST", "/plans/<int:plan_id>/publish", "publish", publishing.publish),
    ("GET", "/plans/<int:plan_id>/edit", "edit", edits.show),
    ("POST", "/plans/<int:plan_id>/edit", "change_plan", edits.change),
    ("POST", "/plans/<int:plan_id>/undo", "undo_edit", edits.undo),
    ("POST", "/plans/<int:plan_id>/discard", "discard", publishing.discard),
    ("GET", "/bad-day", "disruptions", disruptions.page),
    ("POST", "/bad-day", "enter_disruption", disruptions.enter),
    ("POST", "/bad-day/<int:disruption_id>/revoke", "revoke_disruption", disruptions.revoke),
    ("POST", "/repairs", "start_repair", disruptions.repair),
    ("GET", "/repairs/<int:repair_id>", "repair", repairs.show),
    ("GET", "/repairs/<int:repair_id>/progress", "repair_progress", repairs.progress),
    ("POST", "/repairs/<int:repair_id>/choose", "choose_proposal", repairs.choose),
    ("GET", "/visits", "visits", visits.calendar_of_visits),
    ("GET", "/visits/<int:visit_id>", "visit", visits.show),
    ("POST", "/visits/<int:visit_id>/cancel", "cancel_visit", visits.cancel),
    ("POST", "/visits/<int:visit_id>/miss", "miss_visit", visits.miss),
    ("GET", "/coverage", "coverage", coverage.show),
    ("POST", "/coverage/<int:town_id>/self-booking", "set_self_booking", coverage.set_self_booking),
    ("GET", "/messages", "messages", messages.show),
    ("GET", "/messages/past", "past_messages", past_messages.show),
    ("GET", "/messages/calls", "call_list", call_list.show),
    ("GET", "/messages/rules", "message_rules", message_rules.show),
    ("POST", "/messages/hours", "change_message_hours", message_rules.change_hours),
    ("GET", "/messages/rules/<kind>", "message_rule", message_rules.edit),
    ("POST", "/messages/rules/<kind>", "change_message_rule", message_rules.change),
    ("POST", "/messages/rules/<kind>/effect", "message_rule_effect", message_rules.effect_of),
    ("GET", "/messages/<int:message_id>", "message", messages.message),
    ("POST", "/messages/<int:message_id>/off", "call_off_message", messages.call_off),
    ("POST", "/messages/<int:message_id>/called", "mark_called", call_list.mark_called),
    ("POST", "/messages/<int:message_id>/phone", "reveal_phone", call_list.reveal_phone),
    ("POST", "/messages/<int:message_id>/again", "send_again", messages.send_again),
    ("GET", "/masters", "masters", masters.venues),
    ("GET", "/masters/services", "services", masters.services),
    ("GET", "/masters/fleet", "fleet", masters.fleet),
    ("GET", "/masters/roster", "roster", masters.roster),
    ("GET", "/masters/days", "days", masters.days),
    ("GET", "/masters/points", "points", planning_numbers.show),
    ("POST", "/masters/points", "change_points", planning_numbers.change),
):
    blueprint.add_url_rule(rule, endpoint=name, view_func=view, methods=[method])

blueprint.context_processor(today.counts_of_tabs)
blueprint.context_processor(words_of_desk)
blueprint.add_app_template_filter(month_name)
