"""The addresses of calendar feeds as people and programs use them, in both spellings."""

from __future__ import annotations

from flask import url_for


def address_of(token: str) -> str:
    """Where a feed is read, whole, as a person copies it."""
    return url_for("calendar_feed.read", token=token, _external=True)


def webcal_of(address: str) -> str:
    """The same for a calendar to open by itself: its program takes addresses that begin so for subscriptions."""
    return f"webcal://{address.partition('://')[2]}"
