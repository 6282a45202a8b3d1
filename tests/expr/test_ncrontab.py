"""Schedules, against croniter where both know the syntax, and by brute force around DST."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError
from lazulite.expr.ncrontab import Schedule

UTC = timezone.utc
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour


@st.composite
def fields(draw: st.DrawFn, low: int, high: int) -> str:
    values = st.integers(low, high)
    kind = draw(st.sampled_from(["*", "one", "one", "range", "list", "step", "range step"]))
    # croniter takes the weekdays 0-0 for all of them
    first, last = sorted(draw(st.lists(values, min_size=2, max_size=2, unique=True)))
    step = draw(st.integers(1, (high - low) // 2))
    return {
        "*": "*",
        "one": str(first),
        "range": f"{first}-{last}",
        "list": f"{first},{last}",
        "step": f"*/{step}",
        "range step": f"{first}-{last}/{step}",
    }[kind]


CRONS = st.tuples(
    fields(0, 59), fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 6)
).map(" ".join)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(CRONS, MOMENTS)
def test_the_same_as_croniter(text: str, after: datetime) -> None:
    theirs = croniter(
        text, after.replace(microsecond=0), day_or=False, second_at_beginning=True,
        max_years_between_matches=60,
    )  # fmt: skip
    schedule = Schedule.parse(text)
    for expected in (theirs.get_next(datetime), theirs.get_next(datetime)):
        found = schedule.next(after)
        assert found == expected
        after = found


@given(CRONS, MOMENTS)
def test_five_fields_fire_at_second_zero(text: str, after: datetime) -> None:
    five = text.partition(" ")[2]
    assert Schedule.parse(five).next(after) == Schedule.parse(f"0 {five}").next(after)


@pytest.mark.parametrize("text", ["0 0 0 30 2 *", "0 0 0 31 2,4,6,9,11 *"])
def test_a_date_that_never_comes(text: str) -> None:
    assert Schedule.parse(text).next(datetime(2024, 1, 1, tzinfo=UTC)) is None
    assert Schedule.parse(text).occurrences(datetime(2024, 1, 1, tzinfo=UTC), 5) == []


def test_a_leap_day_on_a_sunday() -> None:
    schedule = Schedule.parse("0 0 0 29 2 sun")
    found = schedule.occurrences(datetime(2080, 1, 1, tzinfo=UTC), 2)
    assert [moment.year for moment in found] == [2088, 2128]


def test_the_end_of_time() -> None:
    assert Schedule.parse("0 0 0 1 1 *").next(datetime(9999, 5, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("0 0 0 * January Mon-friday", "0 0 0 * 1 1-5"),
        ("0 0 0 * DEC sat,SUN", "0 0 0 * 12 6,0"),
        ("50/5 10/20 * * * *", "50,55 10,30,50 * * * *"),
        ("0 0 5-2 * * *", "0 0 2-5 * * *"),
        ("  0  0 0 * * *  ", "0 0 0 * * *"),
    ],
)
def test_spellings(text: str, same: str) -> None:
    assert Schedule.parse(text).cron == Schedule.parse(same).cron


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "* * *", "* * * * * * *", "60 * * * * *", "* * 24 * * *", "* * * 0 * *",
        "* * * * 13 *", "* * * * * 7", "? * * * * *", "0 0 0 L * *", "0 0 0 1W * *",
        "0 0 0 * * 1#2", "*/0 * * * * *", "1- * * * * *", ",1 * * * * *", "mon * * * * *",
        "00:00:00", "-00:01:00", "00:60:00", "99999 * * * * *", "*/99999 * * * * *", "٣ * * * * *",
    ],
)  # fmt: skip
def test_bad_schedules(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Schedule.parse(text)
    assert caught.value.message == (
        f"The schedule expression '{text}' was not recognized as a valid cron expression or "
        "timespan string."
    )
    assert caught.value.hint


@given(st.text("0123456789*,-/: .?LW#monJAN", max_size=25))
def test_any_text_is_a_schedule_or_an_expression_error(text: str) -> None:
    try:
        schedule = Schedule.parse(text)
    except ExpressionError:
        return
    after = datetime(2024, 2, 1, tzinfo=UTC)
    found = schedule.next(after)
    assert found is None or found > after


def test_time_spans() -> None:
    schedule = Schedule.parse("00:00:30")
    after = datetime(2024, 3, 10, 1, 59, 45, tzinfo=NEW_YORK)
    assert schedule.next(after) == after.astimezone(UTC) + timedelta(seconds=30)
    assert schedule.is_interval
    assert schedule.more_frequent_than_minute
    assert not Schedule.parse("00:01:00").more_frequent_than_minute


@pytest.mark.parametrize(
    ("text", "interval", "frequent"),
    [
        ("0 30 9 * * *", False, False),
        ("0 30 9,12 1-5 */2 *", False, False),
        ("0 */5 * * * *", True, False),
        ("0 0 9-17 * * *", True, False),
        ("*/10 * * * * *", True, True),
        ("0,30 0 0 * * *", False, True),
        ("30 9 * * *", False, False),
    ],
)
def test_what_kind_of_schedule_it_is(text: str, interval: bool, frequent: bool) -> None:
    schedule = Schedule.parse(text)
    assert (schedule.is_interval, schedule.more_frequent_than_minute) == (interval, frequent)


# --- daylight saving time: New York goes forward on 10 March 2024, back on 3 November ----------


def clock(schedule: str, zone: ZoneInfo, after: datetime, count: int) -> list[str]:
    found = Schedule.parse(schedule, zone).occurrences(after.replace(tzinfo=zone), count)
    return [moment.strftime("%d %H:%M %Z") for moment in found]


def test_a_fixed_time_that_is_jumped_over_fires_as_much_later() -> None:
    assert clock("0 30 2 * * *", NEW_YORK, datetime(2024, 3, 9), 3) == [
        "09 02:30 EST",
        "10 03:30 EDT",
        "11 02:30 EDT",
    ]
    assert clock("0 30 2 * * *", BERLIN, datetime(2024, 3, 31), 1) == ["31 03:30 CEST"]


def test_a_fixed_time_in_the_repeated_hour_fires_once() -> None:
    assert clock("0 30 1 * * *", NEW_YORK, datetime(2024, 11, 2), 3) == [
        "02 01:30 EDT",
        "03 01:30 EDT",
        "04 01:30 EST",
    ]
    second_time_round = datetime(2024, 11, 3, 1, 10, fold=1)
    assert clock("0 30 1 * * *", NEW_YORK, second_time_round, 1) == ["04 01:30 EST"]


def test_a_jumped_time_and_a_real_one_that_coincide_fire_once() -> None:
    assert clock("0 30 2,3 * * *", NEW_YORK, datetime(2024, 3, 10), 2) == [
        "10 03:30 EDT",
        "11 02:30 EDT",
    ]


def test_a_moved_time_does_not_hide_an_earlier_one() -> None:
    found = Schedule.parse("0 15,35 2 * * *", LORD_HOWE)
    start = datetime(2024, 10, 6, 1, tzinfo=LORD_HOWE)
    assert [m.strftime("%d %H:%M") for m in found.occurrences(start, 3)] == [
        "06 02:35",
        "06 02:45",
        "07 02:15",
    ]


@pytest.mark.parametrize("zone", [NEW_YORK, BERLIN], ids=str)
@pytest.mark.parametrize(
    "day", [datetime(2024, 3, 9), datetime(2024, 11, 2), datetime(2024, 10, 26)]
)
@pytest.mark.parametrize("minutes", [5, 20, 60])
def test_an_interval_keeps_its_spacing(zone: ZoneInfo, day: datetime, minutes: int) -> None:
    text = "0 0 * * * *" if minutes == 60 else f"0 */{minutes} * * * *"
    start = day.replace(tzinfo=zone).astimezone(UTC)
    found = Schedule.parse(text, zone).occurrences(start, 49 * 60 // minutes)
    moments = [start, *(moment.astimezone(UTC) for moment in found)]
    spaces = {b - a for a, b in pairwise(moments)}
    assert spaces == {timedelta(minutes=minutes)}


def test_an_interval_of_hours_keeps_its_spacing_within_the_day() -> None:
    start = datetime(2024, 3, 9, 23)
    assert clock("0 0 */6 * * *", NEW_YORK, start, 3) == [
        "10 00:00 EST",
        "10 07:00 EDT",
        "10 12:00 EDT",
    ]


def test_office_hours_begin_by_the_clock_after_a_change() -> None:
    friday = datetime(2024, 3, 8, 16, 30)
    assert clock("0 0 9-17 * * 1-5", NEW_YORK, friday, 2) == ["08 17:00 EST", "11 09:00 EDT"]


@given(
    st.sampled_from([NEW_YORK, BERLIN, LORD_HOWE]),
    st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1)),
    st.integers(0, 23),
    st.lists(st.integers(0, 59), min_size=1, max_size=3),
)
def test_fixed_times_fire_once_a_day(
    zone: ZoneInfo, after: datetime, hour: int, minutes: list[int]
) -> None:
    text = f"0 {','.join(map(str, minutes))} {hour} * * *"
    schedule = Schedule.parse(text, zone)
    start = after.replace(tzinfo=zone).astimezone(UTC)
    # by brute force: every matching clock time, first time round, moved where it was jumped over
    expected = set()
    for offset in range(-1, 4):
        day = (after + timedelta(days=offset)).replace(hour=hour, second=0, microsecond=0)
        for minute in minutes:
            expected.add(day.replace(minute=minute, tzinfo=zone).astimezone(UTC))
    later = sorted(moment for moment in expected if moment > start)[: 2 * len(set(minutes))]
    found = schedule.occurrences(start, len(later))
    assert [moment.astimezone(UTC) for moment in found] == later
