"""The rules of messages: a list by whom they concern, a form for each, and the hours that hold for all."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response

from schedules import message_log, rules
from schedules.errors import ChangedMeanwhile, Invalid, NotFound, Refused
from schedules.messages import LOCALES
from schedules.recipients import channels_in_use
from schedules.rulebook import CREW, GROUP_CHANNELS, PERSONAL_CHANNELS, TOWN
from schedules.rules import DEFAULTS, NEVER_OFF, Numbers, Rule, possible_audiences
from schedules.wordings import get_wording
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk import rule_form
from van_service.pages.desk.answers import done
from van_service.pages.desk.letter_wordings import cases_of
from van_service.pages.desk.message_words import AUDIENCES, CHANNELS, KINDS, usual_of_group
from van_service.pages.desk.rule_form import RuleForm

UNITS: dict[str, Any] = {
    rule_form.WORKING_DAYS: lazy_gettext("working days before"),
    rule_form.DAYS: lazy_gettext("days before, days off included"),
    rule_form.WORKING_HOURS: lazy_gettext("working hours before"),
}
TIMES = ("quiet_from", "quiet_until", "work_from", "work_until")


def show() -> str:
    """Every rule, and the form of the hours."""
    numbers = rules.settings(db.session)
    return _list(_hours_of(numbers), {})


def change_hours() -> Response | tuple[str, int]:
    """Set quiet hours, digest and working hours, or show the form again with what is wrong."""
    typed = {name: request.form.get(name, "").strip() for name in (*TIMES, "digest_minutes", "version")}
    digest, version = typed["digest_minutes"], typed["version"]
    wanted = {name: rule_form.minutes_of(typed[name]) for name in TIMES} | {
        "digest_minutes": int(digest) if digest.isdecimal() else rule_form.UNREADABLE
    }
    if typed["work_until"] == "24:00":
        wanted["work_until"] = 1440
    try:
        rules.change_settings(
            db.session,
            **wanted,
            version=int(version) if version.isdecimal() else rule_form.UNREADABLE,
            actor=actor(),
            now=utc_now(),
        )
    except ChangedMeanwhile as changed:
        db.session.rollback()
        return _list(typed, {"form": words.error_in_words(changed)}), 409
    except Refused as refused:
        db.session.rollback()
        return _list(typed, _hours_errors(refused)), 422
    return done(gettext("The hours are changed; they hold for what waits too."), url_for("desk.message_rules"))


def edit(kind: str) -> str:
    """The form of one rule."""
    rule = _rule(kind)
    return _form(rule, rule_form.form_of_rule(rule), {})


def change(kind: str) -> Response | tuple[str, int]:
    """Change one rule and say what became of what waits, or show the form again with what is wrong."""
    rule, now = _rule(kind), utc_now()
    form = rule_form.form_as_sent(request.form, kind)
    try:
        effect = _change(rule, form, now)
    except ChangedMeanwhile as changed:
        db.session.rollback()
        return _form(rule, form, {"form": words.error_in_words(changed)}), 409
    except Refused as refused:
        db.session.rollback()
        return _form(rule, form, rule_form.errors_by_place(refused, form)), 422
    sentence = gettext("The rule “%(kind)s” is changed.", kind=KINDS[kind])
    return done(f"{sentence} {effect_in_words(effect)}", url_for("desk.message_rules"))


def effect_of(kind: str) -> str:
    """What the form as it stands would do to what waits; tried and taken back."""
    rule = _rule(kind)
    form = rule_form.form_as_sent(request.form, kind)
    try:
        sentence = effect_in_words(_change(rule, form, utc_now()), ahead=True)
    except (ChangedMeanwhile, Refused):
        sentence = ""
    db.session.rollback()
    return render_template("desk/_rule_effect.html", sentence=sentence, rule=rule)


def effect_in_words(effect: Counter[str], *, ahead: bool = False) -> str:
    """What a changed rule did, or would do, to messages that wait."""
    number = {name: effect[name] for name in ("moved", "stopped", "added")}
    parts = [
        number["moved"]
        and ngettext(
            "%(num)s waiting message gets another time.", "%(num)s waiting messages get another time.", number["moved"]
        ),
        number["stopped"]
        and ngettext(
            "%(num)s waiting message will not be sent.", "%(num)s waiting messages will not be sent.", number["stopped"]
        ),
        number["added"] and ngettext("%(num)s message is added.", "%(num)s messages are added.", number["added"]),
    ]
    said = [str(part) for part in parts if part]
    if not said:
        return str(gettext("What waits stays as it is."))
    return ("" if formats.is_chinese() else " ").join(said)


def _change(rule: Rule, form: RuleForm, now: datetime) -> Counter[str]:
    """Change the rule, and count the waiting messages that got another time, were stopped, or are new."""
    before = message_log.waiting_of_kind(db.session, rule.kind)
    wanted = form.wanted(has_lead=DEFAULTS[rule.kind].lead is not None)
    rules.change_rule(db.session, rule.kind, **wanted, actor=actor(), now=now)
    after = message_log.waiting_of_kind(db.session, rule.kind)
    return Counter(
        moved=sum(after[each] != due for each, due in before.items() if each in after),
        stopped=len(before.keys() - after.keys()),
        added=len(after.keys() - before.keys()),
    )


def _rule(kind: str) -> Rule:
    if kind not in DEFAULTS:
        raise NotFound(noun="message_rule", id=kind)
    return rules.rule_of(db.session, kind)


def _list(hours: dict[str, str], errors: dict[str, str]) -> str:
    in_force = rules.rules(db.session)
    groups: dict[str, list[Rule]] = {"towns": [], "crews": [], "office": []}
    for kind, default in DEFAULTS.items():
        group = "towns" if default.audiences == TOWN else "crews" if default.audiences == CREW else "office"
        groups[group].append(in_force[kind])
    return render_template(
        "desk/message_rules.html",
        groups=groups,
        usual={name: usual_of_group(each) for name, each in groups.items()},
        waiting=message_log.count_waiting(db.session),
        in_use=channels_in_use(),
        hours=hours,
        errors=errors,
    )


def _form(rule: Rule, form: RuleForm, errors: dict[str, str]) -> str:
    default = DEFAULTS[rule.kind]
    return render_template(
        "desk/message_rule.html",
        rule=rule,
        default=default,
        form=form,
        errors=errors,
        audiences=possible_audiences(rule.kind),
        audience_words=AUDIENCES,
        personal=PERSONAL_CHANNELS,
        groups=GROUP_CHANNELS,
        channel_names=CHANNELS,
        in_use=channels_in_use(),
        units=UNITS,
        always=rule.kind in NEVER_OFF,
        wording={each: cases_of(get_wording(db.session, rule.kind, each))[0] for each in LOCALES},
        waiting=len(message_log.waiting_of_kind(db.session, rule.kind)),
    )


def _hours_of(numbers: Numbers) -> dict[str, str]:
    times = {name: formats.clock(getattr(numbers, name)) for name in TIMES}
    return times | {"digest_minutes": str(numbers.digest_minutes), "version": str(numbers.version)}


def _hours_errors(refused: Refused) -> dict[str, str]:
    problems = refused.problems if isinstance(refused, Invalid) else [refused]
    return {problem.field or "form": _hours_sentence(problem) for problem in problems}


def _hours_sentence(problem: Refused) -> str:
    if problem.field == "digest_minutes":
        return words.error_in_words(problem)
    if problem.field == "quiet_until" and "most" in problem.detail:
        hours = problem.detail["most"] // 60
        return str(gettext("Quiet hours last %(most)s hours at most.", most=hours))
    if problem.field == "work_until" and "opens" in problem.detail:
        return str(gettext("Working hours last an hour or more and end on the same day."))
    return str(gettext("Enter a time of day such as 16:00."))
