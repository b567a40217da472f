"""Real processes that start in a moment: one parent has imported the product and forks them when told.

`python -m tests.chaos.processes FOLDER` reads "scheduler" or "desk NUMBER" from its input, a line each, and forks it.
A scheduler is `flask scheduler run` itself, with the app's clock driven; a desk is people at work (`tests.chaos.desk`).
All die with the parent.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psutil
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.orm import Session, configure_mappers, sessionmaker

from schedules import jobs, outbox, timetable
from tests.chaos import desk
from tests.chaos.clock import DrivenClock
from tests.chaos.world import World
from van_service import create_app
from van_service.extensions import db
from van_service.settings import Settings

ROOT = Path(__file__).parents[2]
CLOCK, WORLD, LOG = "clock.json", "world.json", "processes.log"
PR_SET_PDEATHSIG = 1
HURRIED, SOON = ("reminders", "office_news", "requests"), 2.0
ABANDONED_SECONDS = 3.0


class Nursery:
    """Starts the processes, and knows which of them live."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.chaos.processes", str(folder)]
        with (folder / LOG).open("ab") as log:
            self._parent = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True, bufsize=1,
            )  # fmt: skip
        if self._answer() != "ready":
            raise RuntimeError((folder / LOG).read_text())
        self.running: dict[str, psutil.Process] = {}

    def start(self, name: str) -> None:
        """Fork "scheduler 1" or "desk 2"."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{name}\n")
        self.running[name] = psutil.Process(int(self._answer()))

    def close(self) -> None:
        """End the parent, and all with it."""
        for process in self.running.values():
            if process.is_running():
                process.kill()
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(timeout=10)
        self._parent.stdout.close()

    def _answer(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()


def main() -> None:
    """Fork what the input asks for, until it ends."""
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    app = create_app(Settings.from_env())
    configure_mappers()
    desk.warm_up()
    gc.freeze()
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            _live(app, folder, line.split())
        print(child, flush=True)


def _live(app: Flask, folder: Path, words: list[str]) -> None:
    """Be what the words say, until killed; never returns to the parent's loop."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        clock = DrivenClock.read(folder / CLOCK)
        app.extensions["clock"] = clock
        if words[0] == "scheduler":
            _hurry(clock)
            app.cli.main(["scheduler", "run"], obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
        else:
            with app.app_context():
                desk.work(sessionmaker(db.engine), clock, World.read(folder / WORLD), number=int(words[1]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _hurry(clock: DrivenClock) -> None:
    """Put right what a clock that runs a thousand times as fast turns upside down.

    Ticks that come once a minute of real time would come once in many hours of driven time. And leases and time-outs
    are real time: a sender must not be thought dead, by the driven clock, while it still holds the lease.
    """
    rhythms, requeue = timetable.rhythms, outbox.requeue_abandoned

    def hurried(**given: float) -> dict[str, timetable.Rhythm]:
        every = rhythms(**given)
        return every | {name: replace(every[name], every=SOON) for name in HURRIED if name in every}

    def patient(session: Session, *, now: datetime, resend_is_safe: Collection[str]) -> int:
        after = now - clock.at(time.monotonic() - ABANDONED_SECONDS)
        return requeue(session, now=now, resend_is_safe=resend_is_safe, after=after)

    jobs.rhythms, outbox.requeue_abandoned = hurried, patient


if __name__ == "__main__":
    main()
