"""The iCalendar document of a feed (RFC 5545, names and pace by RFC 7986): words, times and nothing of people.

The same rows give the same bytes, whenever and however often they are asked for. There is no METHOD: with one, clients
take a subscription for a pile of invitations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from flask_babel import force_locale, gettext
from icalendar import Calendar, Event

from schedules import calendar
from schedules.feed_events import FeedEvent, Standing
from schedules.models import CalendarFeed, FeedKind, VisitState
from van_service.feed_zone import timezone_of
from van_service.pages import formats

UID_DOMAIN = "visits.roving-service-van"
"""What makes a visit's uid one that no other calendar uses. Never to be changed: clients would show visits twice."""

MAKER = "-//Fengxian//Roving service van scheduler//ZH"
PACE = timedelta(hours=1)


def document_of(feed: CalendarFeed, events: Iterable[FeedEvent], locale: str) -> bytes:
    """The feed's document in one language ("zh_CN" or "en")."""
    with force_locale(locale):
        document = Calendar()
        document.add("prodid", MAKER)
        document.add("version", "2.0")
        document.add("calscale", "GREGORIAN")
        for name in ("name", "x-wr-calname"):
            document.add(name, name_of(feed))
        document.add("x-wr-timezone", calendar.zone().key)
        document.add("refresh-interval", PACE, parameters={"VALUE": "DURATION"})
        document.add("x-published-ttl", "PT1H")
        document.add_component(timezone_of(calendar.zone()))
        for event in events:
            document.add_component(_component(feed, event))
        return document.to_ical()


def name_of(feed: CalendarFeed) -> str:
    """What a calendar of this feed is called in a list of calendars. A crew member's own needs no name."""
    if feed.town is not None:
        return str(gettext("Service van in %(town)s", town=formats.localized(feed.town)))
    if feed.van is not None:
        return str(gettext("Tours of %(van)s", van=formats.localized(feed.van)))
    if feed.kind is FeedKind.CREW:
        return str(gettext("My service van tours"))
    return str(gettext("Service van in Fengxian, open to everybody"))


def _local(day: date, minutes: int) -> datetime:
    """A moment with its zone's name, which a calendar needs to follow the wall clock over a change."""
    return calendar.instant(day, minutes).astimezone(calendar.zone())


def _component(feed: CalendarFeed, event: FeedEvent) -> Event:
    visit, cancelled = event.visit, event.standing is Standing.CANCELLED
    component = Event()
    component.add("uid", f"{visit.uid}@{UID_DOMAIN}")
    component.add("sequence", event.sequence)
    component.add("dtstamp", event.changed_at)
    component.add("last-modified", event.changed_at)
    component.add("dtstart", _local(event.day, event.starts))
    component.add("dtend", _local(event.day, event.closes))
    component.add("summary", _summary(feed, event))
    component.add("location", _location(event))
    component.add("geo", (visit.venue.latitude, visit.venue.longitude))
    component.add("description", "\n".join(_description(feed, event)))
    component.add("categories", _services(event))
    component.add("status", event.standing.value)
    # What is off, or merely open to everybody, takes nobody's time.
    component.add("transp", "TRANSPARENT" if cancelled or feed.kind is FeedKind.PUBLIC else "OPAQUE")
    return component


def _summary(feed: CalendarFeed, event: FeedEvent) -> str:
    venue = formats.localized(event.visit.venue)
    if feed.kind in (FeedKind.TOWN, FeedKind.PUBLIC):
        text = gettext("Service van: %(venue)s", venue=venue)
    else:
        text = f"{venue} · {formats.listed(_services(event))}"
    if event.left:
        return str(gettext("No longer here: %(visit)s", visit=text))
    if event.visit.state is VisitState.MISSED:
        return str(gettext("Did not take place: %(visit)s", visit=text))
    # Some clients show a cancelled event as any other one.
    return str(gettext("Cancelled: %(visit)s", visit=text)) if event.standing is Standing.CANCELLED else str(text)


def _location(event: FeedEvent) -> str:
    """As a map program looks it up: name, street, and the town where the street does not say it."""
    venue, town = event.visit.venue, event.visit.town
    address, town_name = formats.localized(venue, "address"), formats.localized(town)
    parts = [formats.localized(venue), address, "" if town_name in address else town_name]
    return (" " if formats.is_chinese() else ", ").join(part for part in parts if part)


def _services(event: FeedEvent) -> list[str]:
    """By their place in the catalogue."""
    services = sorted(
        (each.service for each in event.visit.request.services), key=lambda each: (each.position, each.code)
    )
    return [formats.localized(service) for service in services]


def _description(feed: CalendarFeed, event: FeedEvent) -> Sequence[str]:
    """The lines of the text; the public reads of the services alone. Nobody's name, number or free words enter it."""
    lines = [str(gettext("Services: %(services)s", services=formats.listed(_services(event))))]
    if event.left:
        return [_why_gone(feed), *lines]
    if feed.kind is FeedKind.PUBLIC:
        return lines
    if feed.kind is FeedKind.TOWN:
        return [*lines, *_for_town(event)]
    return [*_for_crew(event), *lines]


def _why_gone(feed: CalendarFeed) -> str:
    if feed.kind is FeedKind.CREW:
        return str(gettext("This visit is no longer on your tour."))
    if feed.kind is FeedKind.VAN:
        return str(gettext("This visit is no longer with this van."))
    return str(gettext("This visit is no longer in this town."))


def _for_town(event: FeedEvent) -> list[str]:
    visit = event.visit
    lines = [
        gettext("Van: %(van)s", van=formats.localized(visit.shift.van)),
        gettext("About %(number)s people expected", number=formats.number(visit.request.people)),
        gettext("Request %(number)s", number=visit.request.number),
    ]
    if event.standing is Standing.TENTATIVE:
        lines.append(gettext("Not confirmed by you yet"))
    return [str(line) for line in lines]


def _for_crew(event: FeedEvent) -> list[str]:
    """The hours of the stop in the order in which they come."""
    asked = event.visit.request
    lines = [] if event.drive is None else [gettext("Drive %(minutes)s", minutes=formats.duration(event.drive))]
    lines += [
        gettext(
            "Arrive %(time)s, set up %(minutes)s",
            time=formats.clock(event.arrives),
            minutes=formats.duration(asked.setup),
        ),
        gettext("Session %(span)s", span=formats.span(event.starts, event.closes)),
        gettext(
            "Pack up %(minutes)s, leave %(time)s",
            minutes=formats.duration(asked.teardown),
            time=formats.clock(event.departs),
        ),
        gettext("About %(number)s people expected", number=formats.number(asked.people)),
    ]
    if asked.kits:
        lines.append(gettext("%(number)s test kits", number=asked.kits))
    return [str(line) for line in lines]
