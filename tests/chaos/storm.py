"""What goes wrong during a chaos run, and when: processes killed and stopped, the database and the mail server away."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psutil

from tests.chaos.clock import DrivenClock
from tests.chaos.databases import ChaosDatabase
from tests.chaos.post import MOODS, ChaosPost
from tests.chaos.processes import Nursery

Span = tuple[float, float]


@dataclass
class Diary:
    """What was done to whom and when, in seconds since 1970.

    `senders` counts those killed or stopped between a letter and its answer, `died` are those that ended although
    nobody killed them. `hurt` holds by process id when it was killed or stopped.
    """

    kills: Counter[str] = field(default_factory=Counter)
    stops: int = 0
    senders: int = 0
    cuts: list[float] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    hurt: dict[int, list[Span]] = field(default_factory=dict)
    database_away: list[Span] = field(default_factory=list)
    post_away: list[Span] = field(default_factory=list)


@dataclass(frozen=True)
class Calamity:
    """Something that lasts: it begins at a moment of the driven time and takes so many real seconds."""

    begins: datetime
    seconds: float
    happens: Callable[[float], None]


class Storm:
    """Rages until told to end, and then puts everything right."""

    def __init__(
        self,
        nursery: Nursery,
        database: ChaosDatabase,
        post: ChaosPost,
        clock: DrivenClock,
        *,
        seed: int,
        every: float,
    ) -> None:
        self.nursery, self.database, self.post, self.clock = nursery, database, post, clock
        self.diary = Diary()
        self._chance = random.Random(seed)
        self._every = every
        self._lock = threading.Lock()
        self._moods: list[str] = []
        self._stopped: list[tuple[float, psutil.Process]] = []

    def rage(self, until: datetime, *, begins: datetime, seconds: float, patience: float) -> None:
        """Until the driven time; `patience` is how long a sender waits for the database before it gives up."""
        away = max(patience * 1.2, seconds * 0.02) if seconds > 20 * patience else seconds * 0.06
        waiting = [
            Calamity(begins + timedelta(hours=9.7), away, self._database_away),  # 15:42, when reminders fall due
            Calamity(begins + timedelta(hours=24.8), seconds * 0.08, self._post_away),  # 06:48 of the second day
            Calamity(begins + timedelta(hours=36.0), away, self._database_away),  # 18:00 of the second day
            Calamity(begins + timedelta(hours=58.0), seconds * 0.04, self._post_away),  # 16:00 of the third day
        ]
        running = []
        mood_ends = 0.0
        self.post.at_the_worst_moment = self._strike_sender
        while self.clock() < until:
            while waiting and self.clock() >= waiting[0].begins:
                calamity = waiting.pop(0)
                running.append(threading.Thread(target=calamity.happens, args=(calamity.seconds,)))
                running[-1].start()
            if time.monotonic() > mood_ends:
                self.post.mood = self._next_mood()
                mood_ends = time.monotonic() + self._chance.uniform(1, 3)
            self._strike()
            time.sleep(self._chance.uniform(0.5, 1.5) * self._every)
            self._wake()
        for thread in running:
            thread.join()
        self.post.mood, self.post.at_the_worst_moment = "calm", None
        self._wake(everybody=True)

    def _next_mood(self) -> str:
        """Every mood once before any comes again; the calm and the worst twice."""
        if not self._moods:
            self._moods = [*MOODS, "calm", "rude"]
            self._chance.shuffle(self._moods)
        return self._moods.pop()

    def _strike(self) -> None:
        lot = self._chance.random()
        names = sorted(self.nursery.running)
        (name,) = self._chance.choices(names, [1 if name.startswith("desk") else 2 for name in names])
        with self._lock:
            if lot < 0.7:
                self._kill(name)
            elif lot < 0.9:
                self._stop(name, self._chance.uniform(0.3, 4))
        if lot >= 0.9 and self.database.cut_one(self._chance):
            self.diary.cuts.append(time.time())

    def _strike_sender(self, port: int) -> None:
        """Kill the process that has just handed over a letter, or stop it until others must think it dead."""
        for name, process in list(self.nursery.running.items()):
            with suppress(psutil.NoSuchProcess):
                if any(each.laddr.port == port for each in process.net_connections("tcp")):
                    with self._lock:
                        if self._chance.random() < 0.7:
                            self._kill(name)
                        else:
                            self._stop(name, self._chance.uniform(3, 6))
                    self.diary.senders += 1
                    return

    def _kill(self, name: str) -> None:
        process = self.nursery.running[name]
        if process.is_running():
            self._note(process, (time.time(), float("inf")))
            process.kill()
            self.diary.kills[name.split()[0]] += 1
        else:
            self.diary.died.append(name)
        self.nursery.start(name)

    def _stop(self, name: str, seconds: float) -> None:
        process = self.nursery.running[name]
        if not process.is_running() or any(process == other for _, other in self._stopped):
            return
        self._note(process, (time.time(), time.time() + seconds + 2 * self._every))
        process.send_signal(signal.SIGSTOP)
        self.diary.stops += 1
        self._stopped.append((time.monotonic() + seconds, process))

    def _wake(self, *, everybody: bool = False) -> None:
        """Let go on those whose time is over; whoever was killed meanwhile is past waking."""
        with self._lock:
            self._wake_those_due(everybody)

    def _wake_those_due(self, everybody: bool) -> None:
        sleeping = []
        for until, process in self._stopped:
            if not everybody and until > time.monotonic():
                sleeping.append((until, process))
            elif process.is_running():
                process.send_signal(signal.SIGCONT)
        self._stopped = sleeping

    def _note(self, process: psutil.Process, span: Span) -> None:
        self.diary.hurt.setdefault(process.pid, []).append(span)

    def _database_away(self, seconds: float) -> None:
        began = time.time()
        self.database.away(seconds)
        self.diary.database_away.append((began, time.time()))

    def _post_away(self, seconds: float) -> None:
        began = time.time()
        self.post.close()
        time.sleep(seconds)
        self.post.open()
        self.diary.post_away.append((began, time.time()))


def in_words(moment: float) -> str:
    """A moment as people read it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S.%f")[:-3]
