"""A town makes a change of its own that would serve its request, with one button."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from schedules import own_changes
from schedules.errors import BadChoice, ChangeGone, Conflict
from van_service import auth, words
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.travel import travel_of_app

blueprint = Blueprint("town_changes", __name__, url_prefix="/town/requests")


@blueprint.post("/<int:request_id>/own-change")
def apply(request_id: int) -> Response:
    """Make the change; where a time is free then, it is offered at once."""
    address = url_for("town.show", request_id=request_id)
    try:
        offered = own_changes.apply_own_change(
            db.session,
            request_id,
            request.form.get("number", -1, type=int),
            actor=auth.actor(),
            now=utc_now(),
            town_id=auth.current_town_id(),
            travel=travel_of_app(),
        )
    except (BadChoice, ChangeGone):
        db.session.rollback()
        flash(gettext("Meanwhile that does not help any more. Nothing was changed; this is how it stands now."), "warn")
        return redirect(address, 303)
    except Conflict as refused:
        db.session.rollback()
        flash(words.error_in_words(refused), "warn")
        return redirect(address, 303)
    db.session.commit()
    if offered is None:
        flash(gettext("Changed. A time that becomes free is offered to you; the next plan counts with it too."), "ok")
    else:
        flash(gettext("Changed, and a time is free for you. Take it or let it pass."), "ok")
    return redirect(address, 303)
