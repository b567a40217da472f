"""Floor 3 and the composition root: what talks HTTP, HTML or terminal.

`create_app` binds settings, extensions, blueprints with their guards, errors and commands together. It starts no
scheduler and no planning: those are processes of their own (`flask scheduler run`, `flask plan runner`).
"""

from __future__ import annotations

from flask import Flask

from schedules import calendar
from van_service.clock import system_clock
from van_service.extensions import babel, csrf, db, login, migrate
from van_service.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The application for these settings."""
    calendar.use_zone(settings.time_zone)
    app = Flask(__name__, instance_path=str(settings.instance_path))
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=settings.max_body_kilobytes * 1024,
        BABEL_DEFAULT_LOCALE=settings.default_locale,
    )
    app.extensions["settings"] = settings
    app.extensions["clock"] = system_clock
    db.init_app(app)
    migrate.init_app(app, db, directory="schedules/migrations", render_as_batch=True)
    csrf.init_app(app)
    login.init_app(app)
    babel.init_app(app)
    return app
