"""What a hospital's own answers teach about what it can do, where the register is silent.

Half of the real registers list no services. A hospital that takes a patient who needs a theatre has
one; a hospital that lacks the equipment for a patient of whom all but one need is known lacks that
one.
"""

from dataclasses import dataclass

from shared.hospital import STOCK, UNITS

# What runs out and fills up is reported, not learned.
_CHANGING = int(STOCK) | UNITS


@dataclass(frozen=True, slots=True)
class Learned:
    """Capability masks beside the register's: learned yes and learned no."""

    has: int = 0
    lacks: int = 0


def after_taking(has: int, lacks: int, learned: Learned, needs: int) -> Learned:
    """The hospital took a patient with these needs: what of them the register (`has`, `lacks`) does
    not know, it has.
    """
    news = needs & ~has & ~lacks & ~_CHANGING
    return Learned(learned.has | news, learned.lacks & ~news)


def after_lacking(has: int, lacks: int, learned: Learned, needs: int) -> Learned:
    """The hospital has not the equipment for a patient with these needs: where only one of them is
    unknown, it lacks that one. Where several are, nobody knows which; where none is, what was
    learned of them is forgotten.
    """
    silent = needs & ~has & ~lacks & ~_CHANGING
    unknown = silent & ~learned.has & ~learned.lacks
    doubtful = unknown or silent & learned.has
    missing = doubtful if doubtful.bit_count() == 1 else 0
    forgotten = missing if unknown else doubtful
    return Learned(learned.has & ~forgotten, learned.lacks | missing)
