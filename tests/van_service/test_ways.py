"""The ways of an installation: what each setting opens, what is refused at the start, and what is never shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedules import recipients
from schedules.channels import channels_for
from schedules.dingtalk import DingtalkBot
from schedules.feishu import FeishuBot
from schedules.lanes import Lanes
from schedules.webhook import WebhookChannel
from schedules.wecom import WecomBot
from van_service import create_app
from van_service.settings import BadSetting, Settings
from van_service.ways import ways_of

KEY = "693a91f6-7abc-4bc4-97a0-0ec2a1fa5aaa"
EVERYTHING = {
    "MAIL_HOST": "mail.example.org",
    "MAIL_SECURITY": "starttls",
    "MAIL_USER": "van",
    "MAIL_PASSWORD": "correct horse",
    "MAIL_FROM": "van@example.org",
    "MAIL_REPLY_TO": "desk@example.org",
    "WECOM_BOT_KEY": KEY,
    "DINGTALK_BOT_URL": f"https://oapi.dingtalk.com/robot/send?access_token={KEY}",
    "DINGTALK_BOT_SECRET": "SECdingtalk000",
    "FEISHU_BOT_URL": f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}",
    "FEISHU_BOT_SECRET": "feishu-secret-00",
    "SMS_WEBHOOK_URL": f"https://sms.example.org/send?key={KEY}",
    "SMS_WEBHOOK_SECRET": "shared with the gateway",
    "SMS_WEBHOOK_IDEMPOTENT": "1",
}
SECRETS = (KEY, "correct horse", "SECdingtalk000", "feishu-secret-00", "shared with the gateway")


@pytest.fixture(autouse=True)
def usual_channels() -> Iterator[None]:
    """Apps say process-wide which channels there are; later tests shall find the usual ones."""
    yield
    recipients.use_channels({"email"})


def settings(folder: Path, **given: str) -> Settings:
    """Settings from an environment with these variables."""
    return Settings.from_env({"INSTANCE_PATH": str(folder), "DATABASE_URL": "sqlite://", "SECRET_KEY": "t", **given})


def test_nothing_set_leaves_e_mail_to_the_log(tmp_path: Path) -> None:
    ways = ways_of(settings(tmp_path))
    assert (sorted(ways.names), ways.target("email")) == (["email", "log"], None)


def test_everything_set_makes_a_sender_of_each(tmp_path: Path) -> None:
    channels = channels_for(ways_of(settings(tmp_path, **EVERYTHING)))
    kinds = {name: type(channel) for name, channel in channels.items() if name != "log"}
    assert kinds == {
        "email": Lanes,
        "sms": WebhookChannel,
        "wecom": WecomBot,
        "dingtalk": DingtalkBot,
        "feishu": FeishuBot,
    }
    assert sorted(name for name, channel in channels.items() if channel.resend_is_safe) == ["email", "log", "sms"]


def test_each_call_makes_channels_of_its_own(tmp_path: Path) -> None:
    ways = ways_of(settings(tmp_path, **EVERYTHING))
    first, second = channels_for(ways), channels_for(ways)
    assert [name for name in first if first[name] is second[name]] == []


def test_targets_tell_hosts_and_no_keys(tmp_path: Path) -> None:
    ways = ways_of(settings(tmp_path, **EVERYTHING))
    assert {name: ways.target(name) for name in sorted(ways.names)} == {
        "dingtalk": "oapi.dingtalk.com ****5aaa",
        "email": "mail.example.org:25",
        "feishu": "open.feishu.cn ****5aaa",
        "log": None,
        "sms": "sms.example.org",
        "wecom": "qyapi.weixin.qq.com ****5aaa",
    }


def test_no_picture_of_settings_or_ways_shows_a_secret(tmp_path: Path) -> None:
    read = settings(tmp_path, **EVERYTHING)
    ways = ways_of(read)
    shown = f"{read!r} {ways!r} {[vars(each) if hasattr(each, '__dict__') else each for each in (ways.mail, ways.sms)]}"
    assert [secret for secret in SECRETS if secret in shown] == []


def test_the_app_tells_who_writes_messages_which_channels_there_are(tmp_path: Path) -> None:
    create_app(settings(tmp_path, **EVERYTHING))
    assert recipients.channels_in_use() == {"email", "sms", "wecom", "dingtalk", "feishu", "log"}


BAD: list[tuple[dict[str, str], str]] = [
    ({"MAIL_HOST": "m", "MAIL_SECURITY": "tls"}, "MAIL_SECURITY"),
    ({"MAIL_HOST": "m", "MAIL_FROM": "nobody"}, "MAIL_FROM"),
    ({"MAIL_HOST": "m", "MAIL_REPLY_TO": "nobody"}, "MAIL_REPLY_TO"),
    ({"MAIL_HOST": "m", "MAIL_CA_FILE": "/nowhere/ca.pem"}, "MAIL_CA_FILE"),
    ({"MAIL_HOST": "mail.example.org", "MAIL_USER": "van", "MAIL_PASSWORD": "x"}, "MAIL_PASSWORD"),
    ({"WECOM_BOT_KEY": KEY, "WECOM_BOT_URL": f"https://example.org/?key={KEY}"}, "WECOM_BOT_KEY"),
    ({"WECOM_BOT_URL": f"http://example.org/?key={KEY}"}, "WECOM_BOT_URL"),
    ({"DINGTALK_BOT_URL": f"ftp://example.org/?key={KEY}"}, "DINGTALK_BOT_URL"),
    ({"DINGTALK_BOT_SECRET": "SEC"}, "DINGTALK_BOT_URL"),
    ({"FEISHU_BOT_URL": f"https://user:{KEY}@example.org/"}, "FEISHU_BOT_URL"),
    ({"FEISHU_BOT_URL": f"https://exa mple.org/{KEY}"}, "FEISHU_BOT_URL"),
    ({"FEISHU_BOT_URL": f"https://example.org:port/{KEY}"}, "FEISHU_BOT_URL"),
    ({"SMS_WEBHOOK_URL": f"https://example.org/{KEY}"}, "SMS_WEBHOOK_SECRET"),
    ({"SMS_WEBHOOK_SECRET": KEY}, "SMS_WEBHOOK_URL"),
    ({"MAIL_HOST": "m", "MAIL_PORT": "70000"}, "MAIL_PORT"),
    ({"MAIL_TIMEOUT_SECONDS": "0"}, "MAIL_TIMEOUT_SECONDS"),
    ({"CHANNEL_TIMEOUT_SECONDS": "nan"}, "CHANNEL_TIMEOUT_SECONDS"),
    ({"CHANNELS_ALLOW_PLAIN": "perhaps"}, "CHANNELS_ALLOW_PLAIN"),
]


@pytest.mark.parametrize(("given", "name"), BAD, ids=[f"{index} {name}" for index, (_, name) in enumerate(BAD)])
def test_what_cannot_work_is_refused_at_the_start_by_its_name(given: dict[str, str], name: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=name) as caught:
        create_app(settings(tmp_path, **given))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"WECOM_BOT_URL": "http://127.0.0.1:8080/send"},
        {"WECOM_BOT_URL": "http://localhost/send"},
        {"WECOM_BOT_URL": "http://chat.example.org/send", "CHANNELS_ALLOW_PLAIN": "1"},
        {"MAIL_HOST": "localhost", "MAIL_USER": "van", "MAIL_PASSWORD": "x"},
    ],
    ids=["this machine", "localhost", "allowed", "mail on this machine"],
)
def test_what_stays_in_the_house_or_is_allowed_may_go_in_clear(given: dict[str, str], tmp_path: Path) -> None:
    assert ways_of(settings(tmp_path, **given)).names > {"log"}


def test_addresses_for_apprise_without_the_library_are_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(BadSetting, match=r"APPRISE_URLS: .* pip install -r requirements-optional.txt"):
        ways_of(settings(tmp_path, APPRISE_URLS=f"bark://{KEY}"))


def test_a_setting_that_is_not_used_is_not_judged(tmp_path: Path) -> None:
    given: dict[str, Any] = {"MAIL_SECURITY": "starttls", "MAIL_REPLY_TO": "desk@example.org"}
    assert ways_of(settings(tmp_path, **given)).mail is None
