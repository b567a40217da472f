"""What goes through the pipe between a runner and its solver's child: jobs one way, answers the other."""

from __future__ import annotations

import copyreg
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from routes import Plan, Progress
from routes.changes import Means
from routes.explain import Reason


def read_only(mapping: dict[str, int]) -> MappingProxyType[str, int]:
    """A crew, as it comes out of the pipe."""
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda mapping: (read_only, (dict(mapping),)))
"""Crews are such mappings, which do not cross a pipe by themselves."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has loaded the solver; a job starts at once from now on."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The plan, the reason for each visit it leaves out, and the most memory the child ever used."""

    plan: Plan
    unserved: tuple[Reason, ...]
    kilobytes: int


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """There is no plan: a code of the reason and what shows it."""

    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation of one visit, as `routes.explanations` writes it; None where explaining it failed."""

    visit: str
    document: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ExplainedAll:
    """Nothing is left to explain; the most memory the child ever used."""

    kilobytes: int


@dataclass(frozen=True, slots=True)
class FairnessPriced:
    """The steps of `routes.fairness_price` as JSON has them, none where pins contradict; the most memory ever used."""

    steps: list[dict[str, Any]]
    kilobytes: int


@dataclass(frozen=True, slots=True)
class Finish:
    """End the job of this number with the best plan so far; heard too late, it means nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class Job:
    """A problem as its JSON document, and how long and in how many threads to work on it."""

    number: int
    problem: dict[str, Any]
    seconds: float
    seed: int
    threads: int


@dataclass(frozen=True, slots=True)
class ExplainJob:
    """A problem as its JSON document with a plan of it, and the visits left out that are to be explained."""

    number: int
    problem: dict[str, Any]
    plan: Plan
    means: Means
    visits: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class FairnessJob:
    """A problem as its JSON document, to be planned under each rule of fairness for so many seconds."""

    number: int
    problem: dict[str, Any]
    seconds: float


Answer = Ready | Progress | Solved | Unsolvable | Explained | ExplainedAll | FairnessPriced
Task = Job | ExplainJob | FairnessJob
