"""The channels of this installation as coordinators see them: set up or not, where to, how they do; and their tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from schedules import audit, channel_tests
from schedules.channel_records import ChannelRecord, records
from schedules.channels import CHANNELS, Ways
from schedules.contacts import international_phone, is_email
from schedules.errors import BadEmail, BadPhone, ChannelNotSetUp, NotFound
from schedules.models import Message
from van_service import staff
from van_service.accounts import Account
from van_service.extensions import db

TESTABLE = tuple(name for name in CHANNELS if name != "log")
MOST_TESTS = channel_tests.MOST_AN_HOUR
OWN_ADDRESS = {"email": "email", "sms": "phone"}
"""The channels that reach a coordinator in person, and where the account keeps the address."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One channel: where it leads, masked, and None where it is not set up; and what it did in the last 30 days."""

    name: str
    target: str | None
    record: ChannelRecord

    @property
    def is_set_up(self) -> bool:
        """Whether the settings name it."""
        return self.target is not None

    @property
    def condition(self) -> str:
        """off, failing, working or unused."""
        if not self.is_set_up:
            return "off"
        if self.record.is_failing:
            return "failing"
        return "unused" if self.record.last_sent_at is None else "working"


def channel_states(now: datetime) -> list[ChannelState]:
    """Every channel there can be, in the order in which people look at them."""
    ways: Ways = current_app.extensions["ways"]
    found = records(db.session, now=now)
    return [ChannelState(name, ways.target(name), found.get(name, ChannelRecord())) for name in TESTABLE]


def ask_for_test(name: str, account: Account, *, address: str, now: datetime) -> Message:
    """Queue a test to this coordinator or the channel's group.

    An e-mail address or a phone number given is kept with the account, where all messages to this coordinator find it.

    Raises:
        NotFound: there is no such channel.
        ChannelNotSetUp: this installation has it not.
        BadPhone, BadEmail, TooManyTests: as `schedules.channel_tests` says.
    """
    ways: Ways = current_app.extensions["ways"]
    if name not in TESTABLE:
        raise NotFound(noun="channel", id=name)
    if ways.target(name) is None:
        raise ChannelNotSetUp
    db.session.refresh(account, with_for_update=True)
    if address and name in OWN_ADDRESS:
        _keep(account, OWN_ADDRESS[name], address, now)
    return channel_tests.send_test(db.session, name, staff.person_of(account), actor=account.username, now=now)


def _keep(account: Account, field: str, address: str, now: datetime) -> None:
    """Write the address into the account, if it is one and another than before."""
    if field == "phone":
        number = international_phone(address)
        if number is None:
            raise BadPhone(field=field)
        address = number
    elif not is_email(address):
        raise BadEmail(field=field)
    before = getattr(account, field)
    if address == before:
        return
    setattr(account, field, address)
    audit.record(
        db.session,
        actor=account.username,
        now=now,
        verb="change",
        noun="account",
        noun_id=account.id,
        before={field: before},
        after={field: address},
    )
