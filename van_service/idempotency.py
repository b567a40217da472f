"""Each POST with an Idempotency-Key happens once: the answer is kept in the transaction that did the work.

So there is no moment at which the work is stored and its answer is not. A repeated request gets the first answer;
the same key for something else is refused; while the first is still being worked on, the second is told to wait.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from flask import Response, g, request
from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from schedules.db import Base
from schedules.errors import Conflict, Refused
from van_service.accounts import Account

KEPT = timedelta(hours=24)
LONGEST_KEY = 200
HEADER = "Idempotency-Key"
# The headers of an answer that belong to it and not to the connection.
KEPT_HEADERS = ("Location", "ETag", "Content-Type")


class KeyReused(Refused):
    """This Idempotency-Key was used for something else; take a new one."""


class KeyInUse(Conflict):
    """The first request with this Idempotency-Key is still being worked on."""


class IdempotencyKey(Base):
    """A key that an account has used, what for, and what was answered."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    key: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[str | None]


def replay_or_begin(session: Session, account: Account, *, now: datetime) -> Response | None:
    """The first answer to this key, or None after claiming the key for the request at hand.

    Raises:
        KeyReused: the key stands for another request.
        KeyInUse: somebody else claims the key at this moment.
    """
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Refused(field=HEADER)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
    digest = _digest_of_request()
    mine = select(IdempotencyKey).where(IdempotencyKey.account_id == account.id, IdempotencyKey.key == key)
    found = session.scalar(mine)
    if found is not None:
        if found.digest != digest:
            raise KeyReused(field=HEADER)
        return Response(found.body, found.status, {**found.headers, "Idempotency-Replayed": "true"})
    g.idempotency_key = IdempotencyKey(account_id=account.id, key=key, digest=digest, created_at=now)
    session.add(g.idempotency_key)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        g.idempotency_key = None
        raise KeyInUse from None
    return None


def keep(response: Response) -> None:
    """Keep the answer beside the claimed key, if one was claimed; the caller commits both with the work."""
    claimed: IdempotencyKey | None = g.get("idempotency_key")
    if claimed is None:
        return
    claimed.status = response.status_code
    claimed.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    claimed.body = response.get_data(as_text=True)


def _digest_of_request() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data(cache=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
