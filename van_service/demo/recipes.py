"""The usual kinds of visit: which services, where, at what hours, for how many people."""

from __future__ import annotations

from dataclasses import dataclass

from schedules.models import Venue


def at(hours: int, minutes: int = 0) -> int:
    """Minutes after midnight."""
    return hours * 60 + minutes


@dataclass(frozen=True)
class Recipe:
    """One kind of visit. `hours` are the windows it asks for; `share` is out of the sum of all shares."""

    code: str
    kinds: tuple[str, ...]
    services: tuple[tuple[str, int], ...]
    hours: tuple[tuple[int, int], ...]
    people: tuple[int, int]
    share: int
    room: bool = False
    power: bool = False
    parking: bool = False
    stations_only: bool = False
    market: bool = False
    school: bool = False

    def suits(self, venue: Venue) -> bool:
        """Whether the venue is of a fitting kind and has what the services need."""
        return (
            venue.kind_code in self.kinds
            and (venue.indoor_room or not self.room)
            and (venue.power or not self.power)
            and (venue.parking or not self.parking)
            and (venue.liaison_station or not self.stations_only)
        )


RECIPES = (
    Recipe(
        "community_morning",
        ("community",),
        (("food_rapid_test", 120), ("consumer_education", 60), ("complaint_desk", 120)),
        ((at(8, 30), at(11, 30)), (at(9), at(11, 30)), (at(9), at(12))),
        (50, 120),
        share=11,
        power=True,
        parking=True,
    ),
    Recipe(
        "community_short",
        ("community",),
        (("food_rapid_test", 90), ("consumer_education", 60)),
        ((at(8, 45), at(11, 15)), (at(9), at(11, 45))),
        (40, 90),
        share=9,
        power=True,
        parking=True,
    ),
    Recipe(
        "community_afternoon",
        ("community", "canteen", "elderly_home"),
        (("food_rapid_test", 90), ("consumer_education", 60)),
        ((at(13, 30), at(15, 45)), (at(14), at(16)), (at(13), at(15, 30))),
        (40, 90),
        share=10,
        power=True,
        parking=True,
    ),
    Recipe(
        "market_morning",
        ("market",),
        (("food_rapid_test", 120), ("metrology_check", 60)),
        ((at(7, 30), at(9, 30)), (at(7, 30), at(10)), (at(7), at(10))),
        (60, 150),
        share=8,
        power=True,
        parking=True,
        market=True,
    ),
    Recipe(
        "school_lesson",
        ("school",),
        (("school_lesson", 40),),
        ((at(8, 30), at(11, 30)), (at(9), at(11, 30)), (at(13), at(15))),
        (80, 160),
        share=23,
        room=True,
        school=True,
    ),
    Recipe(
        "enterprise_call",
        ("enterprise",),
        (("team_house_call", 75),),
        ((at(13, 30), at(15, 45)), (at(13), at(16))),
        (20, 60),
        share=11,
        room=True,
    ),
    Recipe(
        "seniors_talk",
        ("community", "elderly_home"),
        (("elderly_fraud", 60),),
        ((at(9), at(11)), (at(9, 30), at(11, 30)), (at(13, 30), at(15, 30))),
        (30, 80),
        share=13,
        room=True,
    ),
    Recipe(
        "law_stand",
        ("community", "construction_camp", "old_street", "micro_park"),
        (("legal_publicity", 60), ("consumer_education", 60)),
        ((at(9), at(11, 30)), (at(13, 30), at(16))),
        (40, 120),
        share=6,
    ),
    Recipe(
        "mall_stand",
        ("mall", "old_street"),
        (("consumer_education", 90), ("complaint_desk", 90), ("metrology_check", 60)),
        ((at(10), at(12)), (at(13), at(16)), (at(14), at(16))),
        (80, 200),
        share=4,
    ),
    Recipe(
        "showcase",
        ("mall", "old_street"),
        (("goods_showcase", 120),),
        ((at(10), at(13)), (at(13, 30), at(16))),
        (100, 200),
        share=1,
        parking=True,
    ),
    Recipe(
        "station_call",
        ("community", "market", "mall", "enterprise"),
        (("station_support", 45),),
        ((at(9), at(11, 30)), (at(13), at(16))),
        (5, 20),
        share=10,
        stations_only=True,
    ),
)
BY_CODE = {recipe.code: recipe for recipe in RECIPES}
