"""Whether anybody can hear the box."""


class Alarm:
    """What the console last said about its sound. Until one has spoken, nobody hears anything."""

    def __init__(self) -> None:
        self.audible = False
