"""The tabs of the app bar, by role. Each names an endpoint of this package and the words people read."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from van_service.accounts import Role


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the app bar; `also` are endpoints that lie under it without being it, `under` their common path."""

    endpoint: str
    label: LazyString
    also: tuple[str, ...] = ()
    under: str = ""

    @property
    def current(self) -> bool:
        """Whether the page being shown lies under this tab."""
        below = bool(self.under) and f"{request.path}/".startswith(f"{self.under}/")
        return below or request.endpoint == self.endpoint or request.endpoint in self.also


TABS: dict[Role, tuple[Tab, ...]] = {
    Role.TOWN: (
        Tab(
            "town.home",
            lazy_gettext("My requests"),
            ("town.show", "town.amend", "town.withdraw", "town_calendar.show_town", "town_calendar.make_town"),
        ),
        Tab("town.ask", lazy_gettext("Ask for a visit")),
        Tab("town.results", lazy_gettext("Results")),
    ),
    Role.CREW: (),
    Role.COORDINATOR: (
        Tab("desk.home", lazy_gettext("Today"), ("desk.visits", "desk.visit")),
        Tab("desk.requests", lazy_gettext("Requests"), ("desk.request", "desk.reveal_contact")),
        Tab(
            "desk.runs",
            lazy_gettext("Planning"),
            ("desk.run", "desk.plan", "desk.review", "desk.publish", "desk.edit", "desk.change_plan"),
        ),
        Tab("desk.disruptions", lazy_gettext("Bad day"), ("desk.enter_disruption", "desk.repair")),
        Tab("desk.coverage", lazy_gettext("Coverage")),
        Tab("desk.messages", lazy_gettext("Messages"), under="/desk/messages"),
        Tab(
            "desk.masters",
            lazy_gettext("Lists"),
            ("desk.services", "desk.fleet", "desk.roster", "desk.days", "desk.points", "desk.feeds", "desk.make_feed"),
        ),
    ),
}


def tabs_of(role: Role) -> tuple[Tab, ...]:
    """The tabs that somebody of this role sees."""
    return TABS[role]
