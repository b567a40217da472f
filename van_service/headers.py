"""The headers every answer carries: what a browser may load, from where, and what it may keep."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response

from van_service.settings import Settings


def prepare(app: Flask, settings: Settings) -> None:
    """Put the headers on whatever the app answers."""
    policy = content_security_policy(settings.tile_url)

    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        # The crew's phone may show where it is; nothing else of a device is used.
        headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
        if settings.session_cookie_secure:  # served by https, so never ask by http again
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        # Offices share computers: after signing out, the way back must not show what was there.
        headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add)


def content_security_policy(tile_url: str) -> str:
    """Everything from here and no inline script; pictures also from where the map tiles are, if anywhere."""
    pictures = " ".join(filter(None, ["'self'", "data:", tile_origin(tile_url)]))
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",  # the board places blocks by custom properties
            f"img-src {pictures}",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def tile_origin(tile_url: str) -> str:
    """Scheme and host of the tile address; a `{s}` for the subdomain becomes the policy's wildcard."""
    parts = urlsplit(tile_url)
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.scheme and parts.netloc else ""
