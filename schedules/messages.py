"""The wording of every message: facts in, subject and text out, in Chinese and English.

The words are in `letters/<locale>/<kind>.txt`: the first line is the subject, the rest the text. A new kind needs a
file in each locale; a new locale needs a folder and an entry in `LOCALES`. `digest.txt` puts several messages into one
letter. Knows no database and no channel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schedules.samples import SAMPLES
from schedules.transmissions import Letter, Text

FOLDER = Path(__file__).parent / "letters"
WEEKDAYS = {"zh_CN": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
# What a letter may leave out: the templates ask for these before they use them.
OPTIONAL = ("reason", "before", "expected")
INTERNAL = re.compile(r"_(zh|en|id|state)$|^(turn|versions)$")
"""Facts that a text has no use for."""
# Reasons that use cases give as a code; the others were written by people and stand as they are.
REASONS: Mapping[str, Mapping[str, str]] = {
    "replanned": {"zh_CN": "排班调整", "en": "the plan has changed"},
    "withdrawn": {"zh_CN": "申请已撤回", "en": "the request was withdrawn"},
    "van_out": {"zh_CN": "服务车停驶", "en": "the van is out of service"},
    "crew_ill": {"zh_CN": "随车人员请病假", "en": "a member of the crew is ill"},
    "town_cancels": {"zh_CN": "你们提出取消", "en": "you called it off"},
    "venue_closed": {"zh_CN": "场所关闭", "en": "the venue is closed"},
    "heat": {"zh_CN": "高温天气", "en": "heat"},
    "storm": {"zh_CN": "暴雨或大风天气", "en": "a storm"},
    "crew_late": {"zh_CN": "前一站延误，车赶不到", "en": "the van is held up and cannot make it"},
}


class Wording(Protocol):
    """What a text is made of: a row of the outbox, or what looks like one."""

    @property
    def kind(self) -> str: ...
    @property
    def facts(self) -> dict[str, Any]: ...
    @property
    def locale(self) -> str: ...


def text_of(message: Wording | Letter, *, locale: str | None = None, own: Text | None = None) -> Text:
    """Subject and text of a message or of a letter, in its own language or the one given.

    A letter of one message reads as that message. One of several says how many there are and names the first, and
    gives each under its own subject; what reads the same is said once. A letter's items bring the coordinators' own
    wordings with them; for a message `own` is that wording, found by `schedules.wordings`.
    """
    locale = _known(locale or message.locale)
    if isinstance(message, Letter):
        texts = list(dict.fromkeys(_worded(each.kind, each.facts, locale, each.wording) for each in message.items))
    else:
        texts = [_worded(message.kind, message.facts, locale, own)]
    if len(texts) == 1:
        return texts[0]
    items = [{"subject": subject, "text": text} for subject, text in texts]
    return _rendered("digest.txt", {"number": len(items), "items": items}, locale)


def preview(kind: str, locale: str, text: Text | None = None) -> list[Text]:
    """Subject and text of every sample of a kind, by the wording that came with the product or the one given.

    Raises jinja2's TemplateError, TypeError or ValueError for a wording that cannot be made into a letter.
    """
    locale = _known(locale)
    words = [_words(facts, locale) for facts in SAMPLES[kind]]
    if text is None:
        return [_rendered(f"{kind}.txt", each, locale) for each in words]
    return [_rendered_own(text, each, locale) for each in words]


def default_wording(kind: str, locale: str) -> Text:
    """The wording that came with the product, as a template: its first line, and the rest."""
    subject, _, body = (FOLDER / _known(locale) / f"{kind}.txt").read_text("utf-8").partition("\n")
    return subject.strip(), body.strip()


def parsed(template: str, locale: str) -> nodes.Template:
    """The template as a tree, for whoever judges it. Raises TemplateSyntaxError."""
    environment = _environment(_known(locale))
    environment.compile(template)  # names that no filter has are found only here
    return environment.parse(template)


def placeholders(kind: str, locale: str) -> frozenset[str]:
    """The names that a wording of this kind may use: known of every such message, and of some not empty."""
    words = [_words(facts, _known(locale)) for facts in SAMPLES[kind]]
    known = frozenset.intersection(*(frozenset(each) for each in words))
    return frozenset(name for name in known if not INTERNAL.search(name) and any(each[name] for each in words))


def date_in_words(day: date, locale: str) -> str:
    """6月16日 周二, or Tue 16 June."""
    if _known(locale) == "zh_CN":
        return f"{day.month}月{day.day}日 周{WEEKDAYS['zh_CN'][day.weekday()]}"
    return f"{WEEKDAYS['en'][day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def moment_in_words(day: date, minutes: int, locale: str) -> str:
    """6月16日 周二 09:30, or Tue 16 June, 09:30."""
    comma = "" if _known(locale) == "zh_CN" else ","
    return f"{date_in_words(day, locale)}{comma} {clock_in_words(minutes)}"


def clock_in_words(minutes: int) -> str:
    """09:30 of 570 minutes after midnight."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


