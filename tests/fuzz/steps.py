"""What rubbish is made of: one step of a story, and how hypothesis makes stories of them."""

from dataclasses import dataclass

from hypothesis import strategies as st

PHONES = 5
# How often each kind of step comes. What goes on with a session is the likeliest, so that stories
# reach the screens that lie deep.
_WEIGHTS = {
    # First, since what fails is made simpler until everything that has no part in it is nothing.
    "nothing": 1,
    "go_on": 40,
    "go_far": 20,
    "dial": 8,
    "dial_straight": 2,
    "press_way_back": 5,
    "press_rubbish": 6,
    "several_answers": 5,
    "again": 6,
    "turn_of_before": 3,
    "shorter": 2,
    "contradict": 2,
    "longer": 2,
    "foreign_session": 3,
    "foreign_code": 2,
    "end": 3,
    "foreign_end": 2,
    "text": 5,
    "wait": 5,
    "wait_long": 1,
    "malformed": 4,
    "voice": 4,
    "delivery": 1,
    "wrong_door": 1,
    "duty_phone": 3,
}
_KINDS = tuple(kind for kind, weight in _WEIGHTS.items() for _ in range(weight))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story: what happens, on which phone, and which of the possible ways."""

    kind: str
    phone: int
    which: int


def _step(kind: str, number: int) -> Step:
    phone, which = divmod(number, _WAYS)
    return Step(kind, phone, which)


_WAYS = 100
_steps = st.builds(_step, st.sampled_from(_KINDS), st.integers(0, PHONES * _WAYS - 1))
# One list for each story: its length is what a story costs.
stories = st.lists(_steps, min_size=40, max_size=160)
