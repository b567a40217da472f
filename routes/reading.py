"""Problems and plans read from JSON values; whatever breaks the contract is refused with the path of the value.

Nothing is guessed or repaired. A missing optional key takes its neutral value: no rule, 0 or empty. Pins that
contradict each other are lawful documents: that no plan keeps both is for the planner to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routes.documents import LARGEST, Node
from routes.plan import Plan, Stop, Tour
from routes.problem import LATEST, Lunch, Matrix, Pin, Place, Problem, Promise, Shift, Town, Visit, Weights, Window

PROBLEM_FORMAT = "roving-van-problem/1"
PLAN_FORMAT = "roving-van-plan/1"
LARGEST_SEED = 2**63 - 1


def read_problem(data: object) -> Problem:
    """The problem that the JSON value states; a missing optional key means no rule, 0 or empty.

    Raises InvalidInstance with the path of a value that breaks the contract.
    """
    root = Node(data)
    _refuse_other_format(root, PROBLEM_FORMAT)
    fields = root.fields("format name places travel shifts visits", "exclusive towns weights")
    places, shifts, visits = (fields[name].items() for name in ("places", "shifts", "visits"))
    towns = fields["towns"].items() if "towns" in fields else []
    known = _Known(len(places), _distinct_ids(shifts), _distinct_ids(visits), _distinct_ids(towns))
    _distinct_ids(places)
    groups = fields["exclusive"].items() if "exclusive" in fields else []
    return root.build(
        lambda: Problem(
            name=fields["name"].text(),
            places=tuple(_read_place(place) for place in places),
            travel=_read_travel(fields["travel"], len(places)),
            shifts=tuple(_read_shift(shift, known) for shift in shifts),
            visits=tuple(_read_visit(visit, known) for visit in visits),
            exclusive=tuple(_read_group(group, known) for group in groups),
            towns=tuple(_read_town(town) for town in towns),
            weights=_read_weights(fields.get("weights")),
        )
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a reference may lead to."""

    places: int
    shifts: frozenset[str]
    visits: frozenset[str]
    towns: frozenset[str]

    def place(self, node: Node) -> int:
        place = node.whole()
        if place >= self.places:
            node.refuse(f"there is no place {place}, only {self.places} of them")
        return place

    def shift(self, node: Node) -> str:
        return _reference(node, self.shifts, "shift")

    def visit(self, node: Node) -> str:
        return _reference(node, self.visits, "visit")

    def town(self, node: Node | None) -> str | None:
        return None if node is None or node.is_null() else _reference(node, self.towns, "town")


def _reference(node: Node, known: frozenset[str], noun: str) -> str:
    name = node.name()
    if name not in known:
        node.refuse(f"there is no {noun} {name}")
    return name


def _distinct_ids(nodes: Iterable[Node]) -> frozenset[str]:
    """The ids of an array of objects, each used once."""
    seen: dict[str, Node] = {}
    for node in nodes:
        members = node.members()
        if "id" not in members:
            Node(None, f"{node.path}.id").refuse("missing")
        name = members["id"].name()
        if name in seen:
            members["id"].refuse(f"the id {name} is taken by {seen[name].path}")
        seen[name] = node
    return frozenset(seen)


def _refuse_other_format(root: Node, known: str) -> None:
    """First of all: a document of another kind is told so, instead of being blamed for its keys."""
    members = root.members()
    if "format" not in members:
        Node(None, "format").refuse("missing")
    if members["format"].value != known:
        members["format"].refuse(f'must be "{known}"')


def _read_place(node: Node) -> Place:
    fields = node.fields("id lat lon")
    lat, lon = fields["lat"], fields["lon"]
    if not -90 <= lat.number() <= 90:
        lat.refuse("a latitude lies between -90 and 90")
    if not -180 <= lon.number() <= 180:
        lon.refuse("a longitude lies between -180 and 180")
    return Place(fields["id"].name(), lat.number(), lon.number())


def _read_travel(node: Node, size: int) -> Matrix:
    rows = node.items()
    if len(rows) != size:
        node.refuse(f"must have a row for each of the {size} places, has {len(rows)}")
    return tuple(_read_row(row, size) for row in rows)


def _read_row(node: Node, size: int) -> tuple[int, ...]:
    row = node.value
    if isinstance(row, list | tuple) and all(type(minutes) is int and 0 <= minutes <= LARGEST for minutes in row):
        minutes = tuple(row)  # the quick way: a thousand places have a million cells
    else:
        minutes = tuple(cell.whole() for cell in node.items())
    if len(minutes) != size:
        node.refuse(f"must have a cell for each of the {size} places, has {len(minutes)}")
    return minutes


def _read_shift(node: Node, known: _Known) -> Shift:
    fields = node.fields(
        "id van day starts ends start_place end_place", "crew equipment kits max_visits max_driving lunch"
    )
    starts, ends = _read_span(fields["starts"], fields["ends"])
    if starts == ends:
        fields["ends"].refuse("a shift must last at least a minute")
    return node.build(
        lambda: Shift(
            id=fields["id"].name(),
            van=fields["van"].name(),
            day=fields["day"].day(),
            starts=starts,
            ends=ends,
            start_place=known.place(fields["start_place"]),
            end_place=known.place(fields["end_place"]),
            crew=_read_crew(fields.get("crew")),
            equipment=_read_names(fields.get("equipment")),
            kits=_read_amount(fields.get("kits")),
            max_visits=_read_limit(fields.get("max_visits")),
            max_driving=_read_limit(fields.get("max_driving")),
            lunch=_read_lunch(fields.get("lunch")),
        )
    )