LOCALES: Mapping[str, str] = {"zh_CN": "zh", "en": "en"}
"""Each locale with the ending of the facts written in it (`venue_zh`)."""


def _worded(kind: str, facts: Mapping[str, Any], locale: str, own: Text | None) -> Text:
    """One message; where an own wording fails on facts that it was not tried with, the product's own is sent."""
    words = _words(facts, locale)
    if own is not None:
        with suppress(TemplateError, TypeError, ValueError):
            return _rendered_own(own, words, locale)
    return _rendered(f"{kind}.txt", words, locale)


def _rendered_own(text: Text, words: Mapping[str, Any], locale: str) -> Text:
    subject, body = (_compiled(part, locale).render(words) for part in text)
    return " ".join(subject.split()), body.strip()


@lru_cache(maxsize=256)
def _compiled(template: str, locale: str) -> Template:
    return _environment(locale).from_string(template)


def _rendered(template: str, words: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Subject and text: the first line of what a template gives, and the rest."""
    subject, _, text = _environment(locale).get_template(template).render(words).partition("\n")
    return " ".join(subject.split()), text.strip()


def _known(locale: str) -> str:
    """The locale, or Chinese for one there are no letters in."""
    return locale if locale in LOCALES else "zh_CN"


def _words(facts: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """The facts as a template wants them: names in its language, and what may be missing present as nothing."""
    words = dict.fromkeys(OPTIONAL) | _named(facts, locale)
    if reason := words["reason"]:
        said = REASONS.get(reason, {}).get(locale, reason)
        words["reason"] = " ".join(said.split()).rstrip("。.;；")
    before = facts.get("before") or {}
    words["same_time"] = bool(before) and all(before.get(name) == facts.get(name) for name in ("day", "starts"))
    words["waits"] = facts.get("request_state") == "accepted"
    words["stops"] = [_named(stop, locale) for stop in facts.get("stops", ())]
    return words


def _named(facts: Mapping[str, Any], locale: str) -> dict[str, Any]:
    ending = LOCALES[locale]
    names = {name: facts[f"{name}_{ending}"] for name in ("venue", "town") if f"{name}_{ending}" in facts}
    return {**facts, **names}


@cache
def _environment(locale: str) -> Environment:
    """A sandbox, because coordinators may write the letters of their kinds anew."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER / locale),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda word: "" if word is None else word,
        autoescape=False,  # plain text: whoever shows it as HTML escapes it there
    )
    filters: dict[str, Callable[..., str]] = {
        "clock": clock_in_words,
        # `str` makes a name that is not there say so, instead of any other error
        "date": lambda day: date_in_words(date.fromisoformat(str(day)), locale),
        "moment": lambda day, minutes: moment_in_words(date.fromisoformat(str(day)), minutes, locale),
    }
    environment.filters.update(filters)
    return environment
