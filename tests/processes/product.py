"""The product as its users run it: web, scheduler and planning runner as real processes on a folder of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import psutil
import requests
from flask import Flask

from schedules import calendar, publishing, runs
from schedules.models import Plan, PlanState
from van_service import create_app
from van_service.clock import system_clock
from van_service.extensions import db
from van_service.settings import Settings

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMANDS = {
    "web": [BIN / "gunicorn", "--config", "python:van_service.gunicorn", "wsgi:app"],
    "scheduler": [BIN / "flask", "--app", "wsgi", "scheduler", "run"],
    "runner": [BIN / "flask", "--app", "wsgi", "plan", "runner"],
}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(fact: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """The first true answer of `fact`, asked again and again; TimeoutError says `what` did not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := fact():
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come within {seconds} s")


class Product:
    """Starts, kills and asks the three processes; used as a context it leaves none behind."""

    def __init__(self, folder: Path, *, database_url: str = "", **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.environment = os.environ | {
            "INSTANCE_PATH": str(folder),
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
            **settings,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.passwords: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_trouble: object) -> None:
        for name in list(self.processes):
            self.kill(name)

    @property
    def app(self) -> Flask:
        """The app of these settings in this process, to look at its rows and addresses."""
        return create_app(Settings.from_env(self.environment))

    def flask(self, *arguments: str) -> str:
        """What a `flask` command prints."""
        command = [BIN / "flask", "--app", "wsgi", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"flask {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def load_demo(self) -> None:
        """Migrate and load the demo district, keeping the passwords it prints."""
        self.flask("db", "upgrade")
        for line in self.flask("demo", "load", "--if-empty").splitlines():
            words = line.split()
            if len(words) >= 2 and words[0].startswith(("town-", "crew-", "coordinator")):
                self.passwords[words[0]] = words[-1]

    def start(self, *names: str) -> None:
        """Start processes (all unless named) and wait until the web answers."""
        for name in names or COMMANDS:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    COMMANDS[name], cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
                )
        if "web" in self.processes:
            wait_until(self.answers, "the web process")

    def answers(self) -> bool:
        """The web process answers, healthy or not."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code in (200, 503)
        except requests.ConnectionError:
            return False

    def healthy(self) -> bool:
        """Every part shows life."""
        return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200

    def kill(self, name: str, *, alone: bool = False) -> None:
        """kill -9 of a process and, unless it is to die alone, of its children at once, as a power cut would."""
        process = self.processes.pop(name)
        try:
            parent = psutil.Process(process.pid)
            family = [parent] if alone else [*parent.children(recursive=True), parent]
        except psutil.NoSuchProcess:
            family = []
        for member in family:
            try:
                member.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        process.wait(timeout=10)

    def plan(self) -> int:
        """Plan the next four weeks; the draft's id."""
        with self.app.app_context():
            now = system_clock()
            first = calendar.local_day(now) + timedelta(days=1)
            last = first + timedelta(days=27)
            plan_id = runs.queue_plan(db.session, first, last, seconds=10, actor="coordinator", now=now).id
            db.session.commit()

            def drawn() -> bool:
                db.session.expire_all()
                return db.session.get_one(Plan, plan_id).state == PlanState.DRAFT

            wait_until(drawn, "the draft")
            return plan_id

    def publish(self, plan_id: int) -> None:
        """Publish a draft, as a coordinator would."""
        with self.app.app_context():
            publishing.publish(db.session, plan_id, actor="coordinator", now=system_clock())
            db.session.commit()
