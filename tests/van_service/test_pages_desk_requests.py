"""The coordinator's inbox: what is shown of a request, and every decision on it, refusals in words included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from schedules.models import AuditRow, Hotspot, Message, Priority, RequestState, Service, Shift, Venue, VisitRequest
from tests.factories import make_request
from tests.van_service.conftest import District
from tests.van_service.page_calls import send, signed_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Sessions = sessionmaker[Session]
Asking = Callable[..., int]


@pytest.fixture
def desk(app: Flask, district: District) -> FlaskClient:
    """The coordinator, reading English."""
    return signed_in(app, "coordinator")


@pytest.fixture
def ask(district: District, session_factory: Sessions, now: datetime) -> Asking:
    """File a request of the first town for Tuesday morning; its id."""

    def ask(**given: object) -> int:
        with session_factory.begin() as session:
            windows = [(district.tuesday, 510, 690)]
            values = {"state": RequestState.SUBMITTED, "people": 85} | given
            venue, service = session.get_one(Venue, district.venue), session.get_one(Service, district.service)
            filed = now - timedelta(days=10)
            return make_request(session, windows, now=filed, venue=venue, service=service, **values).id

    return ask


@pytest.fixture
def stored(session_factory: Sessions) -> Callable[[int], VisitRequest]:
    def stored(request_id: int) -> VisitRequest:
        with session_factory() as session:
            return session.get_one(VisitRequest, request_id)

    return stored


Stored = Callable[[int], VisitRequest]


def said_after(client: FlaskClient, answer: object, page: str) -> str:
    """The page that a form leads back to."""
    assert getattr(answer, "status_code", None) == 303
    return client.get(page).text


def test_the_inbox_shows_what_a_request_is_worth_and_why(
    desk: FlaskClient, ask: Asking, session_factory: Sessions, district: District, now: datetime
) -> None:
    with session_factory.begin() as session:
        spot = {"topic_zh": "预付卡", "topic_en": "Prepaid cards", "complaints_before": 9, "complaints_now": 31}
        days = {"first_day": now.date(), "last_day": now.date() + timedelta(days=9)}
        session.add(Hotspot(town_id=district.town, points=60, **spot, **days))
    ask(priority=Priority.RAISED)
    page = desk.get("/desk/requests").text
    # 300 + raised 100 + 10 days of 4 + hotspot 60 + a town never visited counts as 35 days of 3
    assert "<b>605</b>" in page
    assert "base 300 + priority 100 + waiting 40 + hotspot 60 + town not visited 105" in page
    assert "Tue 2 June 08:30–11:30" in page
    assert "never yet" in page


def test_the_inbox_lists_the_most_valuable_first(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    plain, urgent = ask(), ask(priority=Priority.URGENT)
    page = desk.get("/desk/requests").text
    assert page.index(stored(urgent).number) < page.index(stored(plain).number)


def test_the_inbox_can_be_narrowed_to_a_town_and_a_state(
    desk: FlaskClient, ask: Asking, stored: Stored, district: District
) -> None:
    number = stored(ask()).number
    accepted = stored(ask(state=RequestState.ACCEPTED)).number
    assert number in desk.get(f"/desk/requests?town={district.town}").text
    assert number not in desk.get(f"/desk/requests?town={district.other_town}").text
    waiting = desk.get("/desk/requests?state=accepted").text
    assert accepted in waiting
    assert number not in waiting


def test_accepting_takes_a_request_into_the_planning_and_tells_the_town(
    desk: FlaskClient, ask: Asking, stored: Stored, session_factory: Sessions
) -> None:
    request_id = ask()
    answer = send(desk, f"/desk/requests/{request_id}/accept", page="/desk/requests")
    assert "is accepted; the town is told" in said_after(desk, answer, answer.location)
    assert stored(request_id).state is RequestState.ACCEPTED
    with session_factory() as session:
        assert set(session.scalars(select(Message.kind))) == {"request_accepted"}


def test_accepting_twice_is_refused_in_words(desk: FlaskClient, ask: Asking) -> None:
    request_id = ask(state=RequestState.ACCEPTED)
    answer = send(desk, f"/desk/requests/{request_id}/accept", page="/desk/requests")
    assert "This step is not possible from the present state." in said_after(desk, answer, answer.location)


def test_ticked_requests_are_accepted_together(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    first, second, third = ask(), ask(), ask()
    answer = send(desk, "/desk/requests/accept", {"id": [str(first), str(third)]}, page="/desk/requests")
    assert "2 requests are accepted." in said_after(desk, answer, answer.location)
    states = [stored(each).state for each in (first, second, third)]
    assert states == [RequestState.ACCEPTED, RequestState.SUBMITTED, RequestState.ACCEPTED]


def test_of_ticked_requests_all_are_accepted_or_none(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    fine, ended = ask(), ask(state=RequestState.WITHDRAWN)
    send(desk, "/desk/requests/accept", {"id": [str(fine), str(ended)]}, page="/desk/requests")
    assert stored(fine).state is RequestState.SUBMITTED


def test_nothing_ticked_is_said_so(desk: FlaskClient, ask: Asking) -> None:
    ask()
    answer = send(desk, "/desk/requests/accept", page="/desk/requests")
    assert "Tick at least one request." in said_after(desk, answer, answer.location)


def test_declining_needs_a_reason(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    request_id = ask()
    answer = send(desk, f"/desk/requests/{request_id}/decline", {"reason": " "}, page="/desk/requests")
    assert "This is needed." in said_after(desk, answer, answer.location)
    assert stored(request_id).state is RequestState.SUBMITTED


def test_a_declined_request_shows_the_reason(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    request_id = ask()
    answer = send(desk, f"/desk/requests/{request_id}/decline", {"reason": "广场在修路"}, page="/desk/requests")
    assert "Declined: 广场在修路" in said_after(desk, answer, f"/desk/requests/{request_id}")
    assert stored(request_id).state is RequestState.DECLINED


def test_a_form_leads_back_to_the_page_it_stood_on_and_nowhere_else(desk: FlaskClient, ask: Asking) -> None:
    first, second = ask(), ask()
    home = send(desk, f"/desk/requests/{first}/accept", {"next": "/desk"}, page="/desk/requests")
    away = send(desk, f"/desk/requests/{second}/accept", {"next": "https://example.org/"}, page="/desk/requests")
    assert [home.location, away.location] == ["/desk", f"/desk/requests/{second}"]


def test_a_new_priority_changes_what_a_visit_is_worth(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    request_id = ask()
    page = f"/desk/requests/{request_id}"
    send(desk, f"{page}/priority", {"priority": "urgent"}, page=page)
    assert stored(request_id).priority is Priority.URGENT
    assert "<b>745</b>" in desk.get(page).text  # 300 + urgent 300 + waiting 40 + never visited 105


def test_a_priority_that_does_not_exist_is_refused(desk: FlaskClient, ask: Asking, stored: Stored) -> None:
    request_id = ask()
    answer = send(desk, f"/desk/requests/{request_id}/priority", {"priority": "highest"}, page="/desk/requests")
    assert "not one of the words" in said_after(desk, answer, answer.location)
    assert stored(request_id).priority is Priority.NORMAL


def test_a_request_is_pinned_to_a_shift_and_let_go(
    desk: FlaskClient, ask: Asking, stored: Stored, district: District
) -> None:
    request_id = ask(state=RequestState.ACCEPTED)
    page = f"/desk/requests/{request_id}"
    answer = send(desk, f"{page}/pin", {"shift_id": str(district.shift), "starts": "09:00"}, page=page)
    assert "Pinned to" in said_after(desk, answer, page)
    assert (stored(request_id).pinned_shift_id, stored(request_id).pinned_starts) == (district.shift, 540)
    send(desk, f"{page}/unpin", page=page)
    assert stored(request_id).pinned_shift_id is None


@pytest.mark.parametrize(
    ("starts", "sentence"),
    [("nine", "is no time. Write it as 09:30."), ("11:00", "The request offers no such time to pin it to.")],
)
def test_a_pin_that_cannot_be_is_refused_in_words(
    starts: str, sentence: str, desk: FlaskClient, ask: Asking, stored: Stored, district: District
) -> None:
    request_id = ask(state=RequestState.ACCEPTED)
    page = f"/desk/requests/{request_id}"
    answer = send(desk, f"{page}/pin", {"shift_id": str(district.shift), "starts": starts}, page=page)
    assert sentence in said_after(desk, answer, page)
    assert stored(request_id).pinned_shift_id is None


def test_only_shifts_that_drive_on_the_days_asked_are_offered_for_a_pin(
    desk: FlaskClient, ask: Asking, district: District, session_factory: Sessions
) -> None:
    request_id = ask(state=RequestState.ACCEPTED)
    page = desk.get(f"/desk/requests/{request_id}").text
    assert f'<option value="{district.shift}">' in page
    assert f'<option value="{district.next_shift}">' not in page  # Wednesday was not asked for
    with session_factory.begin() as session:
        session.get_one(Shift, district.shift).out_of_service = "repair"
    assert f'<option value="{district.shift}">' not in desk.get(f"/desk/requests/{request_id}").text


def test_a_number_is_masked_until_it_is_asked_for_which_is_logged(
    desk: FlaskClient, ask: Asking, session_factory: Sessions
) -> None:
    request_id = ask(contact_phone="13900006789")
    page = f"/desk/requests/{request_id}"
    masked = desk.get(page).text
    assert "139****6789" in masked
    assert "13900006789" not in masked
    assert "13900006789" in send(desk, f"{page}/phone", page=page).text
    with session_factory() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.verb == "revealed")).one()
    assert (row.actor, row.noun_id) == ("coordinator", str(request_id))


def test_an_unknown_request_is_not_found(desk: FlaskClient) -> None:
    assert desk.get("/desk/requests/999").status_code == 404
