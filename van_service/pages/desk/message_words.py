"""Messages in words: what kind they are, when their rule sends them, to whom, and why one was not sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from schedules import recipients
from schedules.contacts import masked_email
from schedules.forecast import Departure
from schedules.models import CrewMember, Message, MessageState, Town, VisitRequest
from schedules.recipients import PHONE, channels_in_use
from schedules.reminders import WAITING
from schedules.rulebook import GROUP_CHANNELS, PERSONAL_CHANNELS, Audience, Lead, Rule, Unit, rule_of
from schedules.waiting import WAITS_FOR_DIGEST, WAITS_FOR_MORNING
from van_service.delivery_words import error_in_words
from van_service.extensions import db
from van_service.pages import formats

_l = lazy_gettext

KINDS: dict[str, Any] = {
    "request_received": _l("Request received"),
    "request_accepted": _l("Request accepted"),
    "request_declined": _l("Request declined"),
    "request_expired": _l("Request expired"),
    "offer": _l("Time offered"),
    "published": _l("Visit promised"),
    "moved": _l("Visit moved"),
    "cancelled": _l("Visit cancelled"),
    "day_before": _l("Reminder, day before"),
    "morning_of": _l("Reminder, same morning"),
    "crew_on_the_way": _l("Van on its way"),
    "delayed": _l("Van delayed"),
    "visit_missed": _l("Visit missed"),
    "results_ready": _l("Results ready"),
    "crew_tour": _l("Tomorrow's tour"),
    "roster_changed": _l("Roster changed"),
    "unconfirmed": _l("Visit not confirmed"),
    "plan_stale": _l("Plan out of date"),
    "kits_low": _l("Test kits low"),
    "days_missing": _l("Holiday table missing"),
    "channel_test": _l("Test of a channel"),
}

CHANNELS: dict[str, Any] = {
    "email": _l("e-mail"),
    "sms": _l("text message"),
    "wecom": _l("WeCom"),
    "dingtalk": _l("DingTalk"),
    "feishu": _l("Feishu"),
    "apprise": _l("Apprise"),
    "log": _l("by phone"),
}

AUDIENCES: dict[str, Any] = {
    "contact": _l("the contact in the request"),
    "liaison": _l("the town's liaison officer"),
    "crew": _l("the crew on the van"),
    "coordinators": _l("coordinators"),
    "group": _l("the office's chats"),
}

# What makes a message that is due at once.
EVENTS: dict[str, Any] = {
    "request_received": _l("as soon as a request is filed"),
    "request_accepted": _l("as soon as the request is accepted"),
    "request_declined": _l("as soon as the request is declined"),
    "request_expired": _l("as soon as no time asked for is left"),
    "offer": _l("as soon as a time is free"),
    "published": _l("as soon as the plan is published"),
    "moved": _l("as soon as the visit is moved"),
    "cancelled": _l("as soon as the visit is cancelled"),
    "crew_on_the_way": _l("as soon as the van sets off"),
    "delayed": _l("as soon as the van is over 15 minutes late"),
    "visit_missed": _l("as soon as the visit is marked as missed"),
    "results_ready": _l("as soon as the report is filed"),
    "roster_changed": _l("as soon as the roster changes"),
    "plan_stale": _l("as soon as what a plan rests on has changed"),
    "days_missing": _l("while the holidays of the coming year are not announced"),
    "channel_test": _l("when a coordinator tests a channel"),
}

# Why a message was not sent, by the words that the use cases leave; servers' own words stand as they are.
REASONS: dict[str, Any] = {
    "visit_changed": _l("The visit has changed since; a newer message says how."),
    "visit_over": _l("The visit was over or called off."),
    "tour_changed": _l("The tour has changed since; a newer message says how."),
    "off_roster": _l("The person no longer rides on that shift."),
    "rides_again": _l("The person rides on that shift again."),
    "shift_gone": _l("The shift was taken off the roster."),
    "roster_changed_again": _l("The shift's hours have changed again; a newer message says how."),
    "cured": _l("It was put right before the message went out."),
    "covered_by_morning_of": _l("The reminder of the same morning said the same."),
    "useful_time_over": _l("The session had begun before it could be sent."),
    "rule_off": _l("Its rule was switched off."),
    "rule_changed": _l("Its rule was changed: it is not for this person."),
    "muted": _l("The person does not want messages of this kind."),
    "sender_died": _l("The sending process ended in the middle; nobody can tell whether it left."),
}

# What a message waits for, by the words of the rules that make it wait.
WAITS: dict[str, Any] = {
    WAITS_FOR_MORNING: _l("waits for the end of quiet hours"),
    WAITS_FOR_DIGEST: _l("waits to go as one letter with others"),
}

# One or two words for where there is little room; `van_service.words` has the whole ones.
STATES_SHORT: dict[MessageState, Any] = {
    MessageState.SENT: _l("sent"),
    MessageState.SENDING: _l("being sent"),
    MessageState.FAILED: _l("tried again"),
    MessageState.DEAD: _l("undeliverable"),
    MessageState.UNKNOWN: _l("uncertain"),
    MessageState.TOO_LATE: _l("too late"),
    MessageState.STALE: _l("overtaken"),
    MessageState.CANCELLED: _l("called off"),
}

# What people did to a message, by the verb of the audit trail.
DEEDS: dict[str, Any] = {
    "send_again": _l("queued again"),
    "call_off": _l("called off"),
    "mark_called": _l("told by telephone"),
    "take_back_call": _l("put back on the call list"),
}


def what_became(message: Message) -> str:
    """Beside its state: how often it was tried, what stood in the way, when it is tried next, whether somebody rang."""
    parts = [_tries_in_words(message), why_in_words(message)]
    if message.state is MessageState.FAILED:
        parts.append(gettext("next attempt %(moment)s", moment=formats.moment(message.due_at)))
    if message.called_at is not None:
        told = gettext(
            "told by telephone, %(who)s, %(moment)s", who=message.called_by, moment=formats.moment(message.called_at)
        )
        parts.append(told)
    return " · ".join(part for part in parts if part)


def departure_in_words(departure: Departure) -> str:
    """What holds a message up, and with how many others it goes."""
    parts = [str(WAITS[departure.waits_for])] if departure.waits_for is not None else []
    if departure.others:
        parts.append(
            str(ngettext("in one letter with %(num)s other", "in one letter with %(num)s others", departure.others))
        )
    return " · ".join(parts)


def _tries_in_words(message: Message) -> str:
    """How often it was tried, where that was more than once or in vain."""
    if message.attempts == 0 or (message.attempts == 1 and message.state is MessageState.SENT):
        return ""
    return str(ngettext("%(num)s attempt", "%(num)s attempts", message.attempts))


def why_in_words(message: Message) -> str:
    """What stood in the way of a message, empty where nothing did."""
    reason = message.last_error or ""
    if reason in WAITS:  # of what no longer waits this says nothing any more
        reason = reason if message.state in WAITING else ""
    if not reason and message.state is MessageState.STALE:
        reason = "visit_changed"  # a new version puts aside what waits about older ones, all at once
    known = {**REASONS, **WAITS}.get(reason)
    return error_in_words(reason) if known is None else str(known)


def channel_in_words(message: Message) -> str:
    """By which way a message goes."""
    if message.recipient == PHONE and message.channel == "log":
        return str(gettext("by phone"))
    return str(CHANNELS.get(message.channel, message.channel))


def recipient_in_words(message: Message) -> str:
    """The address as those see it who need not know it."""
    if message.recipient == PHONE:
        return gettext("by phone")
    return gettext("the group") if message.recipient == recipients.GROUP else masked_email(message.recipient)


def moment_in_words(rule: Rule) -> str:
    """When a rule's messages are due."""
    if rule.lead is None:
        return str(EVENTS[rule.kind])
    return _lead_in_words(rule.lead)


