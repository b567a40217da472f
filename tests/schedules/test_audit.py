"""The audit trail keeps who, when, what and from where, and no personal data in clear."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from schedules import audit
from schedules.contacts import is_email, is_phone, masked_email, masked_name, masked_phone
from schedules.models import RequestState


def test_a_row_says_who_when_what_and_from_where(session: Session, now: datetime) -> None:
    token = audit.origin.set("192.0.2.7")
    row = audit.record(
        session,
        actor="zhou",
        now=now,
        verb="accepted",
        noun="request",
        noun_id=17,
        before={"state": RequestState.SUBMITTED},
        after={"state": RequestState.ACCEPTED},
    )
    audit.origin.reset(token)
    session.commit()
    session.expire_all()
    assert (row.actor, row.at, row.origin, row.verb, row.noun, row.noun_id) == (
        "zhou",
        now,
        "192.0.2.7",
        "accepted",
        "request",
        "17",
    )
    assert (row.before, row.after) == ({"state": "submitted"}, {"state": "accepted"})


def test_names_phones_addresses_and_notes_never_enter_in_clear(session: Session, now: datetime) -> None:
    said = {
        "contact_name": "欧阳春",
        "contact_phone": "13812345678",
        "contact_email": "chun@example.org",
        "note": "请联系张三 13812345678",
    }
    row = audit.record(session, actor="t", now=now, verb="v", noun="n", noun_id=1, after=said, before={"was": said})
    written = f"{row.before} {row.after}"
    assert row.after["contact_phone"] == "138****5678"
    assert not any(secret in written for secret in ("欧阳", "1234567", "chun", "张三"))


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("021-57421234", "021-5742****"),
        ("0571 8888 1234", "0571-8888****"),
        ("12315", "123****"),
    ],
)
def test_a_phone_keeps_only_its_ends(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


def test_a_name_keeps_only_its_first_sign() -> None:
    assert (masked_name("陆燕"), masked_name("欧阳春"), masked_name("王")) == ("陆*", "欧**", "王*")
    assert masked_email("chun@example.org") == "c***@example.org"


@pytest.mark.parametrize("phone", ["13812345678", "021-57421234", "+8613812345678", "138 1234 5678"])
def test_what_can_be_dialled_is_a_phone_number(phone: str) -> None:
    assert is_phone(phone)


@pytest.mark.parametrize("phone", ["", "138", "1381234567890123", "call me", "'; DROP TABLE visit; --"])
def test_what_cannot_be_dialled_is_no_phone_number(phone: str) -> None:
    assert not is_phone(phone)


@pytest.mark.parametrize("address", ["", "a", "a@", "@b.cn", "a b@c.cn", "a@b", "a@b..cn", "a@-b.cn", "a\n@b.cn"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not is_email(address)


def test_an_address_is_an_address() -> None:
    assert is_email("lu.yan+van@fengxian.example.gov.cn")


def test_a_row_is_neither_changed_nor_deleted(session: Session, now: datetime) -> None:
    row = audit.record(session, actor="zhou", now=now, verb="v", noun="n", noun_id=1)
    session.commit()
    row.actor = "somebody else"
    with pytest.raises(TypeError, match="stays as it was written"):
        session.flush()
    session.rollback()
    session.delete(row)
    with pytest.raises(TypeError, match="stays as it was written"):
        session.flush()
