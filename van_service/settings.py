"""Every setting of the product, read once from the environment. Nothing else reads `os.environ`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any


class BadSetting(ValueError):
    """An environment variable holds something that is not a value of its setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may differ between one installation and the next; the README lists each by its upper-case name.

    What opens something (passwords, keys, addresses that hold one) is left out where the settings are shown.
    """

    database_url: str = field(default="", repr=False)
    instance_path: Path = Path("instance")
    secret_key: str = field(default="", repr=False)
    port: int = 8000
    bind: str = "127.0.0.1"
    time_zone: str = "Asia/Shanghai"
    default_locale: str = "zh_CN"
    session_cookie_secure: bool = False
    trusted_proxies: int = 0
    idle_minutes: int = 30
    crew_idle_minutes: int = 720
    max_body_kilobytes: int = 1024
    mail_host: str = ""
    mail_port: int = 25
    mail_security: str = "none"
    mail_user: str = ""
    mail_password: str = field(default="", repr=False)
    mail_from: str = "van-service@localhost"
    mail_reply_to: str = ""
    mail_ca_file: str = ""
    mail_timeout_seconds: float = 10.0
    wecom_bot_key: str = field(default="", repr=False)
    wecom_bot_url: str = field(default="", repr=False)
    dingtalk_bot_url: str = field(default="", repr=False)
    dingtalk_bot_secret: str = field(default="", repr=False)
    feishu_bot_url: str = field(default="", repr=False)
    feishu_bot_secret: str = field(default="", repr=False)
    sms_webhook_url: str = field(default="", repr=False)
    sms_webhook_secret: str = field(default="", repr=False)
    sms_webhook_idempotent: bool = False
    apprise_urls: str = field(default="", repr=False)
    channel_timeout_seconds: float = 10.0
    channels_allow_plain: bool = False
    osrm_url: str = ""
    tile_url: str = ""
    tile_attribution: str = ""
    plan_seconds: float = 10.0
    plan_threads: int = 2
    plan_lease_seconds: float = 30.0
    plan_attempts: int = 3
    tick_seconds: float = 5.0
    scheduler_lease_seconds: float = 8.0
    nightly_plan: bool = True
    nightly_plan_at: time = time(2, 30)
    message_days: int = 180
    demo: bool = True
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read every field from the variable of its upper-case name.

        Raises:
            BadSetting: a variable holds no value of its setting's type; the message names the variable.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {
            field.name: _read(field.name.upper(), environ[field.name.upper()], field.type)
            for field in fields(cls)
            if environ.get(field.name.upper(), "") != ""
        }
        return cls(**values).completed()

    def completed(self) -> Settings:
        """Fill what depends on the instance folder: the SQLite file and a secret key kept there."""
        folder = self.instance_path.resolve()
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["instance_path"] = folder
        if not self.database_url:
            folder.mkdir(parents=True, exist_ok=True)
            values["database_url"] = f"sqlite:///{folder / 'van-service.sqlite'}"
        if not self.secret_key:
            values["secret_key"] = _kept_secret(folder / "secret-key")
        return Settings(**values)


def _kept_secret(path: Path) -> str:
    """The key in `path`, made on first use so that sign-ins survive a restart; several processes may ask at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()


def _read(name: str, text: str, kind: object) -> Any:
    try:
        return _READERS[str(kind)](text)
    except (KeyError, ValueError) as trouble:
        raise BadSetting(f"{name}={text!r} is not a value of this setting.") from trouble


_READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "Path": Path,
    "time": time.fromisoformat,
    "bool": lambda text: {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()],
}
