"""What the towns of the demo wish for: drawn from the usual kinds of visit, each at fitting venues, days and hours.

Pure: venues and days in, wishes out. Filing them is `demo.requests`' business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from schedules.models import Priority, Venue
from schedules.requests import Wish, WishService, WishWindow
from van_service.demo.recipes import RECIPES, Recipe

REST_DAYS = 28
DaysOf = Callable[[int, Sequence[date]], Sequence[date]]
PRIORITIES = ((Priority.NORMAL, 76), (Priority.RAISED, 19), (Priority.URGENT, 5))
SURNAMES = "陆沈王顾何金卫张唐俞徐蒋夏曹盛范钱孙庄翁"
GIVEN_NAMES = ("燕", "伟", "芳", "军", "萍", "伟明", "红", "敏", "洁", "峰", "静", "波", "雯", "晓岚", "文华", "丽")
NOTES = (
    "门口可停大车，请从北门进。",
    "电源在大厅东侧。",
    "老人多，希望讲本地话。",
    "下雨改在二楼会议室。",
    "居民主要关心蔬菜农残。",
    "请多带一些宣传册。",
)


@dataclass(frozen=True)
class Draft:
    """A wish together with the town that has it and the kind of visit it is."""

    town_id: int
    recipe: str
    wish: Wish

    @property
    def first_day(self) -> date:
        return min(window.day for window in self.wish.windows)


@dataclass
class Draughts:
    """Draws wishes so that no venue is asked for twice within four weeks, and no day much more than others.

    `weights` says how often each town asks; `market_days` are those on which a van starts early, as announced to the
    towns.
    """

    venues: Sequence[Venue]
    weights: dict[int, float]
    rng: Random
    market_days: Collection[date] = ()
    is_teaching_day: Callable[[date], bool] = lambda day: True
    _asked: dict[int, date] = field(default_factory=dict)
    _wanted: Counter[date] = field(default_factory=Counter)

    def draw(self, days: Sequence[date], number: int, days_of: DaysOf = lambda town_id, days: days) -> list[Draft]:
        """So many wishes for these working days, fewer where venues or days run out.

        `days_of` says on which of the days a town would have the van.
        """
        drafts = []
        for recipe in self._recipes(days, number):
            draft = self._draw_one(recipe, days, days_of)
            if draft is not None:
                drafts.append(draft)
        return drafts

    def _recipes(self, days: Sequence[date], number: int) -> list[Recipe]:
        """The mix in fixed proportions, shuffled; lessons only as many as the days of teaching allow."""
        teaching = sum(map(self.is_teaching_day, days)) / len(days)
        shares = {recipe: recipe.share * (teaching if recipe.school else 1) for recipe in RECIPES}
        total = sum(recipe.share for recipe in RECIPES)
        mix = [recipe for recipe, share in shares.items() for _ in range(round(number * share / total))]
        self.rng.shuffle(mix)
        return mix

    def _draw_one(self, recipe: Recipe, days: Sequence[date], days_of: DaysOf) -> Draft | None:
        for _ in range(40):
            venue = self._venue(recipe, days[-1] - timedelta(days=REST_DAYS // 4))
            if venue is None:
                return None
            possible = [day for day in days_of(venue.town_id, days) if day >= self._rested(venue)]
            windows = self._windows(recipe, possible)
            if windows:
                return self.draft(recipe, venue, windows)
        return None

    def draft(
        self,
        recipe: Recipe,
        venue: Venue,
        windows: Sequence[WishWindow],
        *,
        priority: Priority | None = None,
        alternative_group: str | None = None,
    ) -> Draft:
        """The wish of a venue for these windows, with an invented contact."""
        self._asked[venue.id] = max(window.day for window in windows)
        drawn = self.rng.choices([kind for kind, _ in PRIORITIES], [share for _, share in PRIORITIES])[0]
        wish = Wish(
            venue_id=venue.id,
            services=tuple(WishService(code, minutes) for code, minutes in recipe.services),
            windows=tuple(windows),
            people=min(venue.capacity, self.rng.randrange(recipe.people[0], recipe.people[1] + 1, 5)),
            contact_name=Random(venue.id).choice(SURNAMES) + Random(-venue.id).choice(GIVEN_NAMES),
            contact_phone=f"1380000{2000 + venue.id:04d}",
            contact_email=f"venue-{venue.id}@example.org",
            note=self.rng.choice(NOTES) if self.rng.random() < 0.3 else None,
            priority=priority or drawn,
            alternative_group=alternative_group,
        )
        return Draft(venue.town_id, recipe.code, wish)

    def free_venues(self, recipe: Recipe, by: date, town_id: int | None = None) -> list[Venue]:
        """Venues that suit this kind of visit and have rested for four weeks on the day `by`."""
        return [
            venue
            for venue in self.venues
            if recipe.suits(venue) and town_id in (None, venue.town_id) and self._rested(venue) <= by
        ]

    def _rested(self, venue: Venue) -> date:
        """The first day on which a venue may be asked for again."""
        asked = self._asked.get(venue.id)
        return date.min if asked is None else asked + timedelta(days=REST_DAYS)

    def _venue(self, recipe: Recipe, by: date) -> Venue | None:
        free = self.free_venues(recipe, by)
        if not free:
            return None
        towns = sorted({venue.town_id for venue in free})
        town_id = self.rng.choices(towns, [self.weights[each] for each in towns])[0]
        return self.rng.choice([venue for venue in free if venue.town_id == town_id])

    def _windows(self, recipe: Recipe, days: Sequence[date]) -> list[WishWindow]:
        """Two to five windows on days that lie near together; the first is the preferred one."""
        possible = [day for day in days if not recipe.school or self.is_teaching_day(day)]
        if not possible:
            return []
        start = possible.index(min(self.rng.sample(possible, min(3, len(possible))), key=lambda day: self._wanted[day]))
        near = possible[max(0, start - 4) : start + 10]
        if recipe.market and self.rng.random() < 0.9:
            near = [day for day in near if day in self.market_days] or near
        number = min(len(near), self.rng.choice((2, 3, 4, 4, 5)))
        chosen = self.rng.sample(near, number)
        self._wanted.update(chosen)
        return [
            WishWindow(day, *self.rng.choice(recipe.hours), preferred=position == 0)
            for position, day in enumerate(chosen)
        ]