def moment_of_kind(kind: str) -> str:
    """When messages of this kind are due, by the rule in force."""
    return moment_in_words(rule_of(db.session, kind))


def _lead_in_words(lead: Lead) -> str:
    if lead.unit is Unit.WORKING_MINUTES:
        return gettext("%(hours)s working hours before", hours=f"{lead.minutes / 60:g}")
    at = formats.clock(lead.minutes)
    if lead.days == 0:
        return gettext("on the day at %(time)s", time=at)
    if lead.days == 1 and lead.working:
        return gettext("the working day before at %(time)s", time=at)
    if lead.days == 1:
        return gettext("the day before at %(time)s", time=at)
    if lead.working:
        return gettext("%(days)s working days before at %(time)s", days=lead.days, time=at)
    return gettext("%(days)s days before at %(time)s", days=lead.days, time=at)


def usual_of_group(rules: Iterable[Rule]) -> str:
    """For whom and by which ways most rules of a group are."""
    return Counter(whom_and_how(rule) for rule in rules).most_common(1)[0][0]


def whom_and_how(rule: Rule) -> str:
    """For whom a rule's messages are, and by which ways they go."""
    return f"{audiences_in_words(rule)} · {ways_in_words(rule)}"


def audiences_in_words(rule: Rule) -> str:
    """Whom a rule's messages are for."""
    return formats.listed([str(AUDIENCES[audience]) for audience in rule.audiences])


def ways_in_words(rule: Rule) -> str:
    """By which ways a rule's messages go, in order, of those that this installation has; in the end by phone."""
    in_use = channels_in_use()
    persons = [str(CHANNELS[name]) for name in rule.channels if name in in_use and name in PERSONAL_CHANNELS]
    chats = [str(CHANNELS[name]) for name in rule.channels if name in in_use and name in GROUP_CHANNELS]
    to_persons = " → ".join([*persons, str(CHANNELS["log"])]) if set(rule.audiences) - {Audience.GROUP} else ""
    to_chats = formats.listed(chats) if Audience.GROUP in rule.audiences else ""
    return " · ".join(filter(None, [to_persons, to_chats]))


def phone_of(message: Message) -> str | None:
    """The number of whoever a message is for, as people wrote it; of coordinators in international form."""
    key = recipients.person_key(message)
    noun, _, number = key.partition(":")
    if noun == "crew":
        member = db.session.get(CrewMember, int(number))
        return member.phone if member is not None else None
    if noun == "town":
        town = db.session.get(Town, int(number))
        return town.contact_phone if town is not None else None
    if noun == "contact":
        asked = db.session.get(VisitRequest, int(number))
        return asked.contact_phone if asked is not None else None
    return recipients.phone_of(db.session, key)
