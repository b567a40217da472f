"""Channels on the desk and over the API: what is set up, how it does, and a test that goes the way of every message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules import recipients
from schedules.channels import channels_for
from schedules.delivery import deliver_once
from schedules.models import AuditRow, Message
from tests.schedules.post_office import PostOffice, open_post_office
from tests.schedules.services import Reply, Service, always, open_service
from tests.van_service.conftest import Clock, District
from tests.van_service.page_calls import error_beside, send, signed_in
from van_service.accounts import Account
from van_service.settings import Settings

Sessions = sessionmaker[Session]

TAKEN = {"errcode": 0, "errmsg": "ok"}
KEY = "693a91f6-7abc-4bc4-97a0-0ec2a1fa5aaa"


@pytest.fixture
def group() -> Iterator[Service]:
    """A WeCom group's bot that takes everything."""
    with open_service(always(Reply(fields=TAKEN))) as service:
        yield service


@pytest.fixture
def gateway() -> Iterator[Service]:
    """A gateway for text messages that takes everything."""
    with open_service(always(Reply(202, {"id": "sms-1"}))) as service:
        yield service


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    with open_post_office() as (office, server):
        office.port = server.port  # type: ignore[attr-defined]
        yield office


@pytest.fixture
def settings(settings: Settings, group: Service, gateway: Service, post_office: Any) -> Iterator[Settings]:
    """E-mail, text messages and WeCom are set up; DingTalk, Feishu and Apprise are not."""
    yield replace(
        settings,
        mail_host="127.0.0.1",
        mail_port=post_office.port,
        wecom_bot_url=f"{group.url}/cgi-bin/webhook/send?key={KEY}",
        sms_webhook_url=f"{gateway.url}/sms",
        sms_webhook_secret="between us",
    )
    recipients.use_channels({"email"})


@pytest.fixture
def deliver(app: Flask, clock: Clock, session_factory: Sessions) -> Any:
    """Let the scheduler send what is due."""

    def deliver() -> dict[str, int]:
        return deliver_once(session_factory, channels_for(app.extensions["ways"]), now=clock.now, owner="test")

    return deliver


@pytest.fixture
def me(session_factory: Sessions, district: District) -> None:
    """The coordinator has an e-mail address."""
    with session_factory.begin() as session:
        session.scalars(select(Account).where(Account.username == "coordinator")).one().email = "zhou@example.org"


@pytest.fixture
def api(as_role: Any, me: None) -> FlaskClient:
    client: FlaskClient = as_role("coordinator")
    return client


@pytest.fixture
def desk(app: Flask, me: None) -> FlaskClient:
    return signed_in(app, "coordinator")


def listed(api: FlaskClient) -> dict[str, dict[str, Any]]:
    """The channels by name."""
    return {channel["name"]: channel for channel in api.get("/api/v1/channels").json or []}


def test_channels_are_listed_with_what_is_set_up_and_no_key(api: FlaskClient, group: Service) -> None:
    answer = api.get("/api/v1/channels")
    found = {channel["name"]: (channel["condition"], channel["target"]) for channel in answer.json or []}
    assert found["wecom"] == ("unused", f"{group.url.removeprefix('http://')} ****5aaa")
    assert found["dingtalk"] == ("off", None)
    assert list(found) == ["email", "sms", "wecom", "dingtalk", "feishu", "apprise"]
    assert KEY not in answer.text


def test_a_test_of_a_group_goes_through_the_outbox_to_the_group(api: FlaskClient, group: Service, deliver: Any) -> None:
    queued = api.post("/api/v1/channels/wecom/test", json={})
    assert (queued.status_code, queued.json["state"], queued.json["kind"]) == (202, "queued", "channel_test")
    assert group.calls == []
    deliver()
    assert "测试消息" in group.calls[0].fields["text"]["content"]
    assert listed(api)["wecom"]["condition"] == "working"
    assert listed(api)["wecom"]["last_test"]["state"] == "sent"


def test_a_test_of_e_mail_goes_to_whoever_asks(api: FlaskClient, post_office: PostOffice, deliver: Any) -> None:
    api.post("/api/v1/channels/email/test", json={})
    deliver()
    assert [mail["To"].addresses[0].addr_spec for mail in post_office.mails] == ["zhou@example.org"]


def test_a_text_message_goes_to_the_number_of_the_account_which_no_message_keeps(
    api: FlaskClient, gateway: Service, deliver: Any, session: Session
) -> None:
    api.post("/api/v1/channels/sms/test", json={"phone": "138 1234 5678"})
    deliver()
    api.post("/api/v1/channels/sms/test", json={})
    deliver()
    assert [call.fields["recipient"] for call in gateway.calls] == ["+8613812345678"] * 2
    rows = session.scalars(select(Message)).all()
    assert [row.recipient for row in rows] == ["phone", "phone"]
    audited = session.scalars(select(AuditRow).where(AuditRow.noun == "account")).all()
    assert [row.after for row in audited] == [{"phone": "138****5678"}]


