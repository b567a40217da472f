"""Publishing: what it changes, whom it tells, when it is refused, and that it is all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from schedules import audit, errors, publishing, requests, visits
from schedules.models import (
    AuditRow,
    Message,
    MessageState,
    Plan,
    PlanState,
    RequestState,
    RequestWindow,
    Shift,
    Van,
    Visit,
    VisitRequest,
    VisitState,
)
from tests.drafts import Placed, draft
from tests.factories import make_days, make_request, make_service, make_shift, make_van, make_venue

TUESDAY, WEDNESDAY = date(2026, 6, 9), date(2026, 6, 10)


@dataclass
class District:
    """Two vans on two days, and three requests that may be served on either day from 8 to 12."""

    van: Van
    other_van: Van
    tuesday: Shift
    wednesday: Shift
    other_tuesday: Shift
    asked: list[VisitRequest]


@pytest.fixture
def district(session: Session, now: datetime) -> District:
    make_days(session, date(2026, 6, 1))
    van, other_van = make_van(session), make_van(session)
    shifts = [make_shift(session, day, each) for day, each in ((TUESDAY, van), (WEDNESDAY, van), (TUESDAY, other_van))]
    service = make_service(session)
    windows = [(TUESDAY, 480, 720), (WEDNESDAY, 480, 720)]
    asked = [
        make_request(session, windows, now=now, venue=make_venue(session), service=service,
                     contact_email=f"contact{number}@example.org")
        for number in range(3)
    ]  # fmt: skip
    session.commit()
    return District(van, other_van, *shifts, asked)


def published(session: Session, placed: Iterable[Placed], *, now: datetime, **options: Any) -> Plan:
    plan = draft(session, placed, now=now, **options)
    publishing.publish(session, plan.id, actor="zhou", now=now)
    session.commit()
    return plan


def visit_of(session: Session, request: VisitRequest) -> Visit:
    visit = visits.visit_of_request(session, request.id)
    assert visit is not None
    return visit


def news(session: Session, visit: Visit) -> list[tuple[str, int | None]]:
    """The kinds and versions of what the contact was told of a visit, reminders left out."""
    told = select(Message).where(
        Message.visit_id == visit.id,
        Message.recipient == visit.request.contact_email,
        Message.kind.in_(("published", "moved", "cancelled")),
    )
    return [(message.kind, message.visit_version) for message in session.scalars(told.order_by(Message.id))]


def send_all(session: Session) -> None:
    """As if the scheduler had delivered everything."""
    for message in session.scalars(select(Message)):
        message.state = MessageState.SENT
    session.commit()


def picture(session: Session) -> dict[str, Any]:
    """All that a refused publication must leave as it was."""
    session.rollback()
    return {
        "plans": session.execute(select(Plan.id, Plan.state, Plan.published_at).order_by(Plan.id)).all(),
        "requests": session.execute(
            select(VisitRequest.id, VisitRequest.state, VisitRequest.version).order_by(VisitRequest.id)
        ).all(),
        "visits": session.execute(select(Visit.id, Visit.state, Visit.version).order_by(Visit.id)).all(),
        "messages": session.scalar(select(func.count()).select_from(Message)),
        "audit": session.scalar(select(func.count()).select_from(AuditRow)),
    }


# What it changes -----------------------------------------------------------------------------------------------------


def test_the_first_plan_makes_promises(session: Session, district: District, now: datetime) -> None:
    first, second, third = district.asked
    plan = published(session, [(first, district.tuesday, 540), (second, district.wednesday, 570)], now=now)
    assert (plan.state, plan.published_at, plan.published_by) == (PlanState.PUBLISHED, now, "zhou")
    visit = visit_of(session, first)
    assert (visit.state, visit.version, visit.uid) == (VisitState.PROMISED, 1, f"{first.number}-1")
    # setup 25, session 120, teardown 20 minutes around 09:00
    assert (visit.day, visit.arrives, visit.starts, visit.closes, visit.departs) == (TUESDAY, 515, 540, 660, 680)
    assert (visit.shift_id, visit.plan_id) == (district.tuesday.id, plan.id)
    assert [request.state for request in (first, second, third)] == [
        RequestState.PLANNED,
        RequestState.PLANNED,
        RequestState.ACCEPTED,
    ]
    assert news(session, visit) == [("published", 1)]
    assert [change.kind for change in visit.changes] == ["promised"]


def test_a_plan_that_changes_nothing_tells_nobody(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    former = published(session, [(first, district.tuesday, 540)], now=now)
    before = session.scalar(select(func.count()).select_from(Message))
    plan = published(session, [(first, district.tuesday, 540)], now=now)
    visit = visit_of(session, first)
    assert (visit.version, visit.plan_id) == (1, plan.id)
    assert session.scalar(select(func.count()).select_from(Message)) == before
    assert (former.state, plan.state) == (PlanState.SUPERSEDED, PlanState.PUBLISHED)


def test_another_time_is_told_and_must_be_confirmed_again(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    visit = visit_of(session, first)
    send_all(session)
    visits.confirm(session, visit.id, actor="town", now=now)
    session.commit()
    published(session, [(first, district.tuesday, 570)], now=now)
    assert (visit.state, visit.version, visit.starts, visit.closes) == (VisitState.PROMISED, 3, 570, 690)
    assert news(session, visit) == [("published", 1), ("moved", 3)]
    change = visit.changes[-1]
    assert (change.kind, change.before["starts"], change.after["starts"]) == ("moved", 540, 570)
    assert (change.before["state"], change.after["state"]) == ("confirmed", "promised")


def test_another_day_is_told(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    send_all(session)
    published(session, [(first, district.wednesday, 540)], now=now)
    visit = visit_of(session, first)
    assert (visit.day, visit.shift, visit.version) == (WEDNESDAY, district.wednesday, 2)
    assert news(session, visit)[-1] == ("moved", 2)
    moved = session.scalars(select(Message).where(Message.kind == "moved")).first()
    assert moved is not None
    assert (moved.facts["before"]["day"], moved.facts["day"]) == (TUESDAY.isoformat(), WEDNESDAY.isoformat())


def test_another_van_at_the_same_time_is_no_news_for_the_town(
    session: Session, district: District, now: datetime
) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    send_all(session)
    published(session, [(first, district.other_tuesday, 540)], now=now)
    visit = visit_of(session, first)
    assert (visit.shift, visit.version) == (district.other_tuesday, 2)
    assert news(session, visit) == [("published", 1)]


def test_a_town_that_has_not_heard_yet_is_told_the_new_slot_only(
    session: Session, district: District, now: datetime
) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)  # and nothing has been sent
    published(session, [(first, district.other_tuesday, 570)], now=now)
    visit = visit_of(session, first)
    assert news(session, visit) == [("published", 1), ("published", 2)]
    states = session.scalars(
        select(Message.state).where(Message.kind == "published").order_by(Message.visit_version, Message.id)
    ).all()
    assert states == [MessageState.STALE] * (len(states) // 2) + [MessageState.QUEUED] * (len(states) // 2)


def test_a_dropped_promise_is_cancelled_and_its_request_waits(
    session: Session, district: District, now: datetime
) -> None:
    first, second, _ = district.asked
    published(session, [(first, district.tuesday, 540)], now=now)
    published(session, [(second, district.tuesday, 540)], now=now)
    visit = visit_of(session, first)
    assert (visit.state, visit.reason, visit.ended_by) == (VisitState.CANCELLED, publishing.REPLANNED, "planning")
    assert (first.state, second.state) == (RequestState.ACCEPTED, RequestState.PLANNED)
    assert news(session, visit)[-1] == ("cancelled", 2)


def test_a_request_promised_again_gets_a_new_visit(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    published(session, [], now=now)
    published(session, [(first, district.wednesday, 540)], now=now)
    uids = session.scalars(select(Visit.uid).where(Visit.request_id == first.id).order_by(Visit.id)).all()
    assert uids == [f"{first.number}-1", f"{first.number}-2"]


def test_a_plan_for_one_van_leaves_the_other_vans_promises_alone(
    session: Session, district: District, now: datetime
) -> None:
    first, second, _ = district.asked
    published(session, [(first, district.tuesday, 540)], now=now)
    published(session, [(second, district.other_tuesday, 540)], now=now, vans=[district.other_van.code])
    assert [visit_of(session, each).state for each in (first, second)] == [VisitState.PROMISED] * 2


def test_a_visit_that_the_van_has_set_off_for_is_not_touched(
    session: Session, district: District, now: datetime
) -> None:
    first, second, _ = district.asked
    published(session, [(first, district.tuesday, 540)], now=now)
    at_eight = now + timedelta(days=8)
    visit = visit_of(session, first)
    plan = draft(session, [(second, district.wednesday, 540)], now=now + timedelta(days=7))
    visits.set_off(session, visit.id, actor="crew", now=at_eight)
    session.commit()
    assert publishing.difference(session, plan, now=at_eight).dropped == []


def test_publishing_is_in_the_audit_trail_with_its_numbers(session: Session, district: District, now: datetime) -> None:
    plan = published(session, [(district.asked[0], district.tuesday, 540)], now=now)
    row = audit.rows_about(session, "plan", plan.id)[-1]
    assert (row.verb, row.actor, row.after["added"], row.after["dropped"]) == ("published", "zhou", 1, 0)


# The difference shown first ------------------------------------------------------------------------------------------


def test_the_difference_names_each_change_with_before_and_after(
    session: Session, district: District, now: datetime
) -> None:
    first, second, third = district.asked
    published(session, [(first, district.tuesday, 540), (second, district.wednesday, 540)], now=now)
    plan = draft(session, [(first, district.wednesday, 600), (third, district.tuesday, 540)], now=now)
    found = publishing.difference(session, plan)
    [other_day], [dropped], [added] = found.other_day, found.dropped, found.added
    assert (found.kept, found.retimed, found.other_van) == ([], [], [])
    assert other_day.old is not None
    assert other_day.new is not None
    assert (other_day.old.day, other_day.old.starts) == (TUESDAY, 540)
    assert (other_day.new.day, other_day.new.starts, other_day.new.closes) == (WEDNESDAY, 600, 720)
    assert (dropped.request, dropped.new, added.request, added.old) == (second, None, third, None)
    assert {person.email for person in other_day.tell} == {first.contact_email, first.town.contact_email}
    assert {person.email for person in found.people} >= {each.contact_email for each in district.asked}
    assert found.on_or_before(TUESDAY) == [other_day, added]


@pytest.mark.parametrize(
    ("van", "starts", "kind"), [("same", 540, "kept"), ("same", 570, "retimed"), ("other", 540, "other_van")]
)
def test_each_change_has_its_kind(
    session: Session, district: District, now: datetime, van: str, starts: int, kind: str
) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    shift = district.tuesday if van == "same" else district.other_tuesday
    plan = draft(session, [(first, shift, starts)], now=now)
    found = publishing.difference(session, plan)
    assert [len(found.of(each)) for each in publishing.ChangeKind] == [
        int(each.value == kind) for each in publishing.ChangeKind
    ]


# When it is refused --------------------------------------------------------------------------------------------------


def test_a_plan_made_before_a_change_is_refused_and_says_what_changed(
    session: Session, district: District, now: datetime
) -> None:
    first = district.asked[0]
    plan = draft(session, [(first, district.tuesday, 540)], now=now)
    first.windows.append(RequestWindow(day=date(2026, 6, 11), opens=480, closes=720))
    first.touch(now)
    session.commit()
    before = picture(session)
    with pytest.raises(errors.StalePlan) as caught:
        publishing.publish(session, plan.id, actor="zhou", now=now)
    assert caught.value.detail["changes"] == [{"noun": "request", "id": str(first.id), "what": "changed"}]
    session.commit()  # even an edge that forgets to roll back has changed nothing
    assert picture(session) == before


def test_a_withdrawn_request_makes_a_plan_stale(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    plan = draft(session, [(first, district.tuesday, 540)], now=now)
    requests.withdraw(session, first.id, actor="town", now=now)
    assert publishing.InputChange("request", str(first.id), "changed") in publishing.staleness(session, plan)


def test_a_van_in_repair_makes_a_plan_stale(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    district.tuesday.out_of_service = "engine"
    session.flush()
    assert publishing.InputChange("shift", str(district.tuesday.id), "changed") in publishing.staleness(session, plan)


def test_a_confirmation_does_not_make_a_plan_stale(session: Session, district: District, now: datetime) -> None:
    first = district.asked[0]
    published(session, [(first, district.tuesday, 540)], now=now)
    plan = draft(session, [(first, district.tuesday, 570)], now=now)
    visits.confirm(session, visit_of(session, first).id, actor="town", now=now)
    assert publishing.staleness(session, plan) == []


def test_a_request_accepted_since_is_a_warning_only(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    late = make_request(session, [(TUESDAY, 480, 720)], now=now)
    assert publishing.newcomers(session, plan) == [publishing.InputChange("request", str(late.id), "added")]
    assert publishing.staleness(session, plan) == []


def test_a_plan_whose_first_stop_has_passed_is_refused(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    with pytest.raises(errors.StalePlan) as caught:
        publishing.publish(session, plan.id, actor="zhou", now=now + timedelta(days=8, hours=1))
    assert {"noun": "day", "id": TUESDAY.isoformat(), "what": "past"} in caught.value.detail["changes"]


def test_a_plan_that_breaks_a_rule_is_refused_by_its_name(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    stop = plan.tours[0].stops[0]
    stop.arrives += 10
    session.commit()
    before = picture(session)
    with pytest.raises(errors.UnlawfulPlan) as caught:
        publishing.publish(session, plan.id, actor="zhou", now=now)
    assert {each["rule"] for each in caught.value.detail["violations"]} == {"travel_time", "on_site"}
    session.commit()
    assert picture(session) == before


def test_a_plan_that_lies_about_its_value_is_refused(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    assert plan.value is not None
    plan.value += 1
    with pytest.raises(errors.UnlawfulPlan):
        publishing.publish(session, plan.id, actor="zhou", now=now)


@pytest.mark.parametrize("state", [state for state in PlanState if state is not PlanState.DRAFT])
def test_only_a_draft_is_published(session: Session, district: District, now: datetime, state: PlanState) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    plan.state = state
    session.commit()
    with pytest.raises(errors.MoveNotAllowed) as caught:
        publishing.publish(session, plan.id, actor="zhou", now=now)
    assert caught.value.detail["from_"] == state.value


def test_a_discarded_plan_stays_discarded(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    publishing.discard(session, plan.id, actor="zhou", now=now)
    assert plan.state is PlanState.DISCARDED
    with pytest.raises(errors.MoveNotAllowed):
        publishing.discard(session, plan.id, actor="zhou", now=now)
    with pytest.raises(errors.NotFound):
        publishing.publish(session, 999, actor="zhou", now=now)


def test_of_two_drafts_the_second_is_judged_by_what_the_first_has_done(
    session: Session, district: District, now: datetime
) -> None:
    first, second, _ = district.asked
    mine = draft(session, [(first, district.tuesday, 540)], now=now)
    theirs = draft(session, [(second, district.tuesday, 540)], now=now)
    publishing.publish(session, mine.id, actor="zhou", now=now)
    session.commit()
    with pytest.raises(errors.StalePlan):
        publishing.publish(session, theirs.id, actor="wu", now=now)


# At once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_plan", [True, False], ids=["one plan", "two drafts"])
def test_of_two_coordinators_who_publish_at_once_one_wins(
    session_factory: sessionmaker[Session], session: Session, district: District, now: datetime, same_plan: bool
) -> None:
    first, second, _ = district.asked
    mine = draft(session, [(first, district.tuesday, 540)], now=now)
    theirs = mine if same_plan else draft(session, [(second, district.tuesday, 540)], now=now)
    plan_ids = {"zhou": mine.id, "wu": theirs.id}
    together = threading.Barrier(2)
    outcomes: dict[str, Exception | None] = {}

    def press_the_button(actor: str) -> None:
        with session_factory() as own:
            read_before = own.get_one(Plan, plan_ids[actor])
            assert read_before.state is PlanState.DRAFT
            own.rollback()
            together.wait(timeout=30)
            try:
                publishing.publish(own, plan_ids[actor], actor=actor, now=now)
                own.commit()
                outcomes[actor] = None
            except errors.ScheduleError as error:
                own.rollback()
                outcomes[actor] = error

    threads = [threading.Thread(target=press_the_button, args=(actor,)) for actor in plan_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome is None for outcome in outcomes.values()) == [False, True]
    [loss] = [outcome for outcome in outcomes.values() if outcome is not None]
    assert isinstance(loss, errors.Conflict)
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Visit)) == 1
    assert session.scalars(select(Plan.state).where(Plan.state == PlanState.PUBLISHED)).all() == [PlanState.PUBLISHED]


def test_what_is_not_committed_has_not_happened(session: Session, district: District, now: datetime) -> None:
    plan = draft(session, [(district.asked[0], district.tuesday, 540)], now=now)
    before = picture(session)
    publishing.publish(session, plan.id, actor="zhou", now=now)
    assert picture(session) == before  # which rolls back, as a killed process does


def test_a_town_that_withdraws_while_a_plan_is_published_is_never_overrun(
    session_factory: sessionmaker[Session], session: Session, district: District, now: datetime
) -> None:
    first = district.asked[0]
    plan = draft(session, [(first, district.tuesday, 540)], now=now)
    request_id, plan_id = first.id, plan.id
    outcome: list[Exception] = []

    def publish() -> None:
        with session_factory() as own:
            try:
                publishing.publish(own, plan_id, actor="zhou", now=now)
                own.commit()
            except errors.ScheduleError as error:
                outcome.append(error)

    # The town's change is made but not committed when the publisher starts: it waits, or reads the state before.
    requests.withdraw(session, request_id, actor="town", now=now)
    session.flush()
    thread = threading.Thread(target=publish)
    thread.start()
    session.commit()
    thread.join()
    assert isinstance(outcome[0], errors.Conflict)
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Visit)) == 0
    assert session.get_one(VisitRequest, request_id).state is RequestState.WITHDRAWN
    assert session.get_one(Plan, plan_id).state is PlanState.DRAFT
