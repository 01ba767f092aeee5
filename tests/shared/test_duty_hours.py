"""Rotas: who is at the telephone, by day, night, weekend and public holiday."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import duty_hours
from shared.errors import InvalidInput

# Saturday, the 12th of December 2026, is Jamhuri Day in Kenya; the 7th is a Monday.
_JAMHURI = date(2026, 12, 12)


def _on_duty(rota: str, local: str) -> bool:
    at = datetime.strptime(f"2026-12-{local}", "%Y-%m-%d %H:%M")  # noqa: DTZ007 local time
    return duty_hours.parse(rota).on_duty(at, lambda day: day == _JAMHURI)


@pytest.mark.parametrize(
    ("rota", "local", "there"),
    [
        ("", "07 03:00", True),
        ("  ;; ", "12 03:00", True),
        ("mon-fri 08:00-17:00", "07 08:00", True),
        ("mon-fri 08:00-17:00", "07 16:59", True),
        ("mon-fri 08:00-17:00", "07 17:00", False),
        ("mon-fri 08:00-17:00", "07 07:59", False),
        ("mon-fri 08:00-17:00", "12 09:00", False),
        ("MON-FRI 08:00-17:00", "07 09:00", True),
        ("mon,wed 08:00-17:00", "08 09:00", False),
        ("mon,wed 08:00-17:00", "09 09:00", True),
        ("fri-mon 08:00-17:00", "13 09:00", True),
        ("fri-mon 08:00-17:00", "09 09:00", False),
        # A night shift belongs to the evening that it began on.
        ("mon 20:00-06:00", "07 21:00", True),
        ("mon 20:00-06:00", "08 05:59", True),
        ("mon 20:00-06:00", "08 06:00", False),
        ("mon 20:00-06:00", "07 05:00", False),
        ("daily 20:00-06:00", "07 05:00", True),
        ("20:00-06:00", "07 05:00", True),
        ("sun", "06 23:59", True),
        ("sun 00:00-24:00", "07 00:00", False),
        # A public holiday is an ordinary day unless the rota names holidays.
        ("sat 08:00-13:00", "12 09:00", True),
        ("sat 08:00-13:00; holidays off", "12 09:00", False),
        ("mon-fri 08:00-17:00; holidays 10:00-12:00", "12 11:00", True),
        ("mon-fri 08:00-17:00; holidays 10:00-12:00", "12 09:00", False),
        ("mon-sun,holidays 08:00-17:00", "12 09:00", True),
        # The night after a holiday's evening is the holiday's.
        ("daily 20:00-06:00; holidays off", "13 05:00", False),
        ("daily 20:00-06:00; holidays off", "12 05:00", True),
    ],
)
def test_who_is_there(rota: str, local: str, there: bool) -> None:
    assert _on_duty(rota, local) == there


@pytest.mark.parametrize(
    ("rota", "says"),
    [
        ("monday 08:00-17:00", "'monday' is no day"),
        ("mon-fri 8-17", "'8-17' are no hours"),
        ("mon-fri 08:00-24:30", "are no hours"),
        ("mon-fri 08:00-08:00", "are no hours"),
        ("mon fri 08:00-17:00", "more than days and hours"),
        ("mon-fri 08:00-17:00; holidays closed", "'closed' are no hours"),
        ("always", "'always' is no day"),
        ("mon-", "'mon-' is no day"),
    ],
)
def test_what_makes_no_sense_is_refused_with_an_example(rota: str, says: str) -> None:
    with pytest.raises(InvalidInput, match="Write days and hours such as") as refused:
        duty_hours.parse(rota)
    assert says in str(refused.value)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        rota = duty_hours.parse(text)
    except InvalidInput:
        return
    rota.on_duty(datetime(2026, 12, 7, 12), lambda day: True)  # noqa: DTZ001 local time


@given(st.integers(0, 7 * 24 * 60 - 1), st.integers(0, 23), st.integers(1, 23))
def test_day_and_night_shifts_leave_no_minute_out(
    minute: int, starts_h: int, length_h: int
) -> None:
    ends_h = (starts_h + length_h) % 24
    both = f"{starts_h:02}:00-{ends_h:02}:00; {ends_h:02}:00-{starts_h:02}:00"
    at = datetime(2026, 12, 7) + timedelta(minutes=minute)  # noqa: DTZ001 local time
    assert duty_hours.parse(both).on_duty(at, lambda day: False)