def _read_span(opens: Node, closes: Node) -> tuple[int, int]:
    """Two minutes of one day, in order."""
    first, last = opens.whole(), closes.whole()
    if last < first:
        closes.refuse(f"{last} is before {first}, where it begins")
    if last > LATEST:
        closes.refuse(f"must not exceed {LATEST}")
    return first, last


def _read_lunch(node: Node | None) -> Lunch | None:
    if node is None or node.is_null():
        return None
    fields = node.fields("opens closes minutes")
    opens, closes = _read_span(fields["opens"], fields["closes"])
    minutes = fields["minutes"].whole()
    if opens + minutes > closes:
        fields["minutes"].refuse(f"{minutes} minutes do not fit between {opens} and {closes}")
    return Lunch(opens, closes, minutes)


def _read_visit(node: Node, known: _Known) -> Visit:
    fields = node.fields("id place session windows", "town setup teardown crew equipment kits prize pin promise")
    return node.build(
        lambda: Visit(
            id=fields["id"].name(),
            place=known.place(fields["place"]),
            session=fields["session"].whole(),
            windows=tuple(_read_window(window) for window in fields["windows"].items()),
            town=known.town(fields.get("town")),
            setup=_read_amount(fields.get("setup")),
            teardown=_read_amount(fields.get("teardown")),
            crew=_read_crew(fields.get("crew")),
            equipment=_read_names(fields.get("equipment")),
            kits=_read_amount(fields.get("kits")),
            prize=_read_amount(fields.get("prize")),
            pin=_read_pin(fields.get("pin"), known),
            promise=_read_promise(fields.get("promise"), known),
        )
    )


def _read_window(node: Node) -> Window:
    fields = node.fields("day opens closes", "bonus")
    opens, closes = _read_span(fields["opens"], fields["closes"])
    return Window(fields["day"].day(), opens, closes, _read_amount(fields.get("bonus")))


def _read_pin(node: Node | None, known: _Known) -> Pin | None:
    if node is None or node.is_null():
        return None
    fields = node.fields("shift", "starts")
    return Pin(known.shift(fields["shift"]), _read_limit(fields.get("starts")))


def _read_promise(node: Node | None, known: _Known) -> Promise | None:
    if node is None or node.is_null():
        return None
    fields = node.fields("shift starts")
    return Promise(known.shift(fields["shift"]), fields["starts"].whole())


def _read_group(node: Node, known: _Known) -> tuple[str, ...]:
    members: list[str] = []
    for member in node.items():
        name = known.visit(member)
        if name in members:
            member.refuse(f"the visit {name} is named twice in the group")
        members.append(name)
    return tuple(members)


def _read_town(node: Node) -> Town:
    fields = node.fields("id", "due shortfall")
    return Town(fields["id"].name(), _read_amount(fields.get("due")), _read_amount(fields.get("shortfall")))


def _read_weights(node: Node | None) -> Weights:
    names = "travel drop other_day other_van retime tolerance"
    fields = {} if node is None else node.fields("", names)
    return Weights(**{name: _read_amount(fields.get(name)) for name in names.split()})


def _read_amount(node: Node | None) -> int:
    return 0 if node is None else node.whole()


def _read_limit(node: Node | None) -> int | None:
    return None if node is None or node.is_null() else node.whole()


def _read_crew(node: Node | None) -> Mapping[str, int]:
    return {} if node is None else {skill: people.whole() for skill, people in node.members().items()}


def _read_names(node: Node | None) -> frozenset[str]:
    return frozenset() if node is None else frozenset(name.name() for name in node.items())


def read_plan(data: object) -> Plan:
    """The plan that the JSON value states, lawful or not, for a known problem or not: that is the checker's to judge.

    Raises InvalidInstance with the path of a value that breaks the contract.
    """
    root = Node(data)
    _refuse_other_format(root, PLAN_FORMAT)
    fields = root.fields("format problem tours value", "bound proven seconds seed")
    bound, seconds, seed = fields.get("bound"), fields.get("seconds"), fields.get("seed")
    return Plan(
        problem=fields["problem"].text(),
        tours=tuple(_read_tour(tour) for tour in fields["tours"].items()),
        value=fields["value"].signed(),
        bound=None if bound is None or bound.is_null() else bound.number(),
        seconds=0.0 if seconds is None else _read_seconds(seconds),
        seed=0 if seed is None else seed.whole(LARGEST_SEED),
        stated_proven=fields["proven"].truth() if "proven" in fields else None,
    )


def _read_seconds(node: Node) -> float:
    seconds = node.number()
    if seconds < 0:
        node.refuse(f"must not be negative, is {seconds}")
    return seconds


def _read_tour(node: Node) -> Tour:
    fields = node.fields("shift leaves returns stops", "lunch")
    return Tour(
        shift=fields["shift"].name(),
        leaves=fields["leaves"].whole(),
        returns=fields["returns"].whole(),
        lunch=_read_limit(fields.get("lunch")),
        stops=tuple(_read_stop(stop) for stop in fields["stops"].items()),
    )


def _read_stop(node: Node) -> Stop:
    fields = node.fields("visit arrives starts departs")
    return Stop(fields["visit"].name(), fields["arrives"].whole(), fields["starts"].whole(), fields["departs"].whole())
