"""Own wordings: tried on every case before they are kept, used wherever a message is read or sent, taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import messages, wordings
from schedules.audit import rows_about
from schedules.claiming import claim
from schedules.delays import tell_on_the_way
from schedules.errors import BadLetter, BadPlaceholder, ChangedMeanwhile, NotFound, Refused, TextTooLong
from schedules.messages import LOCALES, default_wording, placeholders, preview, text_of
from schedules.models import MessageState
from schedules.reminders import queue_request_messages, queue_visit_messages
from schedules.rulebook import DEFAULTS
from schedules.samples import SAMPLES
from schedules.wordings import change_wording, get_wording, restore_wording, try_wording
from tests.factories import make_request
from tests.schedules.promised import WEDNESDAY, cancel, promised_visit
from tests.schedules.promised import messages as queued

OWN = {"subject": "{{ venue }}", "body": "{{ day | date }} {{ starts | clock }}"}


def word(session, now, kind="published", locale="zh_CN", version=None, **text):
    return change_wording(session, kind, locale, **(OWN | text), version=version, actor="zhou", now=now)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", DEFAULTS)
def test_the_products_own_wordings_would_pass_and_read_the_same(kind, locale):
    assert try_wording(kind, locale, *default_wording(kind, locale)) == preview(kind, locale)


def test_a_new_wording_is_read_and_sent(session, now):
    visit = promised_visit(session, now=now)
    queue_visit_messages(session, visit, "published", now=now)
    word(session, now)
    said = (visit.venue.name_zh, "6月3日 周三 09:30")
    assert wordings.text_of(session, queued(session, "published")[0]) == said
    letters = claim(session, now=now, owner="test")
    assert {text_of(letter) for letter in letters} == {said}


def test_another_language_and_kind_keep_the_products_words(session, now):
    word(session, now)
    assert not get_wording(session, "published", "en").own
    assert not get_wording(session, "moved", "zh_CN").own


def test_a_wording_is_versioned_and_audited_and_can_be_taken_back(session, now):
    first = word(session, now, version=0)
    with pytest.raises(ChangedMeanwhile):
        word(session, now, version=0, body="x")
    assert (first.version, word(session, now, version=1, body="x").version) == (1, 2)
    restored = restore_wording(session, "published", "zh_CN", version=2, actor="zhou", now=now)
    assert (restored.own, (restored.subject, restored.body)) == (False, default_wording("published", "zh_CN"))
    assert [row.verb for row in rows_about(session, "letter_text", "published/zh_CN")] == [
        "changed",
        "changed",
        "restored",
    ]


def test_the_same_wording_again_changes_nothing(session, now):
    assert word(session, now).version == word(session, now).version == 1


def test_what_may_be_missing_reads_as_nothing(session, now):
    word(session, now, "cancelled", body="{{ venue }}[{{ reason }}]")
    visit = promised_visit(session, now=now)
    cancel(session, visit).reason = None
    queue_visit_messages(session, visit, "cancelled", now=now)
    assert wordings.text_of(session, queued(session, "cancelled")[0])[1].endswith("[]")


def test_a_wording_that_fails_on_facts_of_old_gives_way_to_the_products():
    facts = {
        "number": "2026-0001",
        "venue_zh": "杏园",
        "venue_en": "Xingyuan",
    }  # no town, as an older version queued it

    class Row:
        kind, locale = "request_received", "zh_CN"

    Row.facts = facts
    assert text_of(Row(), own=("{{ town }}", "x")) == text_of(Row())


@pytest.mark.parametrize(
    ("kind", "field", "text", "error", "detail"),
    [
        ("published", "body", "{{ venu }}", BadPlaceholder, {"name": "venu"}),
        ("published", "subject", "{{ reason }}", BadPlaceholder, {"name": "reason"}),  # never known of a promise
        ("crew_tour", "body", "{% for s in stops %}{{ s.minute }}{% endfor %}", BadPlaceholder, {"name": "minute"}),
        ("moved", "body", "{{ before.day | date }}", BadPlaceholder, {"name": "day"}),  # of some moves nothing is known
        ("published", "body", "{{ venue", BadLetter, {"line": 1}),
        ("published", "body", "{{ venue | title }}", BadLetter, {"given": "title"}),
        ("published", "body", "{{ venue.__class__ }}", BadLetter, {"given": "__class__"}),
        ("published", "body", "{{ cycler('a') }}", BadLetter, {"given": "call"}),
        ("published", "body", "{% set x = 1 %}", BadLetter, {"given": "assign"}),
        ("published", "body", "{% macro x() %}{% endmacro %}", BadLetter, {"given": "macro"}),
        ("published", "body", "{{ starts ** 9999999 }}", BadLetter, {"given": "pow"}),
        ("published", "subject", "{% if van == 77 %}x{% endif %}", BadLetter, {"given": "empty"}),
        ("crew_tour", "body", "x{% for s in stops %}" + "x" * 1100 + "{% endfor %}", TextTooLong, {"most": 2000}),
    ],
)  # fmt: skip
def test_what_cannot_be_a_letter_is_refused_with_its_field(kind, field, text, error, detail):
    with pytest.raises(error) as caught:
        try_wording(kind, "zh_CN", **({"subject": "x", "body": "y"} | {field: text}))
    assert caught.value.field == field
    assert detail.items() <= caught.value.detail.items()


@pytest.mark.parametrize(("kind", "locale"), [("spam", "en"), ("published", "fr")])
def test_there_is_no_wording_of_what_nobody_knows(session, kind, locale):
    with pytest.raises(NotFound):
        get_wording(session, kind, locale)


SIGNS = (
    "{{ }} {% %} if for in endif endfor stops venue day | date clock . __class__ [ ] ( ) ' 0 999999999 * + ~ range not "
    "字 %s #} {# before _ elif else is none"
)
PIECES = st.sampled_from(SIGNS.split())


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_any_text_is_a_letter_or_refused_by_name(text):
    refused = None
    try:
        written = try_wording("moved", "en", "x", text)
    except Refused as trouble:
        written, refused = [], trouble.field
    assert (len(written), refused) in ((len(SAMPLES["moved"]), None), (0, "body"))


@pytest.mark.parametrize("kind", DEFAULTS)
def test_nobody_can_word_what_no_text_should_say(kind):
    assert [name for name in placeholders(kind, "en") if name.endswith(("_id", "_zh", "_en"))] == []


def test_the_samples_of_visits_and_requests_have_the_facts_of_real_messages(session, now):
    visit = promised_visit(session, now=now)
    request = make_request(session, [(WEDNESDAY, 480, 900)], now=now)
    queue_visit_messages(session, visit, "published", now=now)
    tell_on_the_way(session, visit, now=now)
    queue_request_messages(session, request, "request_received", now=now)
    cancel(session, visit)
    queue_visit_messages(session, visit, "cancelled", now=now)
    for message in queued(session):
        assert set(message.facts) in [set(sample) for sample in SAMPLES[message.kind]], message.kind
    assert all(message.state in (MessageState.QUEUED, MessageState.STALE) for message in queued(session))


def test_every_name_of_a_preview_is_invented():
    assert {sample.get("venue_zh", "杏园社区") for samples in SAMPLES.values() for sample in samples} == {"杏园社区"}
    assert messages.preview("published", "fr") == messages.preview("published", "zh_CN")
