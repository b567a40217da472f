"""The ways letters leave this installation, read from the settings and refused at the start where they cannot work.

Secrets and addresses with keys go into the senders and nowhere else: errors name the variable, never its value.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from schedules.channels import Ways
from schedules.group_bots import Bot
from schedules.long_tail import MissingLibrary, prepared
from schedules.mail import MailServer
from schedules.posting import LOCAL_HOSTS, checked_address
from schedules.webhook import Gateway
from schedules.wecom import ADDRESS as WECOM_ADDRESS
from van_service.settings import BadSetting, Settings

Made = TypeVar("Made")


def ways_of(settings: Settings) -> Ways:
    """What is set up.

    Raises:
        BadSetting: a variable holds what cannot work; the message names it and does not repeat a secret.
    """
    if not (settings.mail_timeout_seconds > 0 and settings.channel_timeout_seconds > 0):
        raise BadSetting("MAIL_TIMEOUT_SECONDS and CHANNEL_TIMEOUT_SECONDS are more than 0.")
    return Ways(
        mail=mail_server(settings),
        sms=_gateway(settings),
        wecom=_bot(settings, "wecom_bot_url", url=_wecom_address(settings)),
        dingtalk=_bot(settings, "dingtalk_bot_url", secret=settings.dingtalk_bot_secret),
        feishu=_bot(settings, "feishu_bot_url", secret=settings.feishu_bot_secret),
        apprise=_apprise(settings),
    )


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server of the settings; None where no host is set, and mail goes to the log.

    Raises:
        BadSetting: the settings describe no mail server.
    """
    if not settings.mail_host:
        return None
    if settings.mail_security not in ("none", "starttls", "ssl"):
        raise BadSetting("MAIL_SECURITY is none, starttls or ssl.")
    if not 0 < settings.mail_port < 65536:
        raise BadSetting("MAIL_PORT is 1 to 65535.")
    if settings.mail_ca_file and not Path(settings.mail_ca_file).is_file():
        raise BadSetting("MAIL_CA_FILE names no file.")
    is_bare = settings.mail_security == "none" and settings.mail_host not in LOCAL_HOSTS
    if settings.mail_password and is_bare and not settings.channels_allow_plain:
        raise BadSetting("MAIL_PASSWORD would be sent in clear: set MAIL_SECURITY, or CHANNELS_ALLOW_PLAIN=1.")
    return _named(
        "MAIL_FROM or MAIL_REPLY_TO",
        lambda: MailServer(
            host=settings.mail_host,
            port=settings.mail_port,
            security=settings.mail_security,  # type: ignore[arg-type]  # checked above
            user=settings.mail_user,
            password=settings.mail_password,
            sender=settings.mail_from,
            reply_to=settings.mail_reply_to,
            ca_file=settings.mail_ca_file,
            timeout=settings.mail_timeout_seconds,
        ),
    )


def _named(name: str, make: Callable[[], Made]) -> Made:
    """What is made, or an error that names the variable."""
    try:
        return make()
    except (ValueError, MissingLibrary) as trouble:
        raise BadSetting(f"{name}: {trouble}") from None


def _address(settings: Settings, name: str, url: str) -> str:
    return _named(name.upper(), lambda: checked_address(url, allow_plain=settings.channels_allow_plain))


def _bot(settings: Settings, name: str, *, url: str = "", secret: str = "") -> Bot | None:
    url = url or getattr(settings, name)
    if not url:
        if secret:
            raise BadSetting(f"{name.upper()} is missing, its secret is set.")
        return None
    return Bot(_address(settings, name, url), secret, settings.channel_timeout_seconds)


def _wecom_address(settings: Settings) -> str:
    if not settings.wecom_bot_key:
        return settings.wecom_bot_url
    if settings.wecom_bot_url:
        raise BadSetting("WECOM_BOT_KEY and WECOM_BOT_URL are two names for one bot: set one of them.")
    return f"{WECOM_ADDRESS}{settings.wecom_bot_key}"


def _gateway(settings: Settings) -> Gateway | None:
    if not settings.sms_webhook_url:
        if settings.sms_webhook_secret:
            raise BadSetting("SMS_WEBHOOK_URL is missing, its secret is set.")
        return None
    if not settings.sms_webhook_secret:
        raise BadSetting("SMS_WEBHOOK_SECRET is missing: the gateway knows us by it.")
    return Gateway(
        _address(settings, "sms_webhook_url", settings.sms_webhook_url),
        settings.sms_webhook_secret,
        honours_key=settings.sms_webhook_idempotent,
        timeout=settings.channel_timeout_seconds,
    )


def _apprise(settings: Settings) -> tuple[str, ...]:
    urls = tuple(settings.apprise_urls.split())
    if urls:
        _named("APPRISE_URLS", lambda: prepared(urls))
    return urls
