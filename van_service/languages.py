"""Which language a caller reads: Simplified Chinese first, English complete."""

from __future__ import annotations

from datetime import date

from flask import Flask, current_app, has_request_context, request, session
from flask_babel import get_locale
from sqlalchemy.exc import SQLAlchemyError

from van_service.auth import current_account
from van_service.extensions import babel
from van_service.settings import Settings

LANGUAGES = ("zh_CN", "en")


def prepare(app: Flask, settings: Settings) -> None:
    """Let Flask-Babel ask us for the language and the time zone."""
    app.config["BABEL_DEFAULT_LOCALE"] = settings.default_locale
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.time_zone
    babel.init_app(app, locale_selector=language_of_caller)
    app.jinja_env.globals["language"] = language


def language_of_caller() -> str:
    """`?lang=`, else the account's, else the choice kept in the session, else what the browser asks for."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    for choice in (request.args.get("lang"), _language_of_account(), session.get("locale")):
        if choice in LANGUAGES:
            return choice
    return request.accept_languages.best_match(LANGUAGES) or default


def _language_of_account() -> str | None:
    """Also asked while an error is put into words, so a database that is away must not break it."""
    try:
        account = current_account()
        return account.locale if account is not None else None
    except SQLAlchemyError:
        return None


def language() -> str:
    """The language this answer is written in, as `zh_CN` or `en`."""
    return "zh_CN" if str(get_locale() or "zh_CN").startswith("zh") else "en"


def named(row: object) -> str:
    """A row's name in the language of this answer (`name_zh` or `name_en`)."""
    return str(getattr(row, "name_zh" if language() == "zh_CN" else "name_en"))


def day_in_words(day: date) -> str:
    """6月16日 周二, Tue 16 June."""
    if language() == "zh_CN":
        return f"{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]}"
    return f"{day:%a} {day.day} {day:%B}"
