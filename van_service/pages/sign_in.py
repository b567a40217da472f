"""The way in and out: sign-in, sign-out, the choice of language, and the start page of each role."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import audit
from van_service import accounts, auth
from van_service.accounts import AccountLocked
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.languages import LANGUAGES
from van_service.pages import formats, local_path

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/")
def start() -> Response:
    """Lead everyone to the first page of their role."""
    account = auth.current_account()
    return redirect(url_for("sign_in.sign_in") if account is None else auth.HOMES[account.role])


@blueprint.get("/login")
def sign_in() -> Response | str:
    """The sign-in form; who is already in is led on."""
    if auth.current_account() is not None:
        return redirect(local_path(request.args.get("next"), url_for("sign_in.start")))
    return _form()


@blueprint.post("/login")
def sign_in_now() -> Response | tuple[str, int]:
    """Check name and password; wrong ones are answered alike, whichever of the two is wrong."""
    username = request.form.get("username", "").strip()
    now = utc_now()
    try:
        account = accounts.sign_in(
            db.session, username, request.form.get("password", ""), now=now, address=request.remote_addr
        )
    except AccountLocked as locked:
        return _form(username, _locked_until(datetime.fromisoformat(locked.detail["until"]))), 429
    if account is None:
        db.session.commit()  # the failure counts
        return _form(
            username,
            gettext("The user name or the password is wrong. After 5 wrong tries the account rests for 15 minutes."),
        ), 422
    auth.open_sign_in(account)
    audit.record(db.session, actor=account.username, now=now, verb="sign_in", noun="account", noun_id=account.id)
    db.session.commit()
    return redirect(local_path(request.form.get("next"), url_for("sign_in.start")), 303)


@blueprint.post("/logout")
def sign_out() -> Response:
    """End the session and say so."""
    auth.close_sign_in()
    flash(gettext("You are signed out."), "ok")
    return redirect(url_for("sign_in.sign_in"), 303)


@blueprint.post("/language")
def choose_language() -> Response:
    """Keep the language for this browser and this account, and go back to the page where it was chosen."""
    locale = request.form.get("locale")
    if locale not in LANGUAGES:
        abort(404)
    session["locale"] = locale
    account = auth.current_account()
    if account is not None:
        account.locale = locale
        db.session.commit()
    return redirect(local_path(request.form.get("next"), url_for("sign_in.start")), 303)


def _form(username: str = "", trouble: str = "") -> str:
    target = local_path(request.values.get("next"), "")
    return render_template("sign_in/sign_in.html", username=username, trouble=trouble, next=target)


def _locked_until(until: datetime) -> str:
    sentence: str = gettext(
        "Too many wrong passwords. This account opens again at %(time)s. A coordinator can set a new password.",
        time=formats.local_time(until),
    )
    return sentence
