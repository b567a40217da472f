"""Floor 3 and the composition root: what talks HTTP, HTML or terminal.

`create_app` binds settings, extensions, blueprints with their guards, errors and commands together. It starts no
scheduler and no planning: those are processes of their own (`flask scheduler run`, `flask plan runner`).
"""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from schedules import audit, calendar, recipients
from van_service import (
    api,
    assets,
    auth,
    calendar_feed,
    commands,
    errors,
    headers,
    health,
    languages,
    logs,
    pages,
    staff,
)
from van_service.clock import system_clock
from van_service.extensions import db, migrate
from van_service.pages import crew, desk, feeds, preferences, sign_in, town_changes, town_offers, towns
from van_service.settings import Settings
from van_service.ways import ways_of


def create_app(settings: Settings) -> Flask:
    """The application for these settings."""
    calendar.use_zone(settings.time_zone)
    ways = ways_of(settings)
    recipients.use_channels(ways.names)
    recipients.use_staff(staff.coordinators, staff.phone_of)
    app = Flask(__name__, instance_path=str(settings.instance_path))
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # An error's text must not carry names and phone numbers into the logs.
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},
        MAX_CONTENT_LENGTH=settings.max_body_kilobytes * 1024,
        SESSION_COOKIE_NAME="van_service",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.session_cookie_secure,
    )
    if settings.trusted_proxies:
        # Else whoever signs in wrongly behind the proxy would lock everybody out who comes through it.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["settings"] = settings
    app.extensions["clock"] = system_clock
    app.extensions["ways"] = ways
    db.init_app(app)
    migrate.init_app(app, db, directory="schedules/migrations", render_as_batch=True)
    logs.prepare(app, settings)
    auth.prepare(app)
    languages.prepare(app, settings)
    headers.prepare(app, settings)
    assets.prepare(app)
    errors.prepare(app)
    app.before_request(_say_where_from)
    pages.init_app(app)
    _register_blueprints(app)
    commands.prepare(app)
    return app


def _say_where_from() -> None:
    """Audit rows written while this request runs name its address."""
    audit.origin.set(request.remote_addr)


def _register_blueprints(app: Flask) -> None:
    """Every blueprint beside its guard."""
    auth.register(app, assets.blueprint, auth.public)
    auth.register(app, health.blueprint, auth.public)
    auth.register(app, calendar_feed.blueprint, auth.public)
    api.prepare(app)
    auth.register(app, sign_in.blueprint, auth.public)
    auth.register(app, preferences.blueprint, auth.signed_in)
    auth.register(app, towns.blueprint, auth.town_only)
    auth.register(app, town_offers.blueprint, auth.town_only)
    auth.register(app, town_changes.blueprint, auth.town_only)
    auth.register(app, feeds.town_blueprint, auth.town_only)
    auth.register(app, crew.blueprint, auth.crew_only)
    auth.register(app, feeds.crew_blueprint, auth.crew_only)
    auth.register(app, desk.blueprint, auth.coordinator_only)
