"""The bots of group chats against servers that check and answer as WeCom, DingTalk and Feishu do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from schedules.dingtalk import DingtalkBot
from schedules.feishu import FeishuBot
from schedules.group_bots import BADGE, Bot, GroupBot
from schedules.transmissions import Outcome, Sent
from schedules.wecom import WecomBot
from tests.schedules.certificates import make_certificate, serving
from tests.schedules.letters import FACTS, letter
from tests.schedules.services import Call, Judge, Reply, Service, always, open_service

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
SECRET = "SEC1234567890abcdef"
NOW = 1_780_272_000.25

PATHS = {
    WecomBot: f"/cgi-bin/webhook/send?key={KEY}",
    DingtalkBot: f"/robot/send?access_token={KEY}",
    FeishuBot: f"/open-apis/bot/v2/hook/{KEY}",
}
TAKEN: dict[type[GroupBot], dict[str, Any]] = {
    WecomBot: {"errcode": 0, "errmsg": "ok"},
    DingtalkBot: {"errcode": 0, "errmsg": "ok"},
    FeishuBot: {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"},
}
EVERY_BOT = pytest.mark.parametrize("kind", list(PATHS), ids=lambda kind: kind.name)


@contextmanager
def group(
    kind: type[GroupBot], judge: Judge, *, secret: str = "", timeout: float = 5.0, now: float = NOW
) -> Iterator[tuple[Service, GroupBot]]:
    """A bot of this kind, and the server that it talks to."""
    with open_service(judge) as service:
        bot = kind(Bot(service.url + PATHS[kind], secret, timeout), clock=lambda: now)
        yield service, bot
        bot.close()


def sent(kind: type[GroupBot], reply: Reply, **options: Any) -> Outcome:
    """What a bot makes of this answer."""
    with group(kind, always(reply), **options) as (_, bot):
        return bot.send(letter())


def dingtalk_service(call: Call) -> Reply:
    """DingTalk's check: the sign of `timestamp`, in milliseconds, less than an hour old."""
    timestamp = call.query.get("timestamp", "0")
    key, signed = SECRET.encode(), f"{timestamp}\n{SECRET}".encode()
    if abs(int(timestamp) - NOW * 1000) > 3_600_000:
        return Reply(fields={"errcode": 310000, "errmsg": "invalid timestamp"})
    if call.query["sign"] != base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode():
        return Reply(fields={"errcode": 310000, "errmsg": "sign not match"})
    if call.query.get("access_token") != KEY:
        return Reply(fields={"errcode": 300001, "errmsg": "token is not exist"})
    return Reply(fields=TAKEN[DingtalkBot])


def feishu_service(call: Call) -> Reply:
    """Feishu's check: the sign of `timestamp`, in seconds, is the digest of nothing under time and secret."""
    timestamp = call.fields.get("timestamp", "0")
    digest = hmac.new(f"{timestamp}\n{SECRET}".encode(), digestmod=hashlib.sha256).digest()
    if abs(int(timestamp) - NOW) > 3600 or call.fields.get("sign") != base64.b64encode(digest).decode():
        words = "sign match fail or timestamp is not within one hour from current time"
        return Reply(fields={"code": 19021, "msg": words})
    return Reply(fields=TAKEN[FeishuBot])


def text_of_call(call: Call) -> str:
    """The text in any of the three bodies."""
    fields = call.fields
    return str(
        (fields.get("text") or fields.get("markdown") or fields["content"]).get("content") or fields["content"]["text"]
    )


@EVERY_BOT
def test_a_text_taken_is_accepted(kind: type[GroupBot]) -> None:
    with group(kind, always(Reply(fields=TAKEN[kind]))) as (service, bot):
        outcome = bot.send(letter())
    assert outcome.result is Sent.ACCEPTED
    assert text_of_call(service.calls[0]).startswith(f"{BADGE}收到申请 2606-0012\n已收到申请")
    assert service.calls[0].headers["Content-Type"] == "application/json; charset=utf-8"


