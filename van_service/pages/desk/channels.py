"""Channels: which ways messages can go, how each has done, and a test of it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from schedules.contacts import masked_email, masked_phone
from schedules.errors import NotFound, ScheduleError
from schedules.models import MessageState
from schedules.rulebook import GROUP_CHANNELS
from van_service import words
from van_service.auth import caller
from van_service.channel_states import MOST_TESTS, ask_for_test, channel_states
from van_service.clock import utc_now
from van_service.delivery_words import error_in_words
from van_service.extensions import db
from van_service.pages.desk.answers import complain, done
from van_service.pages.desk.message_words import CHANNELS

_l = lazy_gettext

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)

CONDITIONS: dict[str, tuple[Any, str]] = {
    "off": (_l("not set up"), "line"),
    "unused": (_l("not used yet"), "line"),
    "working": (_l("in order"), "ok"),
    "failing": (_l("does not work"), "bad"),
}

# What a channel needs, by the names of its settings.
NEEDS: dict[str, Any] = {
    "email": "MAIL_HOST, MAIL_PORT, MAIL_SECURITY, MAIL_FROM",
    "sms": "SMS_WEBHOOK_URL, SMS_WEBHOOK_SECRET",
    "wecom": "WECOM_BOT_KEY",
    "dingtalk": "DINGTALK_BOT_URL, DINGTALK_BOT_SECRET",
    "feishu": "FEISHU_BOT_URL, FEISHU_BOT_SECRET",
    "apprise": "APPRISE_URLS",
}


def show() -> str:
    """The channels, as they do."""
    return render_template("desk/channels.html", **_state())


def table() -> str:
    """The part of the page that is asked for while a test is under way."""
    return render_template("desk/_channels.html", **_state())


def send_test(name: str) -> Response | tuple[str, int]:
    """Queue a test and come back to the page, or say beside the field what is wrong."""
    try:
        ask_for_test(name, caller(), phone=request.form.get("phone", "").strip(), now=utc_now())
    except NotFound:
        raise
    except ScheduleError as error:
        sentence = words.error_in_words(error)
        if error.field == "phone":
            db.session.rollback()
            return render_template("desk/channels.html", **_state({"phone": sentence})), 422
        if error.field == "email":
            sentence = gettext("Your account has no e-mail address that a test could go to.")
        return complain(sentence, url_for("desk.channels"))
    return done(gettext("The test is on its way; what becomes of it is shown here."), url_for("desk.channels"))


def _state(errors: dict[str, str] | None = None) -> dict[str, Any]:
    states = channel_states(utc_now())
    tests = [state.record.test for state in states if state.record.test is not None]
    return {
        "states": states,
        "conditions": CONDITIONS,
        "needs": NEEDS,
        "errors": errors or {},
        "phone": request.form.get("phone", "") if errors else "",
        "under_way": any(test.state in UNDER_WAY for test in tests),
        "error_words": error_in_words,
        "channel_names": CHANNELS,
        "recipient_of": _recipient_in_words,
        "most_tests": MOST_TESTS,
    }


def _recipient_in_words(name: str) -> str:
    """Whom a test of this channel goes to, masked."""
    account = caller()
    if name in GROUP_CHANNELS:
        return gettext("to the group")
    if name == "sms":
        return masked_phone(account.phone) if account.phone else ""
    return masked_email(account.email) if account.email else gettext("your account has no e-mail address")
