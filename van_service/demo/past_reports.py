"""What the crews of the demo counted: drawn around the figures that other districts publish (see data/README.md)."""

from __future__ import annotations

from random import Random

from schedules.models import SampleResult, Visit
from schedules.reports import ReportIn, SampleIn

USUAL_SAMPLES, SPREAD_OF_SAMPLES = 22, 6
LEAST_SAMPLES, MOST_SAMPLES = 8, 40
SUSPECTED_SHARE = 0.011
# Food, test item, where it was bought.
SUSPECTS = (
    ("韭菜", "农药残留", "菜市场蔬菜摊"),
    ("豇豆", "农药残留", "流动摊贩"),
    ("芹菜", "农药残留", "自家菜地"),
    ("干香菇", "二氧化硫", "南北货店"),
    ("腌萝卜", "二氧化硫", "酱菜摊"),
    ("水发鱿鱼", "甲醛", "水产摊"),
    ("咸肉", "亚硝酸盐", "熟食店"),
    ("面条", "硼砂", "粮油店"),
)
NOTES = (
    "居民问得最多的是保健品和预付卡。",
    "现场秩序好，排队约十分钟。",
    "展板受潮，需要更换两块。",
    "场地电压不稳，改用车载电源。",
)


def report_of_visit(visit: Visit, rng: Random) -> ReportIn:
    """A report whose numbers fit the services, the venue and the people expected."""
    codes = {each.service.code for each in visit.request.services}
    people = max(3, min(visit.venue.capacity, round(visit.request.people * rng.uniform(0.55, 1.2))))
    tested = _samples_tested(rng) if "food_rapid_test" in codes else 0
    desk = codes & {"complaint_desk", "team_house_call", "station_support"}
    suspects = [_suspect(visit, rng) for _ in range(tested) if rng.random() < SUSPECTED_SHARE]
    return ReportIn(
        people=people,
        leaflets=round(people * rng.uniform(0.7, 1.3)),
        consultations=rng.randrange(4, 26) if desk else rng.randrange(0, 8),
        complaints=rng.choice((0, 0, 1, 1, 2, 3)) if "complaint_desk" in codes else 0,
        kits_used=tested + 2 * len(suspects),
        samples_tested=tested,
        samples=tuple(suspects),
        note=rng.choice(NOTES) if rng.random() < 0.15 else None,
    )


def _samples_tested(rng: Random) -> int:
    return max(LEAST_SAMPLES, min(MOST_SAMPLES, round(rng.gauss(USUAL_SAMPLES, SPREAD_OF_SAMPLES))))


def _suspect(visit: Visit, rng: Random) -> SampleIn:
    food, item, stall = rng.choice(SUSPECTS)
    office = f"{visit.town.name_zh}市场监管所"
    return SampleIn(food, item, SampleResult.SUSPECTED_POSITIVE, repeated=True, stall=stall, referred_to=office)
