"""The demo district, served by this process under a clock that the test drives, with a real mail server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from schedules import health, runner
from schedules.channels import channels_for
from schedules.delivery import never
from schedules.jobs import ACTIONS, Works, tick
from tests.schedules.post_office import PostOffice, open_post_office
from van_service import create_app
from van_service.demo import load_demo
from van_service.extensions import db
from van_service.settings import Settings
from van_service.ways import ways_of


@dataclass
class District:
    """A served demo district: its address, its passwords, its clock, what its mail server got."""

    app: Flask
    url: str
    sessions: sessionmaker[Session]
    passwords: dict[str, str]
    post_office: PostOffice
    now: datetime

    def at(self, now: datetime) -> None:
        """Set the clock, and let the scheduler do once everything that it does on its ticks."""
        self.now = now
        settings: Settings = self.app.extensions["settings"]
        channels = channels_for(ways_of(settings))
        works = Works(self.sessions, channels, lambda: self.now, "test", settings.scheduler_lease_seconds, 3, never)
        for name in ACTIONS:
            tick(works, name)
        for channel in channels.values():
            channel.close()


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The app on a free port of this machine, in a thread; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@contextmanager
def served_district(folder: Path, database_url: str, now: datetime, *, demo: bool = True) -> Iterator[District]:
    """The demo district, or a blank one, with web and planning runner in threads of this process."""
    with open_post_office() as (office, mail):
        settings = Settings(
            database_url=database_url,
            instance_path=folder,
            secret_key="only for tests",
            mail_host=mail.host,
            mail_port=mail.port,
            mail_from=mail.sender,
        )
        app = create_app(settings)
        with app.app_context():
            accounts = load_demo(db.session, now=now) if demo else []
            health.beat(db.session, health.SCHEDULER, "test", now)  # else the desk says that nobody is reminded
            db.session.commit()
            sessions = sessionmaker(db.engine)
        passwords = {account.username: account.password for account in accounts}
        with serve(app) as url:
            district = District(app, url, sessions, passwords, office, now)
            app.extensions["clock"] = lambda: district.now
            with running_runner(district):
                yield district


@contextmanager
def running_runner(district: District) -> Iterator[None]:
    """The planning runner in a thread; the solver itself is a child process as always."""
    ended = threading.Event()
    means: dict[str, Any] = {"owner": "test", "stop": ended.is_set, "clock": lambda: district.now}
    thread = threading.Thread(target=runner.run_forever, args=(district.sessions,), kwargs=means)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)
