"""Every table, so that migrations and tests see them all by importing one name."""

from schedules.models.audit import AuditRow
from schedules.models.days import Day, DayKind, DaySource
from schedules.models.disruptions import Disruption, DisruptionKind, DisruptionState, Repair
from schedules.models.explanations import Explanation
from schedules.models.fairness import FairnessPrice
from schedules.models.feeds import CalendarFeed, FeedKind
from schedules.models.fleet import CrewMember, Depot, Shift, Van
from schedules.models.holds import Hold, HoldKind, HoldService, HoldState
from schedules.models.outbox import Message, MessageState
from schedules.models.plans import EditKind, Plan, PlanEdit, PlanState, Stop, Tour, Unserved
from schedules.models.processes import Heartbeat, Lease
from schedules.models.reports import Report, Sample, SampleResult
from schedules.models.requests import NumberSeries, Priority, RequestService, RequestState, RequestWindow, VisitRequest
from schedules.models.rules import LetterText, MessagePreference, MessageRule, MessageSettings
from schedules.models.services import Service, ServiceSkill, Skill
from schedules.models.settings import PlanningSettings
from schedules.models.towns import Committee, Hotspot, Town, TownKind
from schedules.models.venues import Venue, VenueKind
from schedules.models.visits import Visit, VisitChange, VisitState

__all__ = [
    "AuditRow",
    "CalendarFeed",
    "Committee",
    "CrewMember",
    "Day",
    "DayKind",
    "DaySource",
    "Depot",
    "Disruption",
    "DisruptionKind",
    "DisruptionState",
    "EditKind",
    "Explanation",
    "FairnessPrice",
    "FeedKind",
    "Heartbeat",
    "Hold",
    "HoldKind",
    "HoldService",
    "HoldState",
    "Hotspot",
    "Lease",
    "LetterText",
    "Message",
    "MessagePreference",
    "MessageRule",
    "MessageSettings",
    "MessageState",
    "NumberSeries",
    "Plan",
    "PlanEdit",
    "PlanState",
    "PlanningSettings",
    "Priority",
    "Repair",
    "Report",
    "RequestService",
    "RequestState",
    "RequestWindow",
    "Sample",
    "SampleResult",
    "Service",
    "ServiceSkill",
    "Shift",
    "Skill",
    "Stop",
    "Tour",
    "Town",
    "TownKind",
    "Unserved",
    "Van",
    "Venue",
    "VenueKind",
    "Visit",
    "VisitChange",
    "VisitRequest",
    "VisitState",
]
