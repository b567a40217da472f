"""What can go wrong below the web, each error's docstring being its message in English.

The errors know no HTTP: `van_service.errors` has the only table of statuses. `code` is stable and is what a page or
an API client translates; `detail` carries the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


class ScheduleError(Exception):
    """The request could not be carried out."""

    def __init__(self, message: str | None = None, *, field: str | None = None, **detail: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.field = field
        self.detail = detail
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The class name in lower case with underscores, stable for clients."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


class NotFound(ScheduleError):
    """There is nothing here by that name."""


class Forbidden(ScheduleError):
    """This belongs to somebody else."""


class Conflict(ScheduleError):
    """The present state does not allow this."""


class Refused(ScheduleError):
    """A value is not acceptable; `field` names it."""


class MoveNotAllowed(Conflict):
    """This step is not possible from the present state."""


class StalePlan(Conflict):
    """The data this plan was made from has changed; nothing was published."""


class UnlawfulPlan(Conflict):
    """The independent checker found broken rules; nothing was published."""


class ChangedMeanwhile(Conflict):
    """Somebody else changed this meanwhile; load it again."""


class WindowInPast(Refused):
    """The time given is already past."""


class ClosedDay(Refused):
    """No van drives on this day."""


class BeyondCalendar(Refused):
    """The day lies beyond the calendar that has been set up."""


class UnknownVenue(Refused):
    """There is no such venue in this town."""


class UnknownService(Refused):
    """There is no such service in the catalogue."""


class BadMinutes(Refused):
    """The number of minutes is outside what the service allows."""


class WindowTooShort(Refused):
    """The session does not fit into the time given."""


class BadCount(Refused):
    """The number is outside what is possible here."""


class VenueUnsuitable(Refused):
    """The venue lacks what the service needs."""


class CalendarMissing(Refused):
    """No holiday table has been announced for this year; the days are a guess until it is."""


class Invalid(Refused):
    """Several values are not acceptable; `problems` names each."""

    def __init__(self, problems: Sequence[Refused]) -> None:
        super().__init__()
        self.problems = list(problems)


class Missing(Refused):
    """This must be given."""


class TooMany(Refused):
    """There are more of these than can be handled."""


class GivenTwice(Refused):
    """The same thing is given twice."""


class BadWindow(Refused):
    """A time span must begin before it ends and stay within its day."""


class TextTooLong(Refused):
    """The text is too long."""


class BadPhone(Refused):
    """This is not a phone number that can be dialled."""


class BadEmail(Refused):
    """This is not an e-mail address."""


class BadPin(Refused):
    """The request offers no such time to pin it to."""


class OutsideDistrict(Refused):
    """The point does not lie in the district."""


class BadChoice(Refused):
    """This is not one of the words that are possible here."""


class BadText(Refused):
    """The text holds signs that cannot be shown."""


class TooSoon(Refused):
    """This is too soon to be planned."""


class ChangeGone(Conflict):
    """This change is no longer possible as it was found; make a new plan and look again."""


class AlreadyPromised(Conflict):
    """A visit has been promised for this; ask the coordinator to change it."""


class AlreadyUnderWay(Conflict):
    """The van has already set off for this visit."""


class SlotGone(Conflict):
    """No van can keep this time any more; look for another."""


class HoldOver(Conflict):
    """This time is no longer held for you."""


class TooManyHolds(Conflict):
    """You hold as many times as you may; send or release one first."""


class SlotsHeld(Conflict):
    """Towns hold times on shifts that this plan changes; nothing was published."""


class OtherThanHeld(Refused):
    """The time is held for something else; look for a time for this."""


class AlwaysSent(Refused):
    """Without this message somebody would wait in vain; it stays on, for those it is for."""


class AlwaysTold(Refused):
    """This message matters too much to be left out."""


class BadPlaceholder(Refused):
    """The text names something that this message does not know."""


class BadLetter(Refused):
    """The text cannot be made into a letter."""


class TooManyTests(Conflict):
    """You have tested channels as often as may be in an hour."""


class ChannelNotSetUp(Conflict):
    """This installation has not set this channel up."""


def refuse_all(problems: Sequence[Refused]) -> None:
    """Raise the only problem as itself, several as one Invalid, none not at all."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Invalid(problems)
