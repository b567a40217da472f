"""Who is calling, and may they: sessions, bearer tokens, CSRF and the guards that stand before every endpoint.

A blueprint is registered beside its guard (`register`), so that none can be forgotten: a test compares the two lists.
Flask-Login is used nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from schedules.errors import Forbidden, Missing
from van_service import accounts, idempotency
from van_service.accounts import Account, Role
from van_service.clock import utc_now
from van_service.errors import NotSignedIn
from van_service.extensions import csrf, db, login
from van_service.settings import Settings

Guard = Callable[[], ResponseReturnValue | None]
View = TypeVar("View", bound=Callable[..., Any])

SIGN_IN_PAGE = "/login"
HOMES = {Role.TOWN: "/town", Role.CREW: "/crew", Role.COORDINATOR: "/desk"}

# A sign-in's last sign of life is written at most this often, so that not every answer carries a cookie.
SECONDS_BETWEEN_SIGNS = 30

ASKED_BY_PAGES = frozenset({"desk.news"})
"""Endpoints that open pages ask by themselves again and again: no sign that anybody sits there."""


def register(app: Flask, blueprint: Blueprint, guard: Guard, *, by: Any = None) -> None:
    """Register a blueprint with the guard that stands before each of its endpoints.

    `by` registers it (a flask-smorest Api); the app does where nothing else is given.
    """
    (by or app).register_blueprint(blueprint)
    app.before_request_funcs.setdefault(blueprint.name, []).append(guard)
    app.extensions["guards"][blueprint.name] = guard


def prepare(app: Flask) -> None:
    """Let Flask-Login find accounts, and end sign-ins that lay idle before any guard looks."""
    app.extensions["guards"] = {}
    # The guards check the token themselves, after they know whether a bearer token makes it needless.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    login.session_protection = None
    login.init_app(app)
    login.user_loader(_account_of_session)
    login.request_loader(_account_of_bearer)
    app.before_request(_end_idle_sign_in)


# Who is calling


def current_account() -> Account | None:
    """The account signed in by session or bearer token."""
    account: Account | None = current_user._get_current_object() if current_user.is_authenticated else None
    return account


def caller() -> Account:
    """The account behind this request, where a guard has made sure of one."""
    account = current_account()
    if account is None:
        raise NotSignedIn
    return account


def actor() -> str:
    """How audit rows name the caller."""
    return caller().username


def current_town_id() -> int | None:
    """The only town whose data the caller may see; None for those who may see every town's."""
    account = caller()
    if account.role is Role.TOWN:
        return account.town_id
    return None


def current_crew_member_id() -> int | None:
    """The crew member whose shifts alone the caller may see; None for those who may see every shift."""
    account = caller()
    return account.crew_member_id if account.role is Role.CREW else None


def town_meant(named: int | None) -> int:
    """The town that the caller acts for: a town's office for its own, a coordinator for the one named.

    Raises:
        Forbidden: a town's office names another town.
        Missing: a coordinator names none.
    """
    own = current_town_id()
    if own is not None and named not in (None, own):
        raise Forbidden(field="town_id")
    town_id = own or named
    if town_id is None:
        raise Missing(field="town_id")
    return town_id


def open_sign_in(account: Account) -> None:
    """Begin a session of this account; whatever an unknown caller had in the session is dropped but the language."""
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    login_user(account)
    session["seen"] = utc_now().timestamp()


def close_sign_in() -> None:
    """End the session of this browser."""
    language = session.get("locale")
    logout_user()
    session.clear()
    if language:
        session["locale"] = language


# Guards: each answers None (pass), a response, or raises


def public() -> None:
    """Anybody; what changes something still needs the CSRF token."""
    csrf.protect()


def signed_in() -> ResponseReturnValue | None:
    """Any account, on a page; others are sent to the sign-in page."""
    return _page_guard(*Role)


def town_only() -> ResponseReturnValue | None:
    """A town's office, on a page."""
    return _page_guard(Role.TOWN)


def crew_only() -> ResponseReturnValue | None:
    """A crew member, on a page."""
    return _page_guard(Role.CREW)


def coordinator_only() -> ResponseReturnValue | None:
    """A coordinator, on a page."""
    return _page_guard(Role.COORDINATOR)


def staff_only() -> ResponseReturnValue | None:
    """A coordinator or a crew member, on a page."""
    return _page_guard(Role.COORDINATOR, Role.CREW)


def roles_of_endpoint() -> ResponseReturnValue | None:
    """The API's guard: the roles named by `for_roles` on the view itself. A view that names none lets nobody in.

    Lets a POST that was answered before under its Idempotency-Key have that answer again.
    """
    account = caller()
    if not g.get("by_bearer", False):
        csrf.protect()
    view = current_app.view_functions[request.endpoint or ""]
    if account.role not in getattr(view, "allowed_roles", ()):
        raise Forbidden
    return idempotency.replay_or_begin(db.session, account, now=utc_now())


def for_roles(*roles: Role) -> Callable[[View], View]:
    """Say which roles may call a view of the API."""

    def mark(view: View) -> View:
        view.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def _page_guard(*roles: Role) -> ResponseReturnValue | None:
    account = current_account()
    if account is None:
        return _to_sign_in()
    csrf.protect()
    if account.role not in roles:
        raise Forbidden
    return None


def _to_sign_in() -> ResponseReturnValue:
    """The way to the sign-in page and back; htmx follows a header, since it would swap in what a redirect leads to."""
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    place = f"{SIGN_IN_PAGE}?next={quote(back)}"
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": SIGN_IN_PAGE})
    return redirect(place)


# What Flask-Login asks


def _account_of_session(session_id: str) -> Account | None:
    account_id, _, generation = session_id.partition(":")
    account = db.session.get(Account, int(account_id)) if account_id.isdigit() else None
    if account is None or not account.active or str(account.sign_in_generation) != generation:
        return None
    g.account_id = account.id
    return account


def _account_of_bearer(_request: Any) -> Account | None:
    """Only the API knows tokens: a page is called by a browser, which has a session."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not request.path.startswith("/api/"):
        return None
    account = accounts.account_of_token(db.session, token.strip(), now=utc_now())
    if account is not None:
        g.by_bearer, g.account_id = True, account.id
    return account


def _end_idle_sign_in() -> None:
    if "_user_id" not in session:
        return
    moment = utc_now().timestamp()
    silence = moment - float(session.setdefault("seen", moment))
    limits: Settings = current_app.extensions["settings"]
    if silence > limits.idle_minutes * 60 and not (_is_crew() and silence <= limits.crew_idle_minutes * 60):
        close_sign_in()
    elif silence > SECONDS_BETWEEN_SIGNS and request.endpoint not in ASKED_BY_PAGES:
        session["seen"] = moment


def _is_crew() -> bool:
    """A session at a venue takes hours, and the crew's phone must still answer; asked only of the long silent."""
    account = current_account()
    return account is not None and account.role is Role.CREW
