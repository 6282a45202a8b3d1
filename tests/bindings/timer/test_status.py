from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.bindings.timer.status import Status, after_run, at_start, parse_status
from lazulite.errors import ExpressionError
from lazulite.expr.ncrontab import Schedule

NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
FIVE = Schedule.parse("0 */5 * * * *")
SPAN = Schedule.parse("00:10:00")


def later(**parts: float) -> datetime:
    return NOON + timedelta(**parts)


def test_the_first_start_waits_for_the_next_occurrence() -> None:
    status, past_due = at_start(FIVE, None, later(minutes=1))
    assert status == Status(None, later(minutes=5), later(minutes=1))
    assert not past_due


def test_an_occurrence_missed_while_no_host_ran_is_past_due() -> None:
    stored = Status(NOON, later(minutes=5), NOON)
    assert at_start(FIVE, stored, later(minutes=4)) == (stored, False)
    assert at_start(FIVE, stored, later(minutes=6)) == (stored, True)


def test_the_first_occurrence_can_be_missed_too() -> None:
    stored = Status(None, later(minutes=5), later(minutes=1))
    assert at_start(FIVE, stored, later(minutes=6)) == (stored, True)


def test_an_edited_schedule_begins_anew() -> None:
    stored = Status(NOON, later(minutes=7), NOON)
    status, past_due = at_start(FIVE, stored, later(minutes=11))
    assert status == Status(None, later(minutes=15), later(minutes=11))
    assert not past_due


def test_a_time_span_keeps_its_phase_over_a_restart() -> None:
    stored = Status(NOON, later(minutes=10), NOON)
    assert at_start(SPAN, stored, later(minutes=3)) == (stored, False)
    assert at_start(SPAN, stored, later(minutes=13)) == (stored, True)
    edited = Status(NOON, later(minutes=11), NOON)
    assert at_start(SPAN, edited, later(minutes=3))[0].next == later(minutes=13)


def test_occurrences_missed_during_a_run_are_skipped() -> None:
    assert after_run(FIVE, NOON, later(seconds=2)) == Status(
        NOON, later(minutes=5), later(seconds=2)
    )
    late = after_run(FIVE, NOON, later(minutes=17))
    assert late == Status(NOON, later(minutes=20), later(minutes=17))
    assert late is not None
    assert at_start(FIVE, late, later(minutes=18)) == (late, False)
    assert after_run(SPAN, NOON, later(minutes=25)) == Status(
        NOON, later(minutes=30), later(minutes=25)
    )


def test_an_early_wake_up_does_not_fire_twice() -> None:
    status = after_run(FIVE, NOON, NOON - timedelta(milliseconds=3))
    assert status is not None
    assert status.next == later(minutes=5)


def test_a_schedule_that_never_comes_is_refused() -> None:
    with pytest.raises(ExpressionError, match="never comes"):
        at_start(Schedule.parse("0 0 0 30 2 *"), None, NOON)


def test_a_document_of_the_original_is_read() -> None:
    status = parse_status(
        b'{"Last":"0001-01-01T00:00:00","Next":"2030-01-01T13:00:00.1234567+01:00",'
        b'"LastUpdated":"2030-01-01T12:00:00Z"}'
    )
    assert status == Status(None, later(microseconds=123456), NOON)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"Next": 5}', b'{"Last":"x","Next":"y","LastUpdated":"z"}', b"1"]
)
def test_a_document_that_cannot_be_read_counts_as_none(body: bytes) -> None:
    assert parse_status(body) is None


moments = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1), timezones=st.just(timezone.utc))


@given(moments, st.sampled_from([FIVE, SPAN, Schedule.parse("30 4 3 * * MON-FRI")]))
def test_a_status_survives_its_document_and_a_restart(now: datetime, schedule: Schedule) -> None:
    status, _ = at_start(schedule, None, now)
    assert parse_status(status.to_json()) == status
    following = after_run(schedule, status.next, status.next + timedelta(seconds=1))
    assert following is not None
    assert following.next > status.next
    assert at_start(schedule, following, following.updated) == (following, False)
