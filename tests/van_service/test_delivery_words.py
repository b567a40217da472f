"""What stood in a message's way, in words: every word that senders leave has a sentence in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from van_service import create_app
from van_service.delivery_words import WORDS, error_in_words
from van_service.settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(database_url="sqlite://", secret_key="only for tests", instance_path=tmp_path))


def said(app: Flask, error: str | None, locale: str = "en") -> str:
    """The words in a language."""
    with app.test_request_context(), force_locale(locale):
        return error_in_words(error)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (None, ""),
        ("550 5.1.1 no such user", "There is no such mailbox. (550 5.1.1 no such user)"),
        ("550 blocked", "There is no such mailbox, or it takes no mail from us. (550 blocked)"),
        ("550 5.7.1 relaying denied", "The mail server takes no mail from us. (550 5.7.1 relaying denied)"),
        ("451 4.2.2 mailbox full", "The mailbox is full. (451 4.2.2 mailbox full)"),
        ("451 later", "The mail server does not take it now; it will be tried again. (451 later)"),
        ("421 closing", "The mail server is busy; it will be tried again. (421 closing)"),
        ("554 spam", "The mail server refused the message. (554 spam)"),
        (
            "SMTPAuthenticationError: 535 5.7.8 Authentication credentials invalid",
            "The mail server refused our log-in. (535 5.7.8 Authentication credentials invalid)",
        ),
        ("wecom 45009: api freq", "Too many messages in a short time; it will be tried again. (45009 api freq)"),
        (
            "dingtalk 310000: sign not match",
            "The signature was refused; check the bot's secret and this machine's clock. (310000 sign not match)",
        ),
        (
            "dingtalk 310000: keywords not in content",
            "The text holds none of the bot's keywords; give the bot the keyword 巡回服务."
            " (310000 keywords not in content)",
        ),
        ("feishu 9499: Bad Request", "The service could not read the message. (9499 Bad Request)"),
        (
            "feishu 9499: too many request",
            "Too many messages in a short time; it will be tried again. (9499 too many request)",
        ),
        ("feishu 77: who knows", "The service refused the message. (77 who knows)"),
        ("http 401 bad signature", "The service does not accept our key or signature. (http 401 bad signature)"),
        ("http 302", "The address leads elsewhere; put the right one into the settings. (http 302)"),
        ("http 503", "The service is out of order; it will be tried again. (http 503)"),
        ("http 418", "The service refused the message. (http 418)"),
        ("gateway blacklisted", "The gateway refused the message. (blacklisted)"),
        ("gateway", "The gateway refused the message."),
        (
            "certificate_refused: self-signed certificate",
            "The service's certificate cannot be trusted. (self-signed certificate)",
        ),
        ("no_connection", "Nobody answered at the address."),
        ("something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_an_error_becomes_a_sentence_with_what_was_said_behind_it(app: Flask, error: str | None, sentence: str) -> None:
    assert said(app, error) == sentence


@pytest.mark.parametrize("word", WORDS)
def test_every_word_has_its_chinese(app: Flask, word: str) -> None:
    assert said(app, f"{word}: x", "zh_CN").isascii() is False


def test_chinese_has_chinese_brackets(app: Flask) -> None:
    assert said(app, "550 5.1.1 no such user", "zh_CN") == "没有这个邮箱。（550 5.1.1 no such user）"
