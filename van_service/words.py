"""Codes in words: errors, states, rules, reasons. The floors below hand up codes and numbers, never sentences.

A test asks for the words of every code there is, so that none reaches a person bare.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Any

from flask_babel import gettext, lazy_gettext

from routes.proposals import ProposalKind
from schedules.errors import ScheduleError
from schedules.models import (
    DayKind,
    DaySource,
    DisruptionKind,
    DisruptionState,
    HoldKind,
    MessageState,
    PlanState,
    Priority,
    RequestState,
    SampleResult,
    Skill,
    TownKind,
    VisitState,
)
from van_service.accounts import Role

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
    "invalid": _l("Some values are not acceptable. Nothing was changed."),
    "missing": _l("This is needed."),
    "too_many": _l("There are more of these than can be handled."),
    "given_twice": _l("The same thing is given twice."),
    "bad_window": _l("A time span must begin before it ends and stay within its day."),
    "text_too_long": _l("The text is too long."),
    "bad_phone": _l("This is not a phone number that can be dialled."),
    "bad_email": _l("This is not an e-mail address."),
    "bad_pin": _l("The request offers no such time to pin it to."),
    "outside_district": _l("The point does not lie in the district."),
    "always_sent": _l("Without this message somebody would wait in vain; it stays on, for those it is for."),
    "always_told": _l("This message matters too much to be left out."),
    "bad_placeholder": _l("The text names something that this message does not know."),
    "bad_letter": _l("The text cannot be made into a letter."),
    "bad_choice": _l("This is not one of the words that are possible here."),
    "bad_text": _l("The text holds signs that cannot be shown."),
    "too_soon": _l("This is too soon to be planned."),
    "change_gone": _l("This change is no longer possible as it was found. Make a new plan and look again."),
    "already_promised": _l("A visit has been promised for this; ask the coordinator to change it."),
    "already_under_way": _l("The van has already set off for this visit."),
    "slot_gone": _l("No van can keep this time any more; look for another."),
    "hold_over": _l("This time is no longer held for you."),
    "too_many_holds": _l("You hold as many times as you may; send or release one first."),
    "slots_held": _l("Towns hold times on shifts that this plan changes; nothing was published."),
    "other_than_held": _l("The time is held for something else; look for a time for this."),
    "broken_rules": _l("This breaks rules; nothing was changed."),
    "not_the_latest_draft": _l("A newer draft was made from this one by hand; undo that first, or change that one."),
    "nothing_to_repair": _l("Nothing is out of order: enter what happened first."),
    "lease_lost": _l("Another process has taken this run over; its result is thrown away."),
    "not_signed_in": _l("Sign in first."),
    "precondition_required": _l("Say which version you are changing: send the ETag of what you read as If-Match."),
    "account_locked": _l("Too many wrong passwords; this account is locked for a quarter of an hour."),
    "too_many_attempts": _l("Too many wrong passwords from this address; wait a quarter of an hour."),
    "too_many_tests": _l("You have tested channels as often as may be in an hour."),
    "channel_not_set_up": _l("This channel is not set up here."),
    "username_taken": _l("There is already an account of this name."),
    "key_reused": _l("This Idempotency-Key was used for something else; take a new one."),
    "key_in_use": _l("The first request with this Idempotency-Key is still being worked on."),
}

# The same with the numbers, where the error carries them: value, limit and way out.
ERRORS_WITH_NUMBERS: dict[str, Any] = {
    "bad_minutes": _l("Enter %(least)s to %(most)s minutes."),
    "bad_placeholder": _l("This message knows nothing called %(name)s."),
    "bad_count": _l("Enter %(least)s to %(most)s."),
    "too_many": _l("Give %(most)s at most."),
    "text_too_long": _l("Enter %(most)s signs at most."),
    "too_many_tests": _l("You may test channels %(most)s times an hour; wait a while."),
    "slots_held": _l(
        "Towns hold %(number)s times on shifts that this plan changes, the last until %(until)s; nothing was published."
    ),
    "too_soon": _l("This is too soon to be planned. The first day is %(earliest)s."),
    "window_too_short": _l("The session takes %(needs)s minutes, the time given is %(has)s."),
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

# What marshmallow says of a value, with a code of ours.
FIELD_ERRORS: dict[str, tuple[str, Any]] = {
    "Missing data for required field.": ("required", _l("This is needed.")),
    "Field may not be null.": ("required", _l("This is needed.")),
    "Unknown field.": ("unknown_field", _l("There is no such field.")),
    "Invalid input type.": ("wrong_type", _l("This must be an object.")),
    "Not a valid integer.": ("wrong_type", _l("This must be a whole number.")),
    "Not a valid number.": ("wrong_type", _l("This must be a number.")),
    "Special numeric values (nan or infinity) are not permitted.": ("wrong_type", _l("This must be a number.")),
    "Not a valid string.": ("wrong_type", _l("This must be text.")),
    "Not a valid boolean.": ("wrong_type", _l("This must be true or false.")),
    "Not a valid list.": ("wrong_type", _l("This must be a list.")),
    "Not a valid mapping type.": ("wrong_type", _l("This must be an object.")),
    "Not a valid date.": ("wrong_type", _l("This must be a date such as 2026-06-16.")),
    "Not a valid datetime.": ("wrong_type", _l("This must be a time with offset, such as 2026-06-16T09:30:00+08:00.")),
    "Not a valid aware datetime.": (
        "wrong_type",
        _l("This must be a time with offset, such as 2026-06-16T09:30:00+08:00."),
    ),
    "Not a valid email address.": ("bad_email", _l("This must be an e-mail address.")),
    "Invalid JSON body.": ("bad_json", _l("The body must be JSON.")),
}

STATES: dict[type[StrEnum], dict[str, Any]] = {
    RequestState: {
        "submitted": _l("Submitted"),
        "accepted": _l("Accepted"),
        "declined": _l("Declined"),
        "planned": _l("Planned"),
        "done": _l("Done"),
        "withdrawn": _l("Withdrawn"),
        "expired": _l("Expired"),
    },
    PlanState: {
        "queued": _l("Waiting for the planner"),
        "solving": _l("Being planned"),
        "draft": _l("Draft"),
        "failed": _l("Failed"),
        "published": _l("Published"),
        "superseded": _l("Replaced by a later plan"),
        "discarded": _l("Discarded"),
    },
    HoldKind: {"booking": _l("Booking"), "wait_list": _l("Wait list")},
    VisitState: {
        "promised": _l("Promised"),
        "confirmed": _l("Confirmed"),
        "on_the_way": _l("On the way"),
        "open": _l("Open"),
        "done": _l("Done"),
        "missed": _l("Missed"),
        "cancelled": _l("Cancelled"),
    },
    MessageState: {
        "queued": _l("Waiting"),
        "sending": _l("Being sent"),
        "sent": _l("Sent"),
        "failed": _l("Failed, will be tried again"),
        "dead": _l("Could not be sent"),
        "stale": _l("Not sent: overtaken by a change"),
        "too_late": _l("Not sent: too late, call them"),
        "unknown": _l("Perhaps sent: call them"),
        "cancelled": _l("Not sent: called off by a coordinator"),
    },
    Priority: {"normal": _l("Normal"), "raised": _l("Raised"), "urgent": _l("Urgent")},
    Skill: {
        "driver": _l("Driver"),
        "tester": _l("Tester"),
        "presenter": _l("Presenter"),
        "legal_officer": _l("Legal officer"),
        "complaint_handler": _l("Complaint handler"),
        "metrologist": _l("Metrologist"),
    },
    TownKind: {"town": _l("Town"), "subdistrict": _l("Subdistrict"), "zone": _l("Zone")},
    DayKind: {
        "working": _l("Working day"),
        "weekend": _l("Weekend"),
        "holiday": _l("Holiday"),
        "make_up": _l("Make-up working day"),
    },
    DaySource: {
        "chinesecalendar": _l("Announced holiday table"),
        "holidays": _l("Statutory holidays, without exchanged days"),
        "week": _l("Monday to Friday, a guess"),
        "coordinator": _l("Set by a coordinator"),
    },
    DisruptionKind: {
        "van_out": _l("A van is out"),
        "crew_ill": _l("Somebody of a crew is ill"),
        "town_cancels": _l("A town calls off"),
        "venue_closed": _l("A venue is closed"),
        "heat": _l("Heat"),
        "storm": _l("Storm"),
        "crew_late": _l("A crew runs late"),
        "urgent_visit": _l("An urgent visit"),
    },
    DisruptionState: {"open": _l("Not repaired yet"), "repaired": _l("Repaired"), "revoked": _l("Revoked")},
    ProposalKind: {
        "keep_times": _l("Keep the times"),
        "same_day": _l("Stay within the day"),
        "replan": _l("Other days too"),
    },
    SampleResult: {"negative": _l("Negative"), "suspected_positive": _l("Suspected positive")},
    Role: {"town": _l("Town office"), "crew": _l("Crew"), "coordinator": _l("Coordinator")},
}

# The checker's rules by their name in the contract of the planning problem.
RULES: dict[str, Any] = {
    "known": _l("The plan names only shifts and visits that exist"),
    "tours": _l("Each shift has at most one tour, its stops in order"),
    "shift_hours": _l("The tour lies within the shift's hours"),
    "travel_time": _l("There is time to drive between the stops"),
    "on_site": _l("Setting up, the session and packing up take their time"),
    "window": _l("The session lies in a time the town gave"),
    "lunch": _l("The crew has its lunch break"),
    "crew": _l("The crew has the skills the visit needs"),
    "equipment": _l("The van carries the equipment"),
    "kits": _l("The test kits suffice"),
    "max_visits": _l("No more visits than a shift may have"),
    "max_driving": _l("No more driving than a shift may have"),
    "once": _l("Each visit at most once, of alternatives at most one"),
    "pin": _l("What is pinned stays where it is pinned"),
    "value": _l("The plan's value is what it says"),
    "bound": _l("The value does not exceed the bound"),
    "proven": _l("It is called optimal only when it is proven"),
}


def word(code: StrEnum) -> str:
    """The word of a state, priority, skill or kind."""
    return str(STATES[type(code)][code.value])


def rule_in_words(name: str) -> str:
    """What a rule of the checker demands."""
    return str(RULES[name])


def error_in_words(error: ScheduleError) -> str:
    """The sentence for an error in the caller's language, with its numbers where it carries them."""
    with_numbers = ERRORS_WITH_NUMBERS.get(error.code)
    if with_numbers is not None:
        numbers = {name: number for name, number in error.detail.items() if number is not None}
        with suppress(KeyError):  # raised without its numbers: the plain sentence says it
            return str(with_numbers) % numbers
    known = ERRORS.get(error.code)
    return str(known) if known is not None else gettext(error.message)


def http_error_in_words(status: int) -> tuple[str, str]:
    """Code and sentence of an error that HTTP itself names."""
    code, sentence = HTTP_ERRORS.get(status) or HTTP_ERRORS[400 if status < 500 else 500]
    return code, str(sentence)


def field_error_in_words(message: object) -> tuple[str, str]:
    """Code and sentence of a field's error: ours in place of marshmallow's; our own fields raise one with a code."""
    known = FIELD_ERRORS.get(str(message))
    if known is not None:
        return known[0], str(known[1])
    return getattr(message, "code", "invalid"), str(message)
