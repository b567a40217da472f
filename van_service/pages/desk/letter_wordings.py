"""The wordings of messages: every kind in both languages with sample data, and the form to word one anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from schedules import messages, wordings
from schedules.errors import BadLetter, BadPlaceholder, ChangedMeanwhile, Invalid, Refused, ScheduleError, TextTooLong
from schedules.messages import LOCALES
from schedules.rules import DEFAULTS
from schedules.transmissions import Text
from schedules.wordings import Wording
from van_service import words
from van_service.auth import actor
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages import formats
from van_service.pages.desk.answers import done, refused
from van_service.pages.desk.message_words import KINDS

LANGUAGES: dict[str, Any] = {"zh_CN": lazy_gettext("in Chinese"), "en": lazy_gettext("in English")}
UNREADABLE = -1

# How a name of the letters is written where it is a day or a minute, so that it reads as people write them.
FILTERS: Mapping[str, str] = {
    **dict.fromkeys(("day", "first_day", "last_day", "until_day"), "date"),
    **dict.fromkeys(("starts", "closes", "ends", "until_minute", "expected", "minutes"), "clock"),
}


def show() -> str:
    """Every kind side by side in both languages, its usual case worded with sample data."""
    kinds = [(kind, [_preview(kind, locale) for locale in LOCALES]) for kind in DEFAULTS]
    return render_template("desk/wordings.html", kinds=kinds, languages=LANGUAGES)


def edit(kind: str, locale: str) -> str:
    """The form of one wording, with the product's own beside it."""
    wording = wordings.get_wording(db.session, kind, locale)
    return _form(wording, wording.subject, wording.body, {})


def try_out(kind: str, locale: str) -> str:
    """The text as typed, made into every sample letter; what is wrong with it in its place."""
    subject, body = _typed()
    try:
        written = wordings.try_wording(kind, locale, subject, body)
    except Refused as trouble:
        return render_template("desk/_wording_preview.html", written=[], errors=_errors(trouble), locale=locale)
    return render_template("desk/_wording_preview.html", written=written, errors={}, locale=locale)


def change(kind: str, locale: str) -> Response | tuple[str, int]:
    """Word the kind anew, or show the form again with what is wrong."""
    subject, body = _typed()
    wording = wordings.get_wording(db.session, kind, locale)
    try:
        wordings.change_wording(
            db.session, kind, locale, subject=subject, body=body, version=_version(), actor=actor(), now=utc_now()
        )
    except ChangedMeanwhile as changed:
        db.session.rollback()
        return _form(wording, subject, body, {"form": words.error_in_words(changed)}), 409
    except Refused as trouble:
        db.session.rollback()
        return _form(wording, subject, body, _errors(trouble)), 422
    sentence = gettext(
        "“%(kind)s” %(language)s is worded anew; what waits is worded so too.",
        kind=KINDS[kind],
        language=LANGUAGES[locale],
    )
    return done(sentence, url_for("desk.wordings", _anchor=kind))


def restore(kind: str, locale: str) -> Response:
    """Go back to the wording that came with the product."""
    try:
        wordings.restore_wording(db.session, kind, locale, version=_version(), actor=actor(), now=utc_now())
    except ScheduleError as error:
        return refused(error, url_for("desk.wording", kind=kind, locale=locale))
    sentence = gettext(
        "“%(kind)s” %(language)s reads again as it came with the product.",
        kind=KINDS[kind],
        language=LANGUAGES[locale],
    )
    return done(sentence, url_for("desk.wordings", _anchor=kind))


def cases_of(wording: Wording) -> list[Text]:
    """Subject and text of every sample by this wording, the usual case first."""
    own = (wording.subject, wording.body) if wording.own else None
    return messages.preview(wording.kind, wording.locale, own)


def _preview(kind: str, locale: str) -> dict[str, Any]:
    wording = wordings.get_wording(db.session, kind, locale)
    first, *others = cases_of(wording)
    return {"locale": locale, "own": wording.own, "first": first, "others": list(dict.fromkeys(others))}


def _form(wording: Wording, subject: str, body: str, errors: dict[str, str]) -> str:
    kind, locale = wording.kind, wording.locale
    try:
        written = wordings.try_wording(kind, locale, subject, body)
    except Refused:
        written = []
    return render_template(
        "desk/wording.html",
        wording=wording,
        subject=subject,
        body=body,
        errors=errors,
        written=written,
        locale=locale,
        product=messages.default_wording(kind, locale),
        names=_names(kind, locale),
        languages=LANGUAGES,
    )


def _names(kind: str, locale: str) -> list[tuple[str, str]]:
    """What a wording of this kind may name, as it is typed, with how it reads in the usual case."""
    typed = [_as_typed(kind, locale, name) for name in sorted(messages.placeholders(kind, locale)) if name in NAMED]
    return [(text, messages.preview(kind, locale, (text, text))[0][0]) for text in typed]


def _as_typed(kind: str, locale: str, name: str) -> str:
    """A name in its braces, with what makes it read well; asked for first where not every case has it."""
    filter_name = FILTERS.get(name)
    plain = f"{{{{ {name} | {filter_name} }}}}" if filter_name else f"{{{{ {name} }}}}"
    try:
        always = all(subject not in ("", "None") for subject, _ in messages.preview(kind, locale, (plain, plain)))
    except (TypeError, ValueError):
        always = False
    return plain if always else f"{{% if {name} %}}{plain}{{% endif %}}"


# Names that stand for a word or a number; the others are for conditions and lists.
NAMED = frozenset(
    {*FILTERS, "venue", "town", "van", "number", "reason", "late", "plan", "changes", "planned", "stock", "days"}
    | {"code", "year"}
)


def _typed() -> tuple[str, str]:
    return request.form.get("subject", ""), request.form.get("body", "").replace("\r\n", "\n")


def _version() -> int:
    return request.form.get("version", UNREADABLE, type=int)


def _errors(trouble: Refused) -> dict[str, str]:
    problems = trouble.problems if isinstance(trouble, Invalid) else [trouble]
    return {problem.field or "form": _sentence(problem) for problem in problems}


def _sentence(problem: Refused) -> str:
    detail = problem.detail
    if isinstance(problem, BadPlaceholder) and detail.get("known"):
        known = formats.listed([str(name) for name in detail["known"]])
        return str(gettext("“%(name)s” is not known here. Known are %(known)s.", name=detail["name"], known=known))
    if isinstance(problem, BadPlaceholder):
        return str(gettext("“%(name)s” is not there in every case. Ask for it with if.", name=detail.get("name", "")))
    if isinstance(problem, BadLetter) and "line" in detail:
        return str(gettext("Line %(line)s cannot be read: are all braces closed?", line=detail["line"]))
    if isinstance(problem, BadLetter) and detail.get("given") == "empty":
        return str(gettext("In one of the cases nothing would be left to read."))
    if isinstance(problem, TextTooLong):
        return str(gettext("This reads %(given)s signs long; %(most)s is the most.", **detail))
    return words.error_in_words(problem)
