"""The planning problem: places, travel, shifts, visits and what each point is worth.

Plain frozen data in whole minutes after midnight of the day named. Nothing here knows JSON, a solver, a
database or a clock. Every class refuses nonsense at birth; `Problem` refuses references that lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType

LATEST = 100_000
"""No minute of a problem lies after this. A clock ends at 1440; public benchmarks count in finer units than minutes."""

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the map (WGS-84 degrees) that a van can stand at."""

    id: str
    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not -90 <= self.lat <= 90:
            raise ValueError("A latitude lies between -90 and 90.")
        if not -180 <= self.lon <= 180:
            raise ValueError("A longitude lies between -180 and 180.")


@dataclass(frozen=True, slots=True)
class Lunch:
    """The break of a shift: `minutes` in one piece somewhere between `opens` and `closes`, never while driving."""

    opens: int
    closes: int
    minutes: int

    def __post_init__(self) -> None:
        _refuse_negative(opens=self.opens, closes=self.closes, minutes=self.minutes)
        if self.opens + self.minutes > self.closes:
            raise ValueError("The lunch break must fit between its opening and closing.")


@dataclass(frozen=True, slots=True)
class Shift:
    """One van on one day with the crew and the stock that ride on it; places are indices into the matrix."""

    id: str
    van: str
    day: date
    starts: int
    ends: int
    start_place: int
    end_place: int
    crew: Mapping[str, int] = field(default_factory=dict)
    equipment: frozenset[str] = frozenset()
    kits: int = 0
    max_visits: int | None = None
    max_driving: int | None = None
    lunch: Lunch | None = None

    def __post_init__(self) -> None:
        _refuse_negative(starts=self.starts, ends=self.ends, kits=self.kits)
        _refuse_negative_crew(self.crew)
        if self.starts >= self.ends:
            raise ValueError("A shift must start before it ends.")
        if self.ends > LATEST:
            raise ValueError(f"A shift must end by {LATEST}.")
        for name in ("max_visits", "max_driving"):
            limit = getattr(self, name)
            if limit is not None and limit < 0:
                raise ValueError(f"{name} must not be negative.")
        object.__setattr__(self, "crew", MappingProxyType(dict(self.crew)))


@dataclass(frozen=True, slots=True)
class Window:
    """When a session may take place on one day, and the points it is worth to lie in just this window."""

    day: date
    opens: int
    closes: int
    bonus: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(opens=self.opens, closes=self.closes, bonus=self.bonus)
        if self.opens > self.closes:
            raise ValueError("A window must not close before it opens.")
        if self.closes > LATEST:
            raise ValueError(f"A window must close by {LATEST}.")


@dataclass(frozen=True, slots=True)
class Pin:
    """A visit that must be served by this shift and, where `starts` is given, at this minute."""

    shift: str
    starts: int | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """What the town has been told: this shift, the session starting at this minute. Breaking it costs points."""

    shift: str
    starts: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What a town asked for: setup + session + teardown minutes at one place, the session inside a window."""

    id: str
    place: int
    session: int
    windows: tuple[Window, ...] = ()
    town: str | None = None
    setup: int = 0
    teardown: int = 0
    crew: Mapping[str, int] = field(default_factory=dict)
    equipment: frozenset[str] = frozenset()
    kits: int = 0
    prize: int = 0
    pin: Pin | None = None
    promise: Promise | None = None

    def __post_init__(self) -> None:
        _refuse_negative(setup=self.setup, session=self.session, teardown=self.teardown)
        _refuse_negative(kits=self.kits, prize=self.prize)
        _refuse_negative_crew(self.crew)
        object.__setattr__(self, "crew", MappingProxyType(dict(self.crew)))

    @property
    def on_site(self) -> int:
        """Minutes the van must at least stand at the place."""
        return self.setup + self.session + self.teardown


@dataclass(frozen=True, slots=True)
class Town:
    """The visits a town is due in the horizon, and the points that each missing one costs."""

    id: str
    due: int = 0
    shortfall: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(due=self.due, shortfall=self.shortfall)


@dataclass(frozen=True, slots=True)
class Weights:
    """Points: per minute of driving, and for each way of breaking a promise (see problem-format)."""

    travel: int = 0
    drop: int = 0
    other_day: int = 0
    other_van: int = 0
    retime: int = 0
    tolerance: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(
            travel=self.travel,
            drop=self.drop,
            other_day=self.other_day,
            other_van=self.other_van,
            retime=self.retime,
            tolerance=self.tolerance,
        )


@dataclass(frozen=True)
class Problem:
    """Everything the planner needs to know; `travel[i][j]` is minutes of driving from place i to place j."""

    name: str
    places: tuple[Place, ...]
    travel: Matrix
    shifts: tuple[Shift, ...]
    visits: tuple[Visit, ...]
    exclusive: tuple[tuple[str, ...], ...] = ()
    towns: tuple[Town, ...] = ()
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        _refuse_ragged(self.travel, len(self.places))
        for nouns in (self.places, self.shifts, self.visits, self.towns):
            _refuse_duplicates(noun.id for noun in nouns)
        for shift in self.shifts:
            self._refuse_unknown_place(shift.start_place, shift.end_place)
        for visit in self.visits:
            self._refuse_dangling(visit)
        for group in self.exclusive:
            _refuse_duplicates(group)
            for member in group:
                if member not in self.visit_by_id:
                    raise ValueError(f"An exclusive group names the unknown visit {member}.")

    @cached_property
    def shift_by_id(self) -> Mapping[str, Shift]:
        return {shift.id: shift for shift in self.shifts}

    @cached_property
    def visit_by_id(self) -> Mapping[str, Visit]:
        return {visit.id: visit for visit in self.visits}

    @cached_property
    def town_by_id(self) -> Mapping[str, Town]:
        return {town.id: town for town in self.towns}

    def _refuse_unknown_place(self, *places: int) -> None:
        for place in places:
            if not 0 <= place < len(self.places):
                raise ValueError(f"There is no place {place}.")

    def _refuse_dangling(self, visit: Visit) -> None:
        self._refuse_unknown_place(visit.place)
        for told in (visit.pin, visit.promise):
            if told is not None and told.shift not in self.shift_by_id:
                raise ValueError(f"Visit {visit.id} names the unknown shift {told.shift}.")
        if visit.town is not None and visit.town not in self.town_by_id:
            raise ValueError(f"Visit {visit.id} names the unknown town {visit.town}.")


def _refuse_negative(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise ValueError(f"{name} must not be negative.")


def _refuse_negative_crew(crew: Mapping[str, int]) -> None:
    for skill, people in crew.items():  # not as keywords: a skill may be called "kits"
        if people < 0:
            raise ValueError(f"The crew cannot hold {people} people for {skill}.")


def _refuse_duplicates(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise ValueError(f"The id {name} is used twice.")
        seen.add(name)


def _refuse_ragged(travel: Matrix, size: int) -> None:
    if len(travel) != size or any(len(row) != size for row in travel):
        raise ValueError("The travel matrix must be square, with a row per place.")
    if any(minutes < 0 for row in travel for minutes in row):
        raise ValueError("Travel minutes must not be negative.")
