"""What the wait list offers a town, and the town's answer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import wait_list
from schedules.errors import Conflict
from van_service import auth, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.travel import travel_of_app

blueprint = Blueprint("town_offers", __name__, url_prefix="/town/offers")


@blueprint.post("/<int:hold_id>/take")
def take(hold_id: int) -> Response:
    """Take the slot; the visit is promised."""
    try:
        wait_list.take(
            db.session,
            hold_id,
            actor=auth.actor(),
            now=utc_now(),
            town_id=auth.current_town_id(),
            travel=travel_of_app(),
        )
    except Conflict as conflict:
        return _refused(conflict)
    db.session.commit()
    flash(gettext("Taken. The visit is promised and the crew will be told."), "ok")
    return _back()


@blueprint.post("/<int:hold_id>/pass")
def let_pass(hold_id: int) -> Response:
    """Let the slot pass to the next; the request goes on waiting."""
    try:
        wait_list.let_pass(db.session, hold_id, actor=auth.actor(), now=utc_now(), town_id=auth.current_town_id())
    except Conflict as conflict:
        return _refused(conflict)
    db.session.commit()
    flash(gettext("Let pass. The request goes on waiting for another time."), "ok")
    return _back()


def _refused(conflict: Conflict) -> Response:
    db.session.rollback()
    flash(words.error_in_words(conflict), "warn")
    return _back()


def _back() -> Response:
    """To the request's page."""
    request_id = request.form.get("request", type=int)
    return redirect(url_for("town.show", request_id=request_id) if request_id else url_for("town.home"), 303)
