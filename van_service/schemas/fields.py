"""The kinds of value that the API reads and writes. Each refuses with a stable code and a sentence for the caller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schedules import calendar
from schedules.wishes import is_printable

LARGEST_ID = 2**31 - 1
MINUTES_PER_DAY = 1440
LONGEST_SPAN = timedelta(days=366)


class Sentence(str):
    """A field's error in words that carries its code."""

    code: str

    def __new__(cls, code: str, text: str) -> Sentence:
        """Keep the code beside the text."""
        sentence = super().__new__(cls, text)
        sentence.code = code
        return sentence


class Between(validate.Range):
    """A number within limits, both included."""

    def _format_error(self, value: Any, message: str) -> str:
        if self.max is None:
            text = gettext("Enter %(least)s or more.", least=self.min)
        elif self.min is None:
            text = gettext("Enter %(most)s or less.", most=self.max)
        else:
            text = gettext("Enter %(least)s to %(most)s.", least=self.min, most=self.max)
        return Sentence("out_of_range", text)


class Sized(validate.Length):
    """A text of so many signs, or a list of so many entries."""

    def _format_error(self, value: Any, message: str) -> str:
        if isinstance(value, str):
            text = gettext("Enter %(least)s to %(most)s signs.", least=self.min or 0, most=self.max)
        else:
            text = gettext("Give %(least)s to %(most)s entries.", least=self.min or 0, most=self.max)
        return Sentence("bad_length", text)


class Text(fields.String):
    """A text without control signs, stripped at both ends, of `least` to `most` signs."""

    def __init__(self, *, most: int = 500, least: int = 0, **given: Any) -> None:
        super().__init__(validate=Sized(min=least, max=most), **given)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if not is_printable(text):
            raise ValidationError(Sentence("bad_text", gettext("The text holds signs that cannot be shown.")))
        return text


class Whole(fields.Integer):
    """A whole number within limits, written as one: 7.5, "7" and true are not."""

    def __init__(self, least: int = 0, most: int = LARGEST_ID, **given: Any) -> None:
        super().__init__(strict=True, validate=Between(min=least, max=most), **given)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class QueryWhole(fields.Integer):
    """A whole number within limits in an address, where everything is text."""

    def __init__(self, least: int = 0, most: int = LARGEST_ID, **given: Any) -> None:
        super().__init__(validate=Between(min=least, max=most), **given)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Degrees(fields.Float):
    """An angle in degrees, WGS-84."""

    def __init__(self, most: float, **given: Any) -> None:
        super().__init__(allow_nan=False, validate=Between(min=-most, max=most), **given)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class RowId(Whole):
    """A row's id; larger numbers than a column holds name nothing."""

    def __init__(self, **given: Any) -> None:
        super().__init__(least=1, most=LARGEST_ID, **given)


class DayMinute(Whole):
    """Whole minutes after local midnight; 1440 is the end of the day."""

    def __init__(self, **given: Any) -> None:
        super().__init__(least=0, most=MINUTES_PER_DAY, **given)


class YesNo(fields.Boolean):
    """True or false, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Choice(fields.Enum[StrEnum]):
    """One of an enum's values."""

    def __init__(self, enum: type[StrEnum], **given: Any) -> None:
        super().__init__(enum, by_value=True, **given)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> StrEnum:
        try:
            return self.enum(value)
        except ValueError:
            choices = ", ".join(choice.value for choice in self.enum)
            raise ValidationError(
                Sentence("bad_choice", gettext("Choose one of: %(choices)s.", choices=choices))
            ) from None


class Instant(fields.AwareDateTime):
    """A moment, written in local time with its offset; read with any offset, never without."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        local = value.astimezone(calendar.zone()) if value is not None else None
        return super()._serialize(local, attr, obj, **kwargs)


class CalendarDate(fields.Date):
    """A date of this century: neither a slip of the keyboard nor one that no calendar can add to."""

    def __init__(self, **given: Any) -> None:
        super().__init__(validate=Between(min=date(2000, 1, 1), max=date(2099, 12, 31)), **given)


class PageQuerySchema(Schema):
    """Which page of a list: so many entries after the one whose id is `after`."""

    after = QueryWhole(1, load_default=None, metadata={"description": "`next` of the page before"})
    limit = QueryWhole(1, 200, load_default=50)


class SpanQuerySchema(Schema):
    """Days from `first` to `last`, both included, a year at most."""

    first = CalendarDate(load_default=None)
    last = CalendarDate(load_default=None)

    @validates_schema
    def _refuse_bad_span(self, values: Mapping[str, Any], **_: Any) -> None:
        first, last = values.get("first"), values.get("last")
        if first and last and not timedelta() <= last - first <= LONGEST_SPAN:
            text = gettext("The last day must be on or after the first, and at most a year later.")
            raise ValidationError(Sentence("bad_span", text), "last")
