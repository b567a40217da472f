"""What the desk's forms answer: back to the page they came from, saying what was done or why nothing was."""

from __future__ import annotations

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from schedules.errors import ScheduleError
from van_service import words
from van_service.extensions import db
from van_service.pages import local_path


def done(sentence: str, otherwise: str) -> Response:
    """Keep what was changed, say so, and lead back to the form's own page (its field `next`)."""
    db.session.commit()
    flash(sentence, "ok")
    return back(otherwise)


def refused(error: ScheduleError, otherwise: str) -> Response:
    """Drop what was begun, say why in words, and lead back."""
    return complain(words.error_in_words(error), otherwise)


def complain(sentence: str, otherwise: str) -> Response:
    """Change nothing, say why, and lead back."""
    db.session.rollback()
    flash(sentence, "bad")
    return back(otherwise)


def back(otherwise: str) -> Response:
    """To the page named by the form if it is one of this site, else to `otherwise`."""
    return redirect(local_path(request.form.get("next"), otherwise), 303)
