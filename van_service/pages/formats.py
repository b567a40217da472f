"""How days, times and numbers are written in each language. Pure functions of a value and the locale in force.

Registered as template filters by `van_service.pages`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import gettext, ngettext

from schedules import calendar
from schedules.contacts import masked_phone
from van_service.languages import day_in_words, language

THIN_SPACE = "\u2009"
_WEEKDAYS_ZH = "一二三四五六日"


def is_chinese() -> bool:
    """Whether the page is written in Chinese."""
    return language() == "zh_CN"


def weekday(day: date) -> str:
    """周二, Tue."""
    return f"周{_WEEKDAYS_ZH[day.weekday()]}" if is_chinese() else f"{day:%a}"


def date_only(day: date) -> str:
    """6月16日, 16 June."""
    return f"{day.month}月{day.day}日" if is_chinese() else f"{day.day} {day:%B}"


def day(day: date) -> str:
    """6月16日 周二, Tue 16 June."""
    return day_in_words(day)


def full_day(day: date) -> str:
    """2026年6月16日 周二, Tue 16 June 2026."""
    return (
        f"{day.year}年{date_only(day)} {weekday(day)}"
        if is_chinese()
        else f"{weekday(day)} {date_only(day)} {day.year}"
    )


def clock(minutes: int) -> str:
    """Minutes after midnight as 09:30."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def span(opens: int, closes: int) -> str:
    """09:30–11:30."""
    return f"{clock(opens)}–{clock(closes)}"


def duration(minutes: int) -> str:
    """90 分钟, 90 min."""
    return str(gettext("%(number)s min", number=number(minutes)))


def long_duration(minutes: int) -> str:
    """4 小时 26 分, 4 h 26 min; up to 90 minutes as `duration`."""
    if minutes <= 90:
        return duration(minutes)
    return str(gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60))


def number(value: float, digits: int = 0) -> str:
    """18 406 with a thin space in Chinese, 18,406 in English."""
    text = f"{value:,.{digits}f}"
    return text.replace(",", THIN_SPACE) if is_chinese() else text


def percent(share: float, digits: int = 1) -> str:
    """0.042 as 4.2%."""
    return f"{share * 100:.{digits}f}%"


def signed(value: float) -> str:
    """+38, −15 with a true minus sign."""
    return ("+" if value > 0 else "−" if value < 0 else "±") + number(abs(value))


def local_time(at: datetime) -> str:
    """An instant's local wall clock, 14:02."""
    return clock(calendar.local_minutes(at))


def moment(at: datetime) -> str:
    """An instant's local day and time, 6月16日 14:02."""
    return f"{date_only(calendar.local_day(at))} {local_time(at)}"


def local_date(at: datetime) -> date:
    """An instant's local day."""
    return calendar.local_day(at)


def ago(days: int) -> str:
    """41 天, 41 days."""
    return str(ngettext("%(num)s day", "%(num)s days", days))


def localized(row: Any, field: str = "name") -> str:
    """The Chinese or the English words of a row with `..._zh` and `..._en`; the other where one is missing."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return getattr(row, f"{field}_{first}") or getattr(row, f"{field}_{second}") or ""


def listed(words: list[str]) -> str:
    """食品快检、消费科普; Food test, consumer education."""
    return ("、" if is_chinese() else ", ").join(words)


FILTERS: dict[str, Callable[..., Any]] = {
    "weekday": weekday,
    "date_only": date_only,
    "day": day,
    "full_day": full_day,
    "clock": clock,
    "duration": duration,
    "long_duration": long_duration,
    "number": number,
    "percent": percent,
    "signed": signed,
    "local_time": local_time,
    "local_date": local_date,
    "moment": moment,
    "ago": ago,
    "localized": localized,
    "listed": listed,
    "masked": masked_phone,
}
