"""Codes in words: errors, states, rules, reasons. The floors below hand up codes and numbers, never sentences."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from schedules.errors import ScheduleError

_l = lazy_gettext

ERRORS: dict[str, Any] = {
    "schedule_error": _l("The request could not be carried out."),
    "not_found": _l("There is nothing here by that name."),
    "forbidden": _l("This belongs to somebody else."),
    "conflict": _l("The present state does not allow this."),
    "refused": _l("A value is not acceptable."),
    "move_not_allowed": _l("This step is not possible from the present state."),
    "stale_plan": _l("The data this plan was made from has changed; nothing was published."),
    "unlawful_plan": _l("The independent checker found broken rules; nothing was published."),
    "changed_meanwhile": _l("Somebody else changed this meanwhile; load it again."),
    "window_in_past": _l("The time given is already past."),
    "closed_day": _l("No van drives on this day."),
    "beyond_calendar": _l("The day lies beyond the calendar that has been set up."),
    "unknown_venue": _l("There is no such venue in this town."),
    "unknown_service": _l("There is no such service in the catalogue."),
    "bad_minutes": _l("The number of minutes is outside what the service allows."),
    "window_too_short": _l("The session does not fit into the time given."),
    "bad_count": _l("The number is outside what is possible here."),
    "venue_unsuitable": _l("The venue lacks what the service needs."),
    "calendar_missing": _l("No holiday table has been announced for this year; the days are a guess until it is."),
    "not_signed_in": _l("Sign in first."),
    "precondition_required": _l("Say which version you are changing: send the ETag of what you read as If-Match."),
    "account_locked": _l("Too many wrong passwords; this account is locked for a quarter of an hour."),
}

HTTP_ERRORS: dict[int, tuple[str, Any]] = {
    400: ("bad_request", _l("The request could not be read. Load the page again and repeat it.")),
    404: ("not_found", _l("There is nothing here by that name.")),
    405: ("method_not_allowed", _l("This address does not take this method.")),
    413: ("body_too_large", _l("What was sent is too large.")),
    415: ("unsupported_media_type", _l("The body must be JSON.")),
    422: ("invalid", _l("Some values are not acceptable. Nothing was changed.")),
    429: ("too_many_requests", _l("Too many attempts. Wait a while.")),
    500: ("internal_error", _l("Something went wrong on our side. Nothing was changed.")),
    503: ("unavailable", _l("The service is busy or away for a moment. Nothing was changed.")),
}


def error_in_words(error: ScheduleError) -> str:
    """The sentence for an error in the caller's language."""
    known = ERRORS.get(error.code)
    return str(known) if known is not None else gettext(error.message)


def http_error_in_words(status: int) -> tuple[str, str]:
    """Code and sentence of an error that HTTP itself names."""
    code, sentence = HTTP_ERRORS.get(status) or HTTP_ERRORS[400 if status < 500 else 500]
    return code, str(sentence)


def field_error_in_words(message: object) -> tuple[str, str]:
    """Code and sentence of a field's error."""
    return getattr(message, "code", "invalid"), str(message)
