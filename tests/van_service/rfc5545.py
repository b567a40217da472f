"""A second reader of iCalendar, written from RFC 5545 alone, strict where icalendar is lenient.

It refuses bare line feeds, lines over 75 octets, folds within a letter, unbalanced components, and events that lack
what 3.6.1 demands or have twice what may stand once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dateutil.rrule import rrulestr

LINE = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(?P<value>.*)", re.S
)
ESCAPED = {"\\n": "\n", "\\N": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "LOCATION", "GEO", "DESCRIPTION", "STATUS"}
ONCE |= {"LAST-MODIFIED", "TRANSP"}


@dataclass
class Component:
    """BEGIN to END: properties with their parameters and raw values, and what lies within."""

    name: str
    properties: list[tuple[str, str, str]] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)

    def value(self, name: str) -> str:
        """The value of the only property of this name."""
        [value] = [value for each, _, value in self.properties if each == name]
        return value

    def parameters(self, name: str) -> str:
        [parameters] = [parameters for each, parameters, _ in self.properties if each == name]
        return parameters

    def text(self, name: str) -> str:
        """A text without its escapes (3.3.11)."""
        return re.sub(r"\\[nN,;\\]", lambda found: ESCAPED[found[0]], self.value(name))

    def within(self, name: str) -> list[Component]:
        return [each for each in self.components if each.name == name]


def read(document: bytes) -> Component:
    """The one VCALENDAR of a document; AssertionError says what breaks the standard."""
    calendar = component(document)
    _check(calendar)
    return calendar


def component(document: bytes) -> Component:
    """The one component that a text holds, whatever it is."""
    assert document.endswith(b"\r\n"), "the last line is not ended"
    physical = document[:-2].split(b"\r\n")
    for octets in physical:
        assert b"\n" not in octets, "a bare line feed"
        assert b"\r" not in octets, "a bare carriage return"
        assert len(octets) <= 75, f"{len(octets)} octets in a line"
        octets.decode("utf-8")  # a fold may not cut a letter in two
    stack = [Component("")]
    for line in unfolded(physical):
        found = LINE.fullmatch(line)
        assert found is not None, f"no content line: {line}"
        name, parameters, value = found["name"].upper(), found["parameters"], found["value"]
        if name == "BEGIN":
            inner = Component(value)
            stack[-1].components.append(inner)
            stack.append(inner)
        elif name == "END":
            assert stack.pop().name == value, f"{value} ends where it is not open"
        else:
            stack[-1].properties.append((name, parameters, value))
    [root] = stack
    [found_component] = root.components
    return found_component


def unfolded(physical: list[bytes]) -> list[str]:
    """Logical lines: what begins with a space goes on (3.1)."""
    lines: list[str] = []
    for octets in physical:
        text = octets.decode("utf-8")
        if text.startswith((" ", "\t")):
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def _check(calendar: Component) -> None:
    assert calendar.name == "VCALENDAR"
    assert calendar.value("VERSION") == "2.0"
    assert calendar.value("PRODID")
    zones = {zone.value("TZID") for zone in calendar.within("VTIMEZONE")}
    uids = [event.value("UID") for event in calendar.within("VEVENT")]
    assert len(uids) == len(set(uids)), "a UID twice"
    for event in calendar.within("VEVENT"):
        counts = Counter(name for name, _, _ in event.properties)
        assert [name for name in ONCE if counts[name] > 1] == []
        assert re.fullmatch(r"\d{8}T\d{6}Z", event.value("DTSTAMP"))
        for name in ("DTSTART", "DTEND"):
            zone = re.fullmatch(r";TZID=(.+)", event.parameters(name))
            assert zone is not None, f"{name} without its zone"
            assert zone[1] in zones, f"{name} in a zone that is not defined"
            assert re.fullmatch(r"\d{8}T\d{6}", event.value(name))
        assert event.value("DTSTART") < event.value("DTEND")
        assert event.value("STATUS") in ("TENTATIVE", "CONFIRMED", "CANCELLED")
        assert event.value("SEQUENCE").isdigit()


def offsets(zone: Component) -> Callable[[datetime], timedelta]:
    """What a VTIMEZONE says of any moment: the latest onset counts, each told by the clock of before (3.6.5)."""
    onsets: list[tuple[datetime, timedelta]] = []
    for observance in zone.components:
        before, after = (_offset(observance.value(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
        begins = datetime.fromisoformat(observance.value("DTSTART"))
        dates = [begins, *(datetime.fromisoformat(text) for name, _, text in observance.properties if name == "RDATE")]
        for rule in (text for name, _, text in observance.properties if name == "RRULE"):
            dates += rrulestr(rule, dtstart=begins).between(begins, begins + timedelta(days=15 * 365))
        onsets += [((date - before).replace(tzinfo=UTC), after) for date in dates]
    onsets.sort(key=lambda onset: onset[0])
    moments = [moment for moment, _ in onsets]
    return lambda at: onsets[bisect_right(moments, at) - 1][1]


def _offset(text: str) -> timedelta:
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timedelta(minutes=-minutes if text.startswith("-") else minutes)
