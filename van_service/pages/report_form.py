"""The crew's report form: what was counted, as typed, and every refusal beside its field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from schedules.errors import BadCount, Invalid, Refused
from schedules.models import Report, SampleResult, Visit
from schedules.reports import COUNTS, LARGEST_COUNT, ReportIn, SampleIn
from van_service import words
from van_service.pages import formats

UNREADABLE = -1
MOST_ROWS = 40


@dataclass(slots=True)
class SampleRow:
    """A sample with a line of its own, as typed."""

    food: str = ""
    item: str = ""
    result: str = SampleResult.SUSPECTED_POSITIVE.value
    repeated: bool = False
    stall: str = ""
    referred_to: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed; such a row is no sample."""
        return not (self.food or self.item or self.stall)


@dataclass(slots=True)
class ReportForm:
    """The form as typed."""

    counts: dict[str, str] = field(default_factory=dict)
    samples: list[SampleRow] = field(default_factory=list)
    note: str = ""

    def report(self) -> ReportIn:
        """What the form reports; what is no number becomes one that is refused with the field's name."""
        counts = {name: _whole(self.counts.get(name, "")) for name in COUNTS}
        samples = tuple(
            SampleIn(
                row.food,
                row.item,
                SampleResult(row.result),
                row.repeated,
                row.stall or None,
                row.referred_to or None,
            )
            for row in self.samples
        )
        return ReportIn(**counts, samples=samples, note=self.note or None)


def office_of(visit: Visit) -> str:
    """The local office to which a suspected positive goes."""
    return str(gettext("Market supervision office, %(town)s", town=formats.localized(visit.town)))


def blank_form(visit: Visit) -> ReportForm:
    """The form before anything is counted: all kits planned are taken as used, the rest as nought."""
    counts = dict.fromkeys(COUNTS, "0")
    counts["people"] = ""
    if visit.request.kits:
        counts["kits_used"] = counts["samples_tested"] = ""
    return ReportForm(counts=counts)


def form_of_report(report: Report) -> ReportForm:
    """A report filed before, to be corrected."""
    return ReportForm(
        counts={name: str(getattr(report, name)) for name in COUNTS},
        samples=[
            SampleRow(
                sample.food,
                sample.item,
                sample.result.value,
                sample.repeated,
                sample.stall or "",
                sample.referred_to or "",
            )
            for sample in report.samples
        ],
        note=report.note or "",
    )


def form_as_sent(sent: MultiDict[str, str]) -> ReportForm:
    """The form as it came in; rows of samples that hold nothing are dropped."""
    rows = [_row(sent, index) for index in range(min(_whole(sent.get("rows", "")) or 0, MOST_ROWS))]
    return ReportForm(
        counts={name: sent.get(name, "").strip() for name in COUNTS},
        samples=[row for row in rows if not row.is_empty],
        note=sent.get("note", "").strip(),
    )


def _row(sent: MultiDict[str, str], index: int) -> SampleRow:
    result = sent.get(f"result-{index}", "")
    return SampleRow(
        food=sent.get(f"food-{index}", "").strip(),
        item=sent.get(f"item-{index}", "").strip(),
        result=result if result in list(SampleResult) else SampleResult.SUSPECTED_POSITIVE.value,
        repeated=f"repeated-{index}" in sent,
        stall=sent.get(f"stall-{index}", "").strip(),
        referred_to=sent.get(f"referred_to-{index}", "").strip(),
    )


def sentences(refused: Refused) -> dict[str, str]:
    """Every refusal as a sentence, by the form's field; samples[0].food becomes food-0."""
    problems: Iterable[Refused] = refused.problems if isinstance(refused, Invalid) else [refused]
    found: dict[str, str] = {}
    for problem in problems:
        place = re.sub(r"samples\[(\d+)\]\.(\w+)", r"\2-\1", problem.field or "")
        found.setdefault(place, _sentence(problem))
    return found


def _sentence(problem: Refused) -> str:
    if isinstance(problem, BadCount):
        if problem.field == "samples_tested" and "most" not in problem.detail:
            return str(
                gettext(
                    "Below are %(least)s samples; enter at least as many tested.",
                    least=formats.number(problem.detail["least"]),
                )
            )
        return str(gettext("Enter a whole number from 0 to %(most)s.", most=formats.number(LARGEST_COUNT)))
    return words.error_in_words(problem)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else UNREADABLE
