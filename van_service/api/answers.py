"""How views of the API end, and what they ask of headers: commit and dump, pages, ETags and If-Match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema

from schedules.errors import ChangedMeanwhile
from van_service import idempotency
from van_service.errors import PreconditionRequired
from van_service.extensions import db


def committed(schema: Schema, row: Any, status: int = 200, *, location: str | None = None) -> Response:
    """Commit the work together with its answer, so that neither can be kept without the other."""
    db.session.flush()
    response = jsonify(schema.dump(row))
    response.status_code = status
    if location is not None:
        response.headers["Location"] = location
    response.headers.update(etag(row))
    idempotency.keep(response)
    db.session.commit()
    return response


def committed_nothing() -> Response:
    """Commit and answer 204."""
    response = Response(status=204)
    idempotency.keep(response)
    db.session.commit()
    return response


def page_of(rows: Sequence[Any], limit: int) -> dict[str, Any]:
    """One page out of `limit + 1` rows: the last one only shows that there is a next page."""
    items = list(rows[:limit])
    return {"items": items, "next": items[-1].id if len(rows) > limit else None}


def etag(row: Any) -> dict[str, str]:
    """The ETag header of a row that two people may edit; none for others."""
    version = getattr(row, "version", None)
    return {} if version is None else {"ETag": f'"{version}"'}


def version_to_change(*, needed: bool = True) -> int | None:
    """The version that the caller has read, from If-Match; None where any will do.

    Raises:
        PreconditionRequired: the header is needed and missing.
        ChangedMeanwhile: the header holds something that never was an ETag of ours.
    """
    if "If-Match" not in request.headers:
        if needed:
            raise PreconditionRequired(field="If-Match")
        return None
    if request.if_match.star_tag:
        return None
    tags = [tag for tag in request.if_match.as_set() if tag.isascii() and tag.isdigit() and len(tag) < 10]
    if len(tags) != 1:
        raise ChangedMeanwhile(field="If-Match")
    return int(tags[0])


def refuse_if_changed(row: Any) -> None:
    """Raise ChangedMeanwhile where the caller names a version and the row has moved on."""
    version = version_to_change(needed=False)
    if version not in (None, row.version):
        raise ChangedMeanwhile(field="If-Match", version=row.version)
