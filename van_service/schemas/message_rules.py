"""The rules of messages, their numbers, wordings and what people prefer, in and out of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, post_load, validate

from schedules import rules
from schedules.messages import LOCALES
from schedules.rulebook import CHANNELS, DEFAULTS, PERSONAL_CHANNELS, Audience, Lead, Unit
from van_service.schemas.fields import Choice, DayMinute, Sentence, Sized, Text, Whole, YesNo

MOST_WORDS = 20


class OneOf(validate.OneOf):
    """One of a few words."""

    def _format_error(self, value: Any) -> str:
        return Sentence("bad_choice", gettext("Choose one of: %(choices)s.", choices=self.choices_text))


class LeadSchema(Schema):
    """How long before a visit, a shift or a week a message is due.

    By the clock: so many `days` before (working ones if `working`, 0 is the day itself) when the clock shows `minutes`
    after midnight. By working_minutes: so many `minutes` of working hours before the beginning.
    """

    unit = Choice(Unit, load_default=Unit.CLOCK)
    days = Whole(0, rules.MOST_DAYS, load_default=0)
    minutes = Whole(0, rules.MOST_WORKING_MINUTES, required=True)
    working = YesNo(load_default=False)

    @post_load
    def _make(self, values: Mapping[str, Any], **_: Any) -> Lead:
        return Lead(**values)


class MessageRuleSchema(Schema):
    """What holds for one kind of message; `version` is 0 while nobody has changed the default."""

    kind = fields.String()
    enabled = fields.Boolean()
    audiences = fields.List(Choice(Audience))
    channels = fields.List(fields.String(), metadata={"description": "in order of preference"})
    lead = fields.Nested(LeadSchema, allow_none=True, metadata={"description": "null of what is said at once"})
    urgent = fields.Boolean(metadata={"description": "waits neither for quiet hours to end nor for a digest"})
    version = fields.Integer()
    may_be_off = fields.Function(lambda rule: rule.kind not in rules.NEVER_OFF, metadata={"type": "boolean"})
    may_be_muted = fields.Function(lambda rule: rule.kind not in rules.NEVER_MUTED, metadata={"type": "boolean"})
    possible_audiences = fields.Function(
        lambda rule: [audience.value for audience in rules.possible_audiences(rule.kind)],
        metadata={"type": "array", "items": {"type": "string"}},
    )


class MessageRuleInSchema(Schema):
    """What shall hold for one kind of message."""

    enabled = YesNo(required=True)
    audiences = fields.List(Choice(Audience), required=True, validate=Sized(min=1, max=MOST_WORDS))
    channels = fields.List(
        fields.String(validate=OneOf(CHANNELS)), required=True, validate=Sized(min=1, max=MOST_WORDS)
    )
    lead = fields.Nested(LeadSchema, required=True, allow_none=True)
    urgent = YesNo(required=True)


class MessageSettingsSchema(Schema):
    """Minutes after midnight of the quiet and the working hours, and for how long a digest gathers."""

    quiet_from = Whole(0, 1439, required=True)
    quiet_until = Whole(0, 1439, required=True)
    digest_minutes = Whole(0, rules.LONGEST_DIGEST, required=True)
    work_from = Whole(0, 1439, required=True)
    work_until = DayMinute(required=True)


class LetterTextSchema(Schema):
    """The wording of one kind in one language; `own` says that coordinators have written it."""

    kind = fields.String()
    locale = fields.String()
    subject = fields.String()
    body = fields.String()
    own = fields.Boolean()
    version = fields.Integer()
    placeholders = fields.List(fields.String(), metadata={"description": "the names that may be used"})


class LetterTextInSchema(Schema):
    """A wording: a subject of one line and a text, with names in double braces."""

    subject = Text(least=1, most=400, required=True)
    body = Text(least=1, most=4000, required=True)


class PreviewQuerySchema(Schema):
    """Which language, and a wording to try in place of the one in force."""

    locale = fields.String(validate=OneOf(tuple(LOCALES)), load_default="zh_CN")
    subject = Text(least=1, most=400, load_default=None)
    body = Text(least=1, most=4000, load_default=None)


class PreviewSchema(Schema):
    """How a letter reads in one of the cases that its kind knows."""

    subject = fields.String()
    body = fields.String()


class MessagePreferenceSchema(Schema):
    """What one person wants of messages; null means as the rules say."""

    person = fields.String()
    locale = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    muted = fields.List(fields.String())
    version = fields.Integer()
    kinds = fields.Dict(
        keys=fields.String(),
        values=fields.Boolean(),
        metadata={"description": "the kinds that the person gets, and whether each may be muted"},
    )
    ways = fields.List(fields.String(), metadata={"description": "the channels that reach the person"})


class MessagePreferenceInSchema(Schema):
    """What one person shall be told, in which language and by which channel."""

    locale = fields.String(validate=OneOf(tuple(LOCALES)), required=True, allow_none=True)
    channel = fields.String(validate=OneOf(PERSONAL_CHANNELS), required=True, allow_none=True)
    muted = fields.List(
        fields.String(validate=OneOf(tuple(DEFAULTS))), required=True, validate=Sized(max=len(DEFAULTS))
    )


class PersonQuerySchema(Schema):
    """Whose preferences; one's own where nobody is named."""

    person = Text(most=40, load_default=None, metadata={"description": "town:3, crew:5, coordinator:2, contact:17"})
