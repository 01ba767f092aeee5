"""What can go wrong in the domain. Every error says, in words for a person, what to do next."""

import traceback


class HavenError(Exception):
    """A refusal with a reason. Subclasses are mapped to HTTP problems and exit codes in one table
    per program.
    """


class NotFound(HavenError):
    """There is no such thing, or the asker may not know of it."""


class InvalidInput(HavenError):
    """What came in cannot be understood; the message says which field and what it should be."""


class IllegalMove(HavenError):
    """The life cycle does not allow this step from the present state."""


class Conflict(HavenError):
    """Somebody else was faster, or the same key was used for something else."""


class SendRetryable(HavenError):
    """A message could not be sent now; trying again after `after_s` seconds may help (None: the
    usual backoff).
    """

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


class SendRefused(HavenError):
    """This channel will never reach this recipient; another one has to."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OperatorMustAct(HavenError):
    """Nothing can be sent on this channel until a person mends our account or configuration."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def origin(error: BaseException) -> str:
    """What was raised and where, for logs: its type, file and line, and never its message, which
    may quote a name, a number or a medical fact.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
