"""Repairs: from what happened to a published difference, told to exactly the people concerned; undone until then."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from schedules import audit, changes, edits, publishing, repairs, visits
from schedules.calendar import instant
from schedules.crew_tours import queue_crew_tours
from schedules.differences import ChangeKind
from schedules.errors import MoveNotAllowed, NotFound, StalePlan
from schedules.messages import text_of
from schedules.models import (
    DisruptionKind,
    DisruptionState,
    EditKind,
    Message,
    MessageState,
    Plan,
    PlanState,
    RequestState,
    Visit,
    VisitState,
)
from tests.drafts import draft
from tests.upset import TUESDAY, WEDNESDAY, Week, enter, make_plans, make_week, visit_to
from van_service.pages.desk.letters import crew_drafts_of, drafts_of

TUESDAY_DAWN = instant(date(2026, 6, 9), 390)  # Tuesday 9 June, 6:30


@pytest.fixture
def week(session: Session, now: datetime) -> Week:
    return make_week(session, now=now)


def repaired(session: Session, *, now: datetime, seconds: float = 6) -> list[Plan]:
    """The proposals for what is open."""
    repair = repairs.start(session, seconds=seconds, actor="zhou", now=now)
    session.commit()
    make_plans(session, now=now)
    return repairs.proposals_of(session, repair)


def kinds(session: Session, plan: Plan, now: datetime) -> dict[str, list[int]]:
    """The requests by what becomes of their promise, without those that keep it."""
    found = publishing.difference(session, plan, now=now)
    return {
        kind.value: [change.request.id for change in found.of(kind)]
        for kind in ChangeKind
        if found.of(kind) and kind is not ChangeKind.KEPT
    }


def test_there_is_nothing_to_repair_until_something_happened(session: Session, week: Week, now: datetime) -> None:
    with pytest.raises(repairs.NothingToRepair):
        repairs.start(session, seconds=6, actor="zhou", now=now)


def test_a_lost_van_has_three_proposals_with_their_bounds(session: Session, week: Week) -> None:
    """Van 1 is lost on Tuesday; van 2 has room in the afternoon of the same day."""
    enter(session, week, DisruptionKind.VAN_OUT, now=TUESDAY_DAWN)
    keep, same_day, replan = repaired(session, now=TUESDAY_DAWN)
    assert [plan.proposal for plan in (keep, same_day, replan)] == ["keep_times", "same_day", "replan"]
    assert all(plan.state is PlanState.DRAFT and plan.proven for plan in (keep, same_day, replan))
    assert kinds(session, keep, TUESDAY_DAWN) == {"dropped": [week.first.id]}
    assert kinds(session, same_day, TUESDAY_DAWN) == {"retimed": [week.first.id]}
    assert kinds(session, replan, TUESDAY_DAWN)["added"] == [week.waiting.id]
    moved = publishing.difference(session, same_day).retimed[0]
    assert moved.new is not None
    assert moved.new.shift.van_id == week.other_van.id


def test_only_a_chosen_proposal_stays_and_publishing_it_settles_the_disruption(session: Session, week: Week) -> None:
    disruption = enter(session, week, DisruptionKind.VAN_OUT, now=TUESDAY_DAWN)
    keep, same_day, replan = repaired(session, now=TUESDAY_DAWN)
    repairs.choose(session, same_day.repair_id, same_day.id, actor="zhou", now=TUESDAY_DAWN)
    assert (keep.state, same_day.state, replan.state) == (PlanState.DISCARDED, PlanState.DRAFT, PlanState.DISCARDED)
    publishing.publish(session, same_day.id, actor="zhou", now=TUESDAY_DAWN)
    session.commit()
    assert (disruption.state, disruption.plan_id) == (DisruptionState.REPAIRED, same_day.id)
    assert [row.verb for row in audit.rows_about(session, "disruption", disruption.id)] == ["entered", "repaired"]
    with pytest.raises(MoveNotAllowed):
        repairs.undo(session, disruption.id, actor="zhou", now=TUESDAY_DAWN)


def test_undo_puts_the_proposals_aside_and_nothing_ever_happened(session: Session, week: Week) -> None:
    told = session.scalars(select(Message.key)).all()
    disruption = enter(session, week, DisruptionKind.VAN_OUT, now=TUESDAY_DAWN)
    plans = repaired(session, now=TUESDAY_DAWN)
    repairs.choose(session, plans[1].repair_id, plans[1].id, actor="zhou", now=TUESDAY_DAWN)
    repairs.undo(session, disruption.id, actor="zhou", now=TUESDAY_DAWN)
    session.commit()
    assert {plan.state for plan in plans} == {PlanState.DISCARDED}
    assert disruption.state is DisruptionState.REVOKED
    assert [visit.state for visit in session.scalars(select(Visit))] == [VisitState.PROMISED] * 3
    assert session.scalars(select(Message.key)).all() == told


def test_a_proposal_whose_disruption_is_revoked_cannot_be_published(session: Session, week: Week) -> None:
    disruption = enter(session, week, DisruptionKind.VAN_OUT, now=TUESDAY_DAWN)
    plans = repaired(session, now=TUESDAY_DAWN)
    changes.revoke(session, disruption.id, actor="zhou", now=TUESDAY_DAWN)
    with pytest.raises(StalePlan):
        publishing.publish(session, plans[0].id, actor="zhou", now=TUESDAY_DAWN)


def test_a_proposal_of_another_repair_cannot_be_chosen(session: Session, week: Week) -> None:
    enter(session, week, DisruptionKind.VAN_OUT, now=TUESDAY_DAWN)
    plans = repaired(session, now=TUESDAY_DAWN)
    with pytest.raises(NotFound):
        repairs.choose(session, plans[0].repair_id, plans[0].id + 100, actor="zhou", now=TUESDAY_DAWN)


@pytest.mark.parametrize("kind", list(DisruptionKind))
@pytest.mark.parametrize("place", [0, 1, 2], ids=["keep times", "same day", "replan"])
def test_the_outbox_holds_exactly_the_messages_that_were_drafted(
    session: Session, week: Week, kind: DisruptionKind, place: int
) -> None:
    before = set(session.scalars(select(Message.key)))
    enter(session, week, kind, now=TUESDAY_DAWN)
    plan = repaired(session, now=TUESDAY_DAWN)[place]
    found = publishing.difference(session, plan, now=TUESDAY_DAWN)
    drafted = sorted((draft.person.email, draft.kind, draft.text) for draft in drafts_of(found))
    publishing.publish(session, plan.id, actor="zhou", now=TUESDAY_DAWN)
    session.commit()
    news = [
        message
        for message in session.scalars(select(Message))
        if message.key not in before and message.kind in ("published", "moved", "cancelled")
    ]
    assert sorted((message.recipient, message.kind, text_of(message)) for message in news) == drafted
    concerned = {change.request.contact_email for change in found.changes if change.kind is not ChangeKind.OTHER_VAN}
    assert {message.recipient for message in news if "office" not in message.recipient} == concerned


@pytest.mark.parametrize("kind", list(DisruptionKind))
def test_the_crews_told_are_those_whose_tours_change_and_read_what_was_drafted(
    session: Session, week: Week, kind: DisruptionKind
) -> None:
    """Everybody has been told the tours of the week; then a proposal that stays within the day is published."""
    monday_night = instant(date(2026, 6, 8), 1200)
    queue_crew_tours(session, now=monday_night)
    session.execute(update(Message).where(Message.kind == "crew_tour").values(state=MessageState.SENT))
    before = set(session.scalars(select(Message.key)))
    enter(session, week, kind, now=TUESDAY_DAWN)
    plan = repaired(session, now=TUESDAY_DAWN)[1]
    found = publishing.difference(session, plan, now=TUESDAY_DAWN)
    drafted = sorted(
        (person.email, draft.text)
        for draft in crew_drafts_of(session, plan, found, now=TUESDAY_DAWN)
        for person in draft.people
    )
    publishing.publish(session, plan.id, actor="zhou", now=TUESDAY_DAWN)
    queue_crew_tours(session, now=TUESDAY_DAWN)
    session.commit()
    news = [message for message in session.scalars(select(Message)) if message.key not in before]
    assert drafted
    assert sorted((each.recipient, text_of(each)) for each in news if each.kind == "crew_tour") == drafted


def test_a_town_that_called_its_visit_off_is_told_so_and_may_ask_again(session: Session, week: Week) -> None:
    enter(session, week, DisruptionKind.TOWN_CANCELS, now=TUESDAY_DAWN)
    plan = repaired(session, now=TUESDAY_DAWN)[0]
    publishing.publish(session, plan.id, actor="zhou", now=TUESDAY_DAWN)
    visit = visit_to(session, week.first)
    assert (visit.state, visit.reason, visit.ended_by) == (VisitState.CANCELLED, "town_cancels", "town")
    assert week.first.state is RequestState.ACCEPTED


def test_a_town_that_called_its_visit_off_for_good_has_no_request_left(session: Session, week: Week) -> None:
    entry = changes.Entry(
        DisruptionKind.TOWN_CANCELS, "不办了", visit_id=visit_to(session, week.first).id, withdraws=True
    )
    changes.enter(session, entry, actor="zhou", now=TUESDAY_DAWN)
    plan = repaired(session, now=TUESDAY_DAWN)[0]
    publishing.publish(session, plan.id, actor="zhou", now=TUESDAY_DAWN)
    assert week.first.state is RequestState.WITHDRAWN


def test_heat_moves_the_session_that_is_outdoors_out_of_its_hours_that_day(session: Session, week: Week) -> None:
    enter(session, week, DisruptionKind.HEAT, now=TUESDAY_DAWN)
    _, same_day, _ = repaired(session, now=TUESDAY_DAWN)
    found = publishing.difference(session, same_day)
    assert [change.request.id for change in found.changes] == [week.outdoors.id]
    new = found.retimed[0].new
    assert new is not None
    assert new.day == WEDNESDAY
    assert new.closes <= 660 or new.starts >= 840


def test_what_is_under_way_stays_and_what_follows_it_is_retimed(session: Session, week: Week, now: datetime) -> None:
    """At 9:30 the crew of van 1 is at its first stop and says that it runs three hours late; nothing else is hit."""
    visit = visit_to(session, week.first)
    at_nine = instant(date(2026, 6, 9), 570)
    for step in (visits.set_off, visits.arrive, visits.open_session):
        step(session, visit.id, actor="crew", now=at_nine)
    session.commit()
    enter(session, week, DisruptionKind.CREW_LATE, now=at_nine)
    for plan in repaired(session, now=at_nine)[:2]:
        assert kinds(session, plan, at_nine) == {}
        assert publishing.violations(session, plan) == []
    assert visit_to(session, week.first).state is VisitState.OPEN


def test_an_urgent_visit_is_added_without_breaking_a_promise(session: Session, week: Week) -> None:
    week.waiting.windows = [window for window in week.waiting.windows if window.day == WEDNESDAY]
    session.commit()
    enter(session, week, DisruptionKind.URGENT_VISIT, now=TUESDAY_DAWN)
    for plan in repaired(session, now=TUESDAY_DAWN):
        assert kinds(session, plan, TUESDAY_DAWN) == {"added": [week.waiting.id]}


def test_a_tour_that_is_repaired_while_it_is_driven_is_shown_as_one(
    session: Session, week: Week, now: datetime
) -> None:
    """Van 1 has a second stop on Tuesday; at 9:30 its crew, at the first, says that it runs 30 minutes late."""
    tuesday = week.shifts[TUESDAY]
    week.other_shifts[TUESDAY].max_visits = 1  # so that van 2 cannot take it over
    session.commit()
    same = [
        (week.first, tuesday, 540),
        (week.second, week.other_shifts[TUESDAY], 540),
        (week.outdoors, week.shifts[WEDNESDAY], 810),
    ]
    second_stop = edits.Edit(EditKind.INSERT, week.waiting.id, shift_id=tuesday.id)
    made = edits.edit(session, draft(session, same, now=now).id, second_stop, actor="zhou", now=now)
    publishing.publish(session, made.id, actor="zhou", now=now)
    whole = visits.tour_of(session, tuesday.id)
    half_past_nine = instant(date(2026, 6, 9), 570)
    for step in (visits.set_off, visits.arrive, visits.open_session):
        step(session, visit_to(session, week.first).id, actor="crew", now=half_past_nine)
    session.commit()
    late = changes.Entry(DisruptionKind.CREW_LATE, "人多", shift_id=tuesday.id, minutes=30)
    changes.enter(session, late, actor="zhou", now=half_past_nine)
    plan = repaired(session, now=half_past_nine)[1]
    assert kinds(session, plan, half_past_nine) == {"retimed": [week.waiting.id]}
    publishing.publish(session, plan.id, actor="zhou", now=half_past_nine)
    session.commit()
    tour = visits.tour_of(session, tuesday.id)
    assert [visit.request_id for visit in tour.visits] == [week.first.id, week.waiting.id]
    assert tour.as_planned
    assert (tour.leaves, tour.drives, tour.driving) == (whole.leaves, whole.drives, whole.driving)
    later = visit_to(session, week.waiting)
    assert later.starts >= visit_to(session, week.first).departs + 30
