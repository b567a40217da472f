"""The coordinators' own wordings of messages: found, tried on every sample of the kind, kept, taken back.

A wording is a small template: names in double braces, the filters `clock`, `date` and `moment`, `if`, and `for` over
the stops of a tour. Nothing else of the template language is allowed, so that no wording can do anything but word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from sqlalchemy import select
from sqlalchemy.orm import Session

from schedules import audit, messages
from schedules.errors import (
    BadLetter,
    BadPlaceholder,
    BadText,
    ChangedMeanwhile,
    Missing,
    NotFound,
    Refused,
    TextTooLong,
    refuse_all,
)
from schedules.models import LetterText
from schedules.rulebook import DEFAULTS, transaction_of
from schedules.transmissions import Text
from schedules.wishes import is_printable

LONGEST_SUBJECT = 400
LONGEST_BODY = 4000
LONGEST_SUBJECT_READ = 120
LONGEST_BODY_READ = 2000
"""What a letter may come to, written from a sample."""
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If, nodes.For,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.Getattr, nodes.Getitem,
)  # fmt: skip
FILTERS = frozenset({"clock", "date", "moment", "length"})
QUOTED = re.compile(r"'([^']*)'")

_CACHE = "letter_texts"


@dataclass(frozen=True, slots=True)
class Wording:
    """The wording in force of one kind in one language; `version` is 0 of the one that came with the product."""

    kind: str
    locale: str
    subject: str
    body: str
    version: int = 0

    @property
    def own(self) -> bool:
        """Whether coordinators have written it."""
        return self.version > 0

    @property
    def placeholders(self) -> list[str]:
        """The names that it may use."""
        return sorted(messages.placeholders(self.kind, self.locale))


def wording_of(session: Session, kind: str, locale: str) -> Text | None:
    """The coordinators' own wording, or None; read once in a transaction."""
    transaction, found = session.info.get(_CACHE, (None, {}))
    if transaction is None or transaction is not transaction_of(session):
        found = {(row.kind, row.locale): (row.subject, row.body) for row in session.scalars(select(LetterText))}
        session.info[_CACHE] = (transaction_of(session), found)
    text: Text | None = found.get((kind, locale))
    return text


def text_of(session: Session, message: messages.Wording, *, locale: str | None = None) -> Text:
    """Subject and text of a message by the wording in force, in its own language or the one given."""
    locale = locale or message.locale
    return messages.text_of(message, locale=locale, own=wording_of(session, message.kind, locale))


def get_wording(session: Session, kind: str, locale: str) -> Wording:
    """The wording in force. Raises NotFound for a kind or language that there are no letters of."""
    _refuse_unknown(kind, locale)
    row = session.get(LetterText, (kind, locale))
    if row is not None:
        return Wording(kind, locale, row.subject, row.body, row.version)
    return Wording(kind, locale, *messages.default_wording(kind, locale))


def list_wordings(session: Session) -> list[Wording]:
    """The wordings in force of every kind in every language."""
    return [get_wording(session, kind, locale) for kind in DEFAULTS for locale in messages.LOCALES]


def try_wording(kind: str, locale: str, subject: str, body: str) -> list[Text]:
    """Subject and text of every sample by this wording.

    Raises:
        NotFound: there are no letters of this kind or language.
        Refused: `subject` or `body` cannot be used; several problems come as one Invalid.
    """
    _refuse_unknown(kind, locale)
    problems = [*_bad_template(kind, locale, "subject", subject), *_bad_template(kind, locale, "body", body)]
    refuse_all(problems)
    written = messages.preview(kind, locale, (subject, body))
    refuse_all(list(_bad_letters(written)))
    return written


def change_wording(
    session: Session, kind: str, locale: str, *, subject: str, body: str, version: int | None, actor: str, now: datetime
) -> Wording:
    """Word a kind anew in one language; what waits to be sent is worded so too.

    `version` is the one that was read (0 of the product's own), None where any will do.

    Raises:
        ChangedMeanwhile: somebody else has changed it.
        NotFound, Refused: as `try_wording`.
    """
    present = get_wording(session, kind, locale)
    if version not in (None, present.version):
        raise ChangedMeanwhile(version=present.version)
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    try_wording(kind, locale, subject, body)
    if present.own and (subject, body) == (present.subject, present.body):
        return present
    row = session.get(LetterText, (kind, locale))
    if row is None:
        row = LetterText(kind=kind, locale=locale)
        session.add(row)
    row.subject, row.body, row.changed_by = subject, body, actor
    row.touch(now)
    session.flush()
    session.info.pop(_CACHE, None)
    before = {"subject": present.subject, "body": present.body}
    _record(session, "changed", row, before, {"subject": subject, "body": body}, actor=actor, now=now)
    return get_wording(session, kind, locale)


