"""The wording of letters that carry several messages: how many, which, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schedules.messages import LOCALES, text_of
from schedules.samples import SAMPLES
from schedules.samples import VISIT as SAMPLE
from schedules.transmissions import Item, Letter

VISIT = {**SAMPLE, "number": "2606-0012"}
OTHER = {**SAMPLE, "venue_zh": "南桥市场", "venue_en": "Nanqiao market", "number": "2606-0013"}


def letter(*items: tuple[str, dict], locale: str = "zh_CN") -> Letter:
    numbered = tuple(Item(number, kind, facts) for number, (kind, facts) in enumerate(items))
    return Letter("digest:1", "email", "lu@example.org", "陆燕", locale, numbered, datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_letter_of_one_message_reads_as_the_message(kind, locale):
    facts = SAMPLES[kind][0]
    one = letter((kind, facts), locale=locale)

    class Row:
        pass

    row = Row()
    row.kind, row.facts, row.locale = kind, facts, locale
    assert text_of(one) == text_of(row)


def test_a_digest_in_chinese_reads_as_written_here():
    assert text_of(letter(("request_accepted", VISIT), ("day_before", OTHER))) == (
        "2条通知：申请 2606-0012 已受理，另有1条",
        "1. 申请 2606-0012 已受理\n"
        "申请 2606-0012（杏园社区）已受理，正在等待排期。定下日期就通知你。\n\n"
        "2. 提醒：6月16日 周二 09:30 服务车到南桥市场\n"
        "巡回服务车（2号车）6月16日 周二 09:30 到南桥市场，11:30 结束。留好停车位、电源和场地；有变动尽早告诉我们。",
    )


def test_a_digest_in_english_says_how_many_more_there_are():
    subject, text = text_of(
        letter(*[("day_before", {**VISIT, "number": str(n), "starts": n}) for n in (1, 2, 3)], locale="en")
    )
    first = "Reminder: Xingyuan community, Tue 16 June, 00:01"
    assert subject == f"3 messages: {first}, and 2 more"
    assert text.startswith(f"1. {first}\nThe service van")
    assert "\n\n2. Reminder" in text
    assert "\n\n3. Reminder" in text
    assert text.isascii()


@pytest.mark.parametrize("locale", LOCALES)
def test_what_two_people_of_one_address_are_both_told_is_said_once(locale):
    twice = letter(("day_before", VISIT), ("day_before", VISIT), locale=locale)
    assert text_of(twice) == text_of(letter(("day_before", VISIT), locale=locale))
    subject, text = text_of(letter(("day_before", VISIT), ("day_before", VISIT), ("day_before", OTHER), locale=locale))
    assert subject.startswith("2")
    assert "3. " not in text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_digest_of_everything_keeps_its_form(locale):
    items = [(kind, facts) for kind, samples in SAMPLES.items() for facts in samples]
    subject, text = text_of(letter(*items, locale=locale))
    headings = [
        line for line in text.splitlines() if line.partition(". ")[0].isdigit() and line.startswith(tuple("123456789"))
    ]
    assert "\n" not in subject
    assert "\n\n\n" not in text
    assert len(subject) <= 100
    assert len(headings) >= len(SAMPLES)


def test_a_digest_may_be_asked_for_in_the_other_language():
    assert text_of(letter(("day_before", VISIT), ("day_before", OTHER)), locale="en")[0].startswith("2 messages: ")
