"""Channels: which ways messages can go, how each has done, and a test of it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from schedules.contacts import masked_email, masked_phone
from schedules.errors import NotFound, ScheduleError
from schedules.models import MessageState
from van_service import words
from van_service.auth import caller
from van_service.channel_states import MOST_TESTS, OWN_ADDRESS, ask_for_test, channel_states
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
    address = request.form.get("address", "").strip()
    try:
        ask_for_test(name, caller(), address=address, now=utc_now())
    except NotFound:
        raise
    except ScheduleError as error:
        if error.field in OWN_ADDRESS.values():
            db.session.rollback()
            sentence = words.error_in_words(error) if address else gettext("This is needed.")
            return render_template("desk/channels.html", **_state({name: sentence}, {name: address})), 422
        return complain(words.error_in_words(error), url_for("desk.channels"))
    return done(gettext("The test is on its way; what becomes of it is shown here."), url_for("desk.channels"))


def _state(errors: dict[str, str] | None = None, given: dict[str, str] | None = None) -> dict[str, Any]:
    states = channel_states(utc_now())
    tests = [state.record.test for state in states if state.record.test is not None]
    account = caller()
    return {
        "states": states,
        "conditions": CONDITIONS,
        "needs": NEEDS,
        "errors": errors or {},
        "given": given or {},
        "under_way": any(test.state in UNDER_WAY for test in tests),
        "error_words": error_in_words,
        "channel_names": CHANNELS,
        "own_address": {"email": _l("Your e-mail address"), "sms": _l("Your number")},
        "kept": {
            "email": masked_email(account.email) if account.email else "",
            "sms": masked_phone(account.phone) if account.phone else "",
        },
        "most_tests": MOST_TESTS,
    }