def restore_wording(
    session: Session, kind: str, locale: str, *, version: int | None, actor: str, now: datetime
) -> Wording:
    """Go back to the wording that came with the product. Raises NotFound and ChangedMeanwhile as `change_wording`."""
    present = get_wording(session, kind, locale)
    if version not in (None, present.version):
        raise ChangedMeanwhile(version=present.version)
    row = session.get(LetterText, (kind, locale))
    if row is not None:
        _record(session, "restored", row, {"subject": row.subject, "body": row.body}, {}, actor=actor, now=now)
        session.delete(row)
        session.flush()
        session.info.pop(_CACHE, None)
    return get_wording(session, kind, locale)


def _record(
    session: Session,
    verb: str,
    row: LetterText,
    before: dict[str, str],
    after: dict[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    audit.record(
        session,
        actor=actor,
        now=now,
        verb=verb,
        noun="letter_text",
        noun_id=f"{row.kind}/{row.locale}",
        before=before,
        after=after,
    )


def _refuse_unknown(kind: str, locale: str) -> None:
    if kind not in DEFAULTS or locale not in messages.LOCALES:
        raise NotFound(noun="letter_text", id=f"{kind}/{locale}")


# What a wording may hold ----------------------------------------------------------------------------------------------


def _bad_template(kind: str, locale: str, field: str, text: str) -> Iterator[Refused]:
    most = LONGEST_SUBJECT if field == "subject" else LONGEST_BODY
    if not text.strip():
        yield Missing(field=field)
    elif len(text) > most:
        yield TextTooLong(field=field, most=most, given=len(text))
    elif not is_printable(text) or (field == "subject" and "\n" in text):
        yield BadText(field=field)
    else:
        yield from _bad_language(kind, locale, field, text)


def _bad_language(kind: str, locale: str, field: str, text: str) -> Iterator[Refused]:
    try:
        tree = messages.parsed(text, locale)
    except TemplateSyntaxError as trouble:
        yield BadLetter(field=field, line=trouble.lineno)
        return
    forbidden = next((word for node in _nodes(tree) if (word := _forbidden(node))), None)
    unknown = sorted(meta.find_undeclared_variables(tree) - messages.placeholders(kind, locale))
    if unknown:
        yield BadPlaceholder(field=field, name=unknown[0], known=sorted(messages.placeholders(kind, locale)))
    elif forbidden is not None:
        yield BadLetter(field=field, given=forbidden)
    else:
        yield from _failing(kind, locale, field, text)


def _failing(kind: str, locale: str, field: str, text: str) -> Iterator[Refused]:
    """What goes wrong on the samples: a name that is there only sometimes, a filter on what it cannot word."""
    try:
        messages.preview(kind, locale, (text, text))
    except UndefinedError as trouble:
        names = QUOTED.findall(str(trouble))
        yield BadPlaceholder(field=field, name=names[-1] if names else "")
    except (TemplateError, TypeError, ValueError) as trouble:
        yield BadLetter(field=field, given=type(trouble).__name__)


def _nodes(tree: nodes.Template) -> Iterator[nodes.Node]:
    yield tree
    yield from tree.find_all(nodes.Node)


def _forbidden(node: nodes.Node) -> str | None:
    """What of the template language a wording may not use, in its word; None where a node is harmless."""
    if not isinstance(node, ALLOWED):
        return type(node).__name__.lower()
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return str(node.name)
    if isinstance(node, nodes.For):
        harmless = isinstance(node.iter, nodes.Name) and not node.recursive
        inner = any(node.find_all(nodes.For))
        return None if harmless and not inner else "for"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return str(node.attr)
    return None


def _bad_letters(written: list[Text]) -> Iterator[Refused]:
    """A wording that leaves a letter empty or endless in one of the cases."""
    for field, most, texts in (
        ("subject", LONGEST_SUBJECT_READ, [subject for subject, _ in written]),
        ("body", LONGEST_BODY_READ, [body for _, body in written]),
    ):
        if not all(texts):
            yield BadLetter(field=field, given="empty")
        elif max(map(len, texts)) > most:
            yield TextTooLong(field=field, most=most, given=max(map(len, texts)))