SAYINGS: list[tuple[type[GroupBot], dict[str, Any], Sent]] = [
    (WecomBot, {"errcode": 93000, "errmsg": "invalid webhook url"}, Sent.PERMANENT),
    (WecomBot, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}, Sent.PERMANENT),
    (WecomBot, {"errcode": 45009, "errmsg": "api freq out of limit"}, Sent.TEMPORARY),
    (WecomBot, {"errcode": -1, "errmsg": "system error"}, Sent.TEMPORARY),
    (DingtalkBot, {"errcode": 310000, "errmsg": "keywords not in content"}, Sent.PERMANENT),
    (DingtalkBot, {"errcode": 310000, "errmsg": "sign not match"}, Sent.PERMANENT),
    (DingtalkBot, {"errcode": 300001, "errmsg": "token is not exist"}, Sent.PERMANENT),
    (DingtalkBot, {"errcode": 400102, "errmsg": "robot disabled"}, Sent.PERMANENT),
    (DingtalkBot, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, Sent.TEMPORARY),
    (DingtalkBot, {"errcode": 410100, "errmsg": "too fast"}, Sent.TEMPORARY),
    (DingtalkBot, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "24ce"}, Sent.TEMPORARY),
    (FeishuBot, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, Sent.PERMANENT),
    (FeishuBot, {"code": 19021, "msg": "sign match fail"}, Sent.PERMANENT),
    (FeishuBot, {"code": 19022, "msg": "Ip Not Allowed"}, Sent.PERMANENT),
    (FeishuBot, {"code": 19024, "msg": "Key Words Not Found"}, Sent.PERMANENT),
    (FeishuBot, {"code": 9499, "msg": "Bad Request", "data": {}}, Sent.PERMANENT),
    (FeishuBot, {"StatusCode": 9499, "StatusMessage": "too many request"}, Sent.TEMPORARY),
    (FeishuBot, {"code": 11232, "msg": "frequency limited psm[lark.oapi]appID[1500]"}, Sent.TEMPORARY),
    (FeishuBot, {"StatusCode": 19001, "StatusMessage": "bad token", "code": 0}, Sent.PERMANENT),
]


@pytest.mark.parametrize(("kind", "fields", "result"), SAYINGS, ids=lambda value: str(value)[:40])
def test_a_refusal_with_status_200_is_no_success(kind: type[GroupBot], fields: dict[str, Any], result: Sent) -> None:
    outcome = sent(kind, Reply(200, fields))
    code = fields.get("errcode") or fields.get("status") or fields.get("code") or fields.get("StatusCode")
    assert outcome.result is result
    assert outcome.error is not None
    assert outcome.error.startswith(f"{kind.name} {code}: ")


@EVERY_BOT
@pytest.mark.parametrize(
    ("reply", "result", "error"),
    [
        (Reply(502, raw=b"<html>Bad Gateway</html>"), Sent.UNREACHABLE, "http 502"),
        (Reply(504, raw=b""), Sent.UNCLEAR, "http 504"),
        (Reply(429, raw=b""), Sent.TEMPORARY, "http 429"),
        (Reply(404, raw=b"not here"), Sent.PERMANENT, "http 404"),
        (Reply(200, raw=b"<html>Welcome to the hotel's network</html>"), Sent.UNCLEAR, "http 200"),
        (Reply(200, ["ok"]), Sent.UNCLEAR, "http 200"),
        (Reply(200, raw=b"x" * 200_000), Sent.UNCLEAR, "answer_broken"),
        (Reply(cut=True), Sent.UNCLEAR, "connection_lost"),
    ],
    ids=["502", "504", "429", "404", "page", "list", "flood", "hung up"],
)
def test_an_answer_without_a_code_is_judged_by_what_it_tells(
    kind: type[GroupBot], reply: Reply, result: Sent, error: str
) -> None:
    outcome = sent(kind, reply)
    assert (outcome.result, outcome.error) == (result, error)


@EVERY_BOT
def test_a_redirect_is_not_followed(kind: type[GroupBot]) -> None:
    with open_service(always(Reply(fields=TAKEN[kind]))) as elsewhere:
        outcome = sent(kind, Reply(307, headers={"Location": elsewhere.url}))
    assert (outcome.result, outcome.error, elsewhere.calls) == (Sent.UNREACHABLE, "http 307", [])


@EVERY_BOT
def test_a_service_that_takes_the_text_and_stays_silent_may_have_shown_it(kind: type[GroupBot]) -> None:
    with group(kind, always(Reply(silent=True)), timeout=0.3) as (service, bot):
        outcome = bot.send(letter())
        service.ended.set()
    assert (outcome.result, outcome.error, len(service.calls)) == (Sent.UNCLEAR, "answer_timeout", 1)


@EVERY_BOT
def test_an_answer_that_drips_is_given_up(kind: type[GroupBot]) -> None:
    """Each byte comes in time, 2,000 of them would take a minute and a half."""
    drip = Reply(raw=b'{"errcode": 0, "code": 0' + b" " * 2000 + b"}", drip=0.05)
    with group(kind, always(drip), timeout=0.3) as (_, bot):
        outcome = bot.send(letter())
    assert (outcome.result, outcome.error) == (Sent.UNCLEAR, "answer_broken")


@EVERY_BOT
def test_an_answer_that_ends_too_soon_says_nothing(kind: type[GroupBot]) -> None:
    outcome = sent(kind, Reply(fields=TAKEN[kind], short=True))
    assert (outcome.result, outcome.error) == (Sent.UNCLEAR, "answer_broken")


@EVERY_BOT
def test_nobody_there_is_unreachable(kind: type[GroupBot]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}{PATHS[kind]}"
    outcome = kind(Bot(url, timeout=2.0)).send(letter())
    assert (outcome.result, outcome.error) == (Sent.UNREACHABLE, "no_connection")


