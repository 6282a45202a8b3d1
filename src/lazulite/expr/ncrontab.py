"""Timer schedules: NCRONTAB with five or six fields, or a time span."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo

from lazulite.errors import ExpressionError
from lazulite.expr.cronfield import FIELDS, parse_field
from lazulite.expr.timespan import parse_timespan

_SEARCHED_YEARS = 48  # 29 February on a given weekday comes back within 40 years
_SHORT_STEP = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
Values = tuple[int, ...]


@dataclass(frozen=True)
class Cron:
    """The values of the six fields; a time matches when all of them do, day and weekday both."""

    seconds: Values
    minutes: Values
    hours: Values
    days: Values
    months: Values
    weekdays: Values

    def next(self, after: datetime) -> datetime | None:
        """The first matching time later than `after` (both without zone), None if there is none."""
        start = after.replace(microsecond=0) + _SECOND
        for day in self._dates(start.date()):
            earliest = (start.hour, start.minute, start.second)
            time = self._time(earliest if day == start.date() else (0, 0, 0))
            if time is not None:
                return datetime(day.year, day.month, day.day, *time)
        return None

    def _dates(self, start: date) -> Iterator[date]:
        weekdays = {(value - 1) % 7 for value in self.weekdays}  # Python's weeks begin on Monday
        for year in range(start.year, min(start.year + _SEARCHED_YEARS, 9999) + 1):
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for number in self.days:
                    try:
                        day = date(year, month, number)
                    except ValueError:
                        break
                    if day >= start and day.weekday() in weekdays:
                        yield day

    def _time(self, earliest: tuple[int, int, int]) -> tuple[int, int, int] | None:
        """The first time of a day that is not before `earliest`."""
        hour, minute, second = earliest
        for h in self.hours[bisect_left(self.hours, hour) :]:
            if h > hour:
                return h, self.minutes[0], self.seconds[0]
            for m in self.minutes[bisect_left(self.minutes, minute) :]:
                if m > minute:
                    return h, m, self.seconds[0]
                index = bisect_left(self.seconds, second)
                if index < len(self.seconds):
                    return h, m, self.seconds[index]
        return None


@dataclass(frozen=True)
class Schedule:
    """When a timer fires. Either `cron` or `interval` (seconds) is set.

    is_interval: a time span, or a cron expression that steps through the day (`*`, `-` or `/`
    among second, minute and hour): the original calls the others "adjusted for DST".
    """

    text: str
    zone: tzinfo
    cron: Cron | None = None
    interval: float = 0.0
    is_interval: bool = True

    @classmethod
    def parse(cls, text: str, zone: tzinfo = timezone.utc) -> Schedule:
        """A schedule by the clocks of `zone`. Raises ExpressionError."""
        fields = text.split()
        try:
            if len(fields) in (5, 6):
                return cls._of_fields(text, zone, fields)
            interval = parse_timespan(text)
            if interval <= 0:
                raise ValueError("the time span is not longer than nothing")
            return cls(text, zone, interval=interval)
        except (ValueError, ExpressionError) as error:
            raise ExpressionError(
                f"The schedule expression '{text}' was not recognized as a valid cron expression "
                "or timespan string.",
                hint=_hint(fields, error),
            ) from None

    @classmethod
    def _of_fields(cls, text: str, zone: tzinfo, fields: list[str]) -> Schedule:
        six = ["0", *fields] if len(fields) == 5 else fields
        values = [parse_field(one, field) for one, field in zip(six, FIELDS, strict=True)]
        steps = any(sign in field for field in six[:3] for sign in "*-/")
        return cls(text, zone, Cron(*values), is_interval=steps)

    @property
    def more_frequent_than_minute(self) -> bool:
        """Whether it fires more than once in some minute: such timers are not monitored."""
        if self.cron is not None:
            return len(self.cron.seconds) > 1
        return self.interval < 60

    def next(self, after: datetime) -> datetime | None:
        """The first firing later than `after` (aware); None where no date ever matches.

        A fixed time fires once when the clocks go back (the first time round); a time that they
        jump over fires as much later as they jump. A schedule that is an interval keeps its
        spacing in absolute time within a day; the first firing of another day is by the clock.
        """
        if self.cron is None:
            return (_utc(after) + timedelta(seconds=self.interval)).astimezone(self.zone)
        local = after.astimezone(self.zone).replace(tzinfo=None)
        if not self.is_interval:
            return self._next_fixed(self.cron, after, local)
        following = self.cron.next(local)
        if following is None:
            return None
        if following.date() == local.date() or following - local <= _SHORT_STEP:
            return (_utc(after) + (following - local)).astimezone(self.zone)
        return self._next_fixed(self.cron, after, local)

    def _next_fixed(self, cron: Cron, after: datetime, local: datetime) -> datetime | None:
        jump = self._jump(after)
        best: datetime | None = None
        candidate = cron.next(local - jump)
        while candidate is not None:
            instant = _utc(candidate.replace(tzinfo=self.zone))
            # a later candidate can only be earlier where this one was moved by a jump
            if best is not None and candidate >= _naive(best, self.zone):
                break
            if instant > _utc(after) and (best is None or instant < best):
                best = instant
            candidate = cron.next(candidate)
        return None if best is None else best.astimezone(self.zone)

    def _jump(self, after: datetime) -> timedelta:
        """How far the clocks jumped forward in the hours before `after`."""
        now = after.astimezone(self.zone).utcoffset() or timedelta()
        try:
            earlier = (_utc(after) - timedelta(hours=3)).astimezone(self.zone).utcoffset()
        except OverflowError:
            return timedelta()
        return max(now - (earlier or timedelta()), timedelta())

    def occurrences(self, after: datetime, count: int) -> list[datetime]:
        """The next `count` firings; fewer where there are no more."""
        found: list[datetime] = []
        following = self.next(after)
        while following is not None and len(found) < count:
            found.append(following)
            following = self.next(following)
        return found


def _utc(moment: datetime) -> datetime:
    # arithmetic on datetimes of one zone ignores changes of its offset
    return moment.astimezone(timezone.utc)


def _naive(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _hint(fields: list[str], error: Exception) -> str:
    if len(fields) in (5, 6):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    return (
        "Write {second} {minute} {hour} {day} {month} {day of the week}, for instance "
        "'0 */5 * * * *', or a time span such as '00:05:00'."
    )
