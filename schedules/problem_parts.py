"""Rows of the database as nouns of the planner: places, shifts and visits. No query, no decision, no points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from routes import problem as planner
from routes.travel import RoadClass
from schedules.effects import Effects
from schedules.eligibility import Asked
from schedules.models import Depot, Shift, Town, Venue, VisitRequest
from schedules.under_way import Rest

SkillSet = tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """The places of a problem with the index of each depot and venue, and the class of the roads there."""

    places: tuple[planner.Place, ...]
    depots: Mapping[int, int]
    venues: Mapping[int, int]
    road_classes: Mapping[str, RoadClass]


def places_of(
    shifts: Iterable[Shift], requests: Iterable[VisitRequest], towns: Sequence[Town], also: Iterable[Venue] = ()
) -> Places:
    """Depots first, then venues, each once, by id; `also` are venues that vans stand at."""
    depots = sorted({shift.van.depot for shift in shifts}, key=lambda depot: depot.id)
    venues = sorted({*(request.venue for request in requests), *also}, key=lambda venue: venue.id)
    urban = {town.id for town in towns if town.urban}
    places = [planner.Place(f"depot-{depot.id}", depot.latitude, depot.longitude) for depot in depots]
    places += [planner.Place(f"venue-{venue.id}", venue.latitude, venue.longitude) for venue in venues]
    in_town = {f"depot-{depot.id}": _nearest(depot, towns) for depot in depots}
    in_town |= {f"venue-{venue.id}": venue.town_id for venue in venues}
    return Places(
        places=tuple(places),
        depots={depot.id: index for index, depot in enumerate(depots)},
        venues={venue.id: len(depots) + index for index, venue in enumerate(venues)},
        road_classes={name: RoadClass.URBAN for name, town_id in in_town.items() if town_id in urban},
    )


def _nearest(depot: Depot, towns: Sequence[Town]) -> int | None:
    """The town whose point lies nearest; good enough to tell town roads from country roads."""
    by_distance = sorted(
        ((town.latitude - depot.latitude) ** 2 + (town.longitude - depot.longitude) ** 2, town.id) for town in towns
    )
    return by_distance[0][1] if by_distance else None


# Crews ----------------------------------------------------------------------------------------------------------------


def crew_needs(request: VisitRequest) -> Counter[str]:
    """How many people with each skill the request's services need, side by side."""
    needs: Counter[str] = Counter()
    for asked in request.services:
        for need in asked.service.skills:
            needs[str(need.skill)] += need.number
    return needs


def skill_sets(requests: Iterable[VisitRequest], shifts: Iterable[Shift], effects: Effects) -> list[SkillSet]:
    """The sets of skills, needed together, that some crew has fewer people for than its skills counted singly."""
    together = {tuple(sorted(crew_needs(request))) for request in requests}
    sets = {few for skills in together for size in range(2, len(skills) + 1) for few in combinations(skills, size)}
    crews = {tuple(frozenset(skills) for skills in _crew(shift, effects)) for shift in shifts}
    return sorted(few for few in sets if any(_people(crew, few) < _hands(crew, few) for crew in crews))


def _crew(shift: Shift, effects: Effects) -> list[set[str]]:
    return [set(member.skills) for member in effects.crew(shift)]


def _people(crew: Iterable[Iterable[str]], skills: SkillSet) -> int:
    return sum(any(skill in skills for skill in member) for member in crew)


def _hands(crew: Iterable[Iterable[str]], skills: SkillSet) -> int:
    return sum(skill in skills for member in crew for skill in member)


def _name(skills: SkillSet) -> str:
    return "+".join(skills)


# Shifts and visits ----------------------------------------------------------------------------------------------------


def shift_of(
    shift: Shift,
    places: Places,
    sets: Sequence[SkillSet],
    most_visits: int | None,
    effects: Effects,
    rest: Rest | None = None,
) -> planner.Shift:
    """The shift with what its crew can do at once; `most_visits` limits it beyond its own rule.

    `effects` shorten its hours and its crew, `rest` is what is left of it once it has begun.
    """
    crew = _crew(shift, effects)
    starts, ends = effects.hours(shift) or (shift.starts, shift.ends)
    if rest is None:  # a crew that has not begun leaves so much later
        starts = min(starts + effects.late(shift), ends - 1)
    limits = [limit for limit in (shift.max_visits, most_visits) if limit is not None]
    singly = Counter(skill for member in crew for skill in member)
    depot = places.depots[shift.van.depot_id]
    whole = planner.Shift(
        id=shift.code,
        van=shift.van.code,
        day=shift.day,
        starts=starts,
        ends=ends,
        start_place=depot,
        end_place=depot,
        crew={**singly, **{_name(skills): _people(crew, skills) for skills in sets}},
        equipment=frozenset(shift.van.equipment),
        kits=shift.kits,
        max_visits=min(limits, default=None),
        max_driving=shift.max_driving,
        lunch=_lunch(shift),
    )
    if rest is None:
        return whole
    place = None if rest.venue is None else places.venues[rest.venue.id]
    return rest.of(whole, place) or replace(whole, max_visits=0)


def _lunch(shift: Shift) -> planner.Lunch | None:
    if shift.lunch_opens is None or shift.lunch_closes is None or not shift.lunch_minutes:
        return None
    return planner.Lunch(shift.lunch_opens, shift.lunch_closes, shift.lunch_minutes)


def visit_of(
    asked: Asked, codes: Mapping[int, str], places: Places, sets: Sequence[SkillSet], *, prize: int, preferred: int
) -> planner.Visit:
    """The request as a visit to plan; `codes` names the shifts by id, `preferred` is a preferred window's bonus."""
    request, visit = asked.request, asked.visit
    needs = crew_needs(request)
    together = {_name(skills): sum(needs[skill] for skill in skills) for skills in sets if needs.keys() >= set(skills)}
    return planner.Visit(
        id=f"r{request.id}",
        place=places.venues[request.venue_id],
        town=request.town.code,
        setup=request.setup,
        session=request.session,
        teardown=request.teardown,
        windows=tuple(
            planner.Window(window.day, window.opens, window.closes, preferred if window.preferred else 0)
            for window in asked.windows
        ),
        crew={**needs, **together},
        equipment=frozenset(item for each in request.services for item in each.service.equipment),
        kits=request.kits,
        prize=prize,
        pin=None if asked.pinned_to is None else planner.Pin(asked.pinned_to.code, asked.pinned_starts),
        promise=None if visit is None else planner.Promise(codes[visit.shift_id], visit.starts),
    )