@pytest.mark.parametrize(
    ("channel", "body", "status", "code"),
    [
        ("sms", {}, 422, "bad_phone"),
        ("sms", {"phone": "twelve"}, 422, "bad_phone"),
        ("email", {"email": "zhou@nowhere"}, 422, "bad_email"),
        ("dingtalk", {}, 409, "channel_not_set_up"),
        ("pigeon", {}, 404, "not_found"),
        ("log", {}, 404, "not_found"),
    ],
)
def test_a_test_that_cannot_be_is_refused_by_its_reason(
    api: FlaskClient, channel: str, body: dict[str, str], status: int, code: str, session: Session
) -> None:
    answer = api.post(f"/api/v1/channels/{channel}/test", json=body)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code)
    assert session.scalars(select(Message)).all() == []


def test_an_address_given_is_kept_with_the_account(
    as_role: Any, post_office: PostOffice, deliver: Any, session: Session
) -> None:
    answer = as_role("coordinator").post("/api/v1/channels/email/test", json={"email": "zhou.min@example.org"})
    deliver()
    assert answer.status_code == 202
    assert [mail["To"].addresses[0].addr_spec for mail in post_office.mails] == ["zhou.min@example.org"]
    account = session.scalars(select(Account).where(Account.username == "coordinator")).one()
    assert account.email == "zhou.min@example.org"


def test_a_coordinator_without_an_address_is_told_so(as_role: Any) -> None:
    answer = as_role("coordinator").post("/api/v1/channels/email/test", json={})
    assert (answer.status_code, answer.json["code"]) == (422, "bad_email")


@pytest.mark.parametrize("role", ["town", "crew"])
def test_channels_are_the_coordinators_business(as_role: Any, role: str, session: Session) -> None:
    assert as_role(role).get("/api/v1/channels").status_code == 403
    assert as_role(role).post("/api/v1/channels/wecom/test", json={}).status_code == 403
    assert session.scalars(select(Message)).all() == []


def test_five_tests_an_hour_and_no_more(api: FlaskClient, clock: Clock) -> None:
    answers = [api.post("/api/v1/channels/wecom/test", json={}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert answers[5].json["numbers"] == {"most": 5}
    clock.now += timedelta(hours=1, seconds=1)
    assert api.post("/api/v1/channels/wecom/test", json={}).status_code == 202


def test_tests_asked_for_at_the_same_moment_are_counted_too(as_role: Any, me: None, session_factory: Sessions) -> None:
    clients = [as_role("coordinator") for _ in range(8)]
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: client.post("/api/v1/channels/wecom/test", json={}), clients))
    taken = [answer for answer in answers if answer.status_code == 202]
    with session_factory() as session:
        assert len(session.scalars(select(Message)).all()) == len(taken)
    assert 1 <= len(taken) <= 5


def test_a_refused_test_is_shown_with_its_reason_in_words(
    api: FlaskClient, desk: FlaskClient, group: Service, deliver: Any
) -> None:
    group.judge = always(Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"}))
    send(desk, "/desk/messages/channels/wecom/test", page="/desk/messages/channels")
    deliver()
    found = listed(api)["wecom"]
    assert (found["condition"], found["last_test"]["state"]) == ("failing", "dead")
    page = desk.get("/desk/messages/channels").text
    assert "The bot&#39;s address is no longer valid" in page
    assert "93000 invalid webhook url" in page


def test_a_test_that_failed_is_nobody_to_call(desk: FlaskClient, group: Service, deliver: Any) -> None:
    group.judge = always(Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"}))
    send(desk, "/desk/messages/channels/wecom/test", page="/desk/messages/channels")
    deliver()
    assert "Test of a channel" not in desk.get("/desk/messages/calls").text


def test_the_page_asks_again_while_a_test_is_under_way_and_then_no_more(desk: FlaskClient, deliver: Any) -> None:
    path = "/desk/messages/channels"
    assert send(desk, f"{path}/wecom/test", page=path).status_code == 303
    assert "hx-get" in desk.get(path).text
    deliver()
    assert "hx-get" not in desk.get(f"{path}/table").text


def test_a_number_that_is_none_is_complained_of_beside_its_field(desk: FlaskClient) -> None:
    path = "/desk/messages/channels"
    answer = send(desk, f"{path}/sms/test", {"address": "twelve"}, page=path)
    assert (answer.status_code, error_beside(answer.text, "sms")) == (
        422,
        "This is not a phone number that can be dialled.",
    )


def test_the_page_masks_addresses_and_numbers_and_holds_no_key(
    desk: FlaskClient, gateway: Service, deliver: Any
) -> None:
    path = "/desk/messages/channels"
    send(desk, f"{path}/sms/test", {"address": "13812345678"}, page=path)
    page = desk.get(path).text
    assert "138****5678" in page
    assert "z***@example.org" in page
    assert [text for text in ("13812345678", "zhou@example.org", KEY, "between us") if text in page] == []


def test_what_is_overdue_is_counted(api: FlaskClient) -> None:
    api.post("/api/v1/channels/wecom/test", json={})
    assert listed(api)["wecom"]["overdue"] == 1


def test_a_channel_that_is_not_set_up_names_its_settings_and_has_no_button(desk: FlaskClient) -> None:
    page = desk.get("/desk/messages/channels").text
    assert "FEISHU_BOT_URL" in page
    assert re.findall(r'/messages/channels/(\w+)/test"', page) == ["email", "sms", "wecom"]
