"""What somebody wants of the messages to them: language, way, and what they need not be told. One page for every role.

A town's office speaks for its liaison officer, a crew member and a coordinator for themselves.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from schedules import preferences, recipients
from schedules.contacts import masked_email
from schedules.errors import ChangedMeanwhile, NotFound, Refused
from schedules.preferences import Preference
from schedules.recipients import Person
from van_service import auth, words
from van_service.accounts import Account, Role
from van_service.clock import utc_now
from van_service.extensions import db
from van_service.pages.desk.message_words import CHANNELS, KINDS, moment_of_kind

blueprint = Blueprint("preferences", __name__)

LANGUAGES: dict[str, Any] = {"zh_CN": lazy_gettext("Chinese"), "en": lazy_gettext("English")}
UNREADABLE = -1


@blueprint.get("/preferences")
def show() -> str:
    """The form, or that there is nobody whom it could be for."""
    key = _key_of(auth.caller())
    try:
        return _page(key, preferences.preference_of(db.session, key), "")
    except NotFound:
        return render_template("preferences.html", frame=_frame(), person=None)


@blueprint.post("/preferences")
def change() -> Response | tuple[str, int]:
    """Keep what is wanted, for what waits too."""
    key = _key_of(auth.caller())
    wanted = set(request.form.getlist("wanted"))
    kinds = preferences.kinds_for(db.session, key)
    muted = [kind for kind, may_mute in kinds.items() if may_mute and kind not in wanted]
    typed = Preference(
        key,
        request.form.get("locale") or None,
        request.form.get("channel") or None,
        tuple(muted),
        request.form.get("version", UNREADABLE, type=int),
    )
    try:
        preferences.change_preference(
            db.session,
            key,
            locale=typed.locale,
            channel=typed.channel,
            muted=[*muted, *_kept(key, kinds)],
            version=typed.version,
            actor=auth.actor(),
            now=utc_now(),
        )
    except ChangedMeanwhile as changed:
        db.session.rollback()
        return _page(key, typed, words.error_in_words(changed)), 409
    except Refused as refused:
        db.session.rollback()
        return _page(key, typed, words.error_in_words(refused)), 422
    db.session.commit()
    flash(gettext("This is kept, and holds for what waits too."), "ok")
    return redirect(url_for("preferences.show"), 303)


def _kept(key: str, kinds: dict[str, bool]) -> list[str]:
    """What was muted of kinds that the rules do not send to this person at present."""
    return [kind for kind in preferences.preference_of(db.session, key).muted if kind not in kinds]


def _key_of(account: Account) -> str:
    if account.role is Role.TOWN:
        return f"town:{account.town_id}"
    if account.role is Role.CREW:
        return f"crew:{account.crew_member_id}"
    return f"coordinator:{account.id}"


def _page(key: str, wishes: Preference, trouble: str) -> str:
    person = recipients.person_of(db.session, key)
    assert person is not None  # whoever is nobody has no wishes
    kinds = preferences.kinds_for(db.session, key)
    town = auth.caller().town
    return render_template(
        "preferences.html",
        frame=_frame(),
        person=person,
        wishes=wishes,
        trouble=trouble,
        speaks_for_office=auth.caller().role is Role.TOWN,
        named=town is None or bool(recipients.liaison_of(town)),
        optional=[(kind, KINDS[kind], moment_of_kind(kind)) for kind, may_mute in kinds.items() if may_mute],
        always=[str(KINDS[kind]) for kind, may_mute in kinds.items() if not may_mute],
        languages=LANGUAGES,
        ways=[(name, CHANNELS[name]) for name in preferences.ways_for(db.session, key)],
        reached=_reached(person),
    )


def _reached(person: Person) -> str:
    """Where messages go, as those see it who look over the shoulder."""
    return masked_email(person.email) if person.email else ""


def _frame() -> str:
    return "crew/_frame.html" if auth.caller().role is Role.CREW else "base.html"
