"""The wording: both languages complete, short, dated in the reader's way."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from jinja2 import meta

from schedules.messages import FOLDER, LOCALES, _environment, clock_in_words, date_in_words, moment_in_words, text_of
from schedules.rulebook import DEFAULTS
from schedules.samples import SAMPLES, VISIT

TUESDAY = date(2026, 6, 16)
VARIANTS = [(kind, facts) for kind, samples in SAMPLES.items() for facts in samples]


def letter(kind: str, facts: dict, locale: str = "zh_CN") -> SimpleNamespace:
    return SimpleNamespace(kind=kind, facts=facts, locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_has_a_letter_in_every_language_and_no_letter_is_without_a_kind(locale):
    assert {path.stem for path in (FOLDER / locale).iterdir()} == {*DEFAULTS, "digest"}
    assert set(SAMPLES) == set(DEFAULTS)


def test_no_language_has_a_folder_nobody_knows():
    assert {path.name for path in FOLDER.iterdir()} == set(LOCALES)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_both_languages_tell_the_same_facts(kind):
    asked = [
        meta.find_undeclared_variables(_environment(locale).parse((FOLDER / locale / f"{kind}.txt").read_text("utf-8")))
        for locale in LOCALES
    ]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("kind", "facts"), VARIANTS)
def test_a_letter_is_short_and_its_subject_is_one_line(kind, facts, locale):
    subject, body = text_of(letter(kind, facts, locale))
    lengths = (40, 75) if locale == "zh_CN" else (75, 200)
    assert 0 < len(subject) <= lengths[0]
    assert "\n" not in subject
    assert 0 < len(body) <= lengths[1] + (130 if kind == "crew_tour" else 0)


@pytest.mark.parametrize(("kind", "facts"), VARIANTS)
def test_chinese_letters_keep_the_tone_and_english_ones_hold_no_chinese(kind, facts):
    chinese = "".join(text_of(letter(kind, facts, "zh_CN")))
    english = "".join(text_of(letter(kind, facts, "en")))
    assert [sign for sign in "您！!" if sign in chinese] == []
    assert english.isascii()
    assert "None" not in chinese + english
    assert "  " not in english


def test_a_reminder_in_chinese_reads_as_written_here():
    assert text_of(letter("day_before", VISIT)) == (
        "提醒：6月16日 周二 09:30 服务车到杏园社区",
        "巡回服务车（2号车）6月16日 周二 09:30 到杏园社区，11:30 结束。留好停车位、电源和场地；有变动尽早告诉我们。",
    )


def test_a_move_names_the_old_and_the_new_time():
    before = {"day": "2026-06-15", "starts": 540, "van": 1}
    _, body = text_of(letter("moved", {**VISIT, "before": before}, "en"))
    assert "from Mon 15 June, 09:00 to Tue 16 June, 09:30" in body


def test_only_another_van_is_not_called_a_move():
    before = {"day": "2026-06-16", "starts": 570, "van": 1}
    subject, body = text_of(letter("moved", {**VISIT, "before": before}))
    assert (subject[:2], "改到" in body) == ("换车", False)


def test_a_cancellation_says_whether_the_request_still_waits():
    waits, over = (
        text_of(letter("cancelled", {**VISIT, "request_state": state}))[1] for state in ("accepted", "withdrawn")
    )
    assert ("会重新排期" in waits, "会重新排期" in over) == (True, False)


def test_a_reason_of_several_lines_stays_one_sentence():
    _, body = text_of(letter("cancelled", {**VISIT, "request_state": "accepted", "reason": "下暴雨。\n路封了。"}))
    assert "原因：下暴雨。 路封了。申请" in body


def test_an_unknown_language_gets_chinese():
    assert text_of(letter("day_before", VISIT, "fr")) == text_of(letter("day_before", VISIT, "zh_CN"))


def test_dates_and_times_are_written_as_people_write_them():
    assert date_in_words(TUESDAY, "zh_CN") == "6月16日 周二"
    assert moment_in_words(TUESDAY, 570, "zh_CN") == "6月16日 周二 09:30"
    assert moment_in_words(TUESDAY, 570, "en") == "Tue 16 June, 09:30"
    assert clock_in_words(5) == "00:05"