@EVERY_BOT
def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(
    kind: type[GroupBot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, "IP:127.0.0.1")
    with open_service(always(Reply(fields=TAKEN[kind])), tls=serving(certificate)) as service:
        bot = Bot(service.url + PATHS[kind], timeout=2.0)
        refused = kind(bot).send(letter())
        assert service.calls == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        trusted = kind(bot).send(letter())
    assert (refused.result, refused.handed_over) == (Sent.UNREACHABLE, False)
    assert refused.error == "certificate_refused: self-signed certificate"
    assert trusted.result is Sent.ACCEPTED


def test_dingtalk_takes_our_signature() -> None:
    with group(DingtalkBot, dingtalk_service, secret=SECRET) as (_, bot):
        assert bot.send(letter()).result is Sent.ACCEPTED


@pytest.mark.parametrize(("secret", "now"), [("other", NOW), (SECRET, NOW - 4000), ("", NOW)])
def test_dingtalk_refuses_another_secret_an_old_time_and_none(secret: str, now: float) -> None:
    with group(DingtalkBot, dingtalk_service, secret=secret, now=now) as (_, bot):
        assert bot.send(letter()).result is Sent.PERMANENT


def test_feishu_takes_our_signature() -> None:
    with group(FeishuBot, feishu_service, secret=SECRET) as (service, bot):
        assert bot.send(letter()).result is Sent.ACCEPTED
    assert service.calls[0].fields["timestamp"] == "1780272000"


@pytest.mark.parametrize(("secret", "now"), [("other", NOW), (SECRET, NOW - 4000), ("", NOW)])
def test_feishu_refuses_another_secret_an_old_time_and_none(secret: str, now: float) -> None:
    with group(FeishuBot, feishu_service, secret=secret, now=now) as (_, bot):
        assert bot.send(letter()).result is Sent.PERMANENT


LONG = FACTS | {"venue_zh": "杏" * 30_000}


@pytest.mark.parametrize(
    ("kind", "most"),
    [(WecomBot, 4096), (DingtalkBot, 20_000), (FeishuBot, 20_000)],
    ids=["wecom", "dingtalk", "feishu"],
)
def test_a_text_that_is_too_long_ends_in_an_ellipsis_within_the_limit(kind: type[GroupBot], most: int) -> None:
    with group(kind, always(Reply(fields=TAKEN[kind]))) as (service, bot):
        assert bot.send(letter(facts=LONG)).result is Sent.ACCEPTED
    text = text_of_call(service.calls[0])
    whole = len(text.encode()) if kind is WecomBot else len(service.calls[0].body)
    assert text.endswith("杏…")
    assert most - 2100 < whole <= most


def test_wecom_gets_a_middling_text_as_markdown_and_whole() -> None:
    with group(WecomBot, always(Reply(fields=TAKEN[WecomBot]))) as (service, bot):
        bot.send(letter(facts=FACTS | {"venue_zh": "杏" * 900}))
    assert service.calls[0].fields["msgtype"] == "markdown"
    assert text_of_call(service.calls[0]).count("杏") == 900


@pytest.mark.parametrize(("kind", "venue"), [(FeishuBot, ""), (WecomBot, "杏" * 900)], ids=["feishu", "wecom markdown"])
def test_the_name_of_a_place_calls_nobody(kind: type[GroupBot], venue: str) -> None:
    with group(kind, always(Reply(fields=TAKEN[kind]))) as (service, bot):
        bot.send(letter(facts=FACTS | {"venue_zh": f'<at user_id="all"></at><@all>{venue}'}))
    assert "<" not in text_of_call(service.calls[0])


@EVERY_BOT
def test_neither_errors_nor_logs_nor_pictures_show_the_key(
    kind: type[GroupBot], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), open_service(always(Reply())) as service:
        bot = Bot(service.url + PATHS[kind], SECRET)
        echo = f"no such bot {service.url}{PATHS[kind]} ({KEY}, {SECRET})"
        service.judge = always(Reply(200, {"errcode": 93000, "errmsg": echo, "code": 19001, "msg": echo}))
        outcome = kind(bot).send(letter())
    shown = f"{outcome} {bot} {bot.target} {[record.getMessage() for record in ours(caplog)]}"
    assert [secret for secret in (KEY, SECRET, quote_plus(SECRET)) if secret in shown] == []
    assert bot.target == f"{service.url.removeprefix('http://')} ****{KEY[-4:]}"


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The lines that the product writes; it shows those of other libraries from warnings on."""
    return [line for line in caplog.records if line.name.startswith("schedules") or line.levelno >= logging.WARNING]


@EVERY_BOT
def test_nothing_is_sent_twice_by_itself(kind: type[GroupBot]) -> None:
    assert kind.resend_is_safe is False
