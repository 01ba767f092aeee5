"""What can go wrong with a routing engine."""

from shared.errors import HavenError


class EngineTrouble(HavenError):
    """The engine did not answer, or not as it should: it is better left alone for a while. The
    words name neither its address nor the question, which hold where somebody is.
    """


class NoRoadsHere(HavenError):
    """The engine works, and knows no roads for this question."""
