"""The wording of every message: facts in, subject and text out, in Chinese and English.

The words are in `letters/<locale>/<kind>.txt`: the first line is the subject, the rest the text. A new kind needs a
file in each locale; a new locale needs a folder and an entry in `LOCALES`. `digest.txt` puts several messages into one
letter. Knows no database and no channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schedules.transmissions import Letter

FOLDER = Path(__file__).parent / "letters"
WEEKDAYS = {"zh_CN": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
# What a letter may leave out: the templates ask for these before they use them.
OPTIONAL = ("reason", "before", "expected")
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


def text_of(message: Wording | Letter, *, locale: str | None = None) -> tuple[str, str]:
    """Subject and text of a message or of a letter, in its own language or the one given.

    A letter of one message reads as that message. One of several says how many there are and names the first, and
    gives each under its own subject; what reads the same is said once.
    """
    locale = _known(locale or message.locale)
    said = message.items if isinstance(message, Letter) else (message,)
    texts = list(dict.fromkeys(_rendered(f"{each.kind}.txt", _words(each.facts, locale), locale) for each in said))
    if len(texts) == 1:
        return texts[0]
    items = [{"subject": subject, "text": text} for subject, text in texts]
    return _rendered("digest.txt", {"number": len(items), "items": items}, locale)


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
    environment = Environment(
        loader=FileSystemLoader(FOLDER / locale),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text: whoever shows it as HTML escapes it there
    )
    filters: dict[str, Callable[..., str]] = {
        "clock": clock_in_words,
        "date": lambda day: date_in_words(date.fromisoformat(day), locale),
        "moment": lambda day, minutes: moment_in_words(date.fromisoformat(day), minutes, locale),
    }
    environment.filters.update(filters)
    return environment
