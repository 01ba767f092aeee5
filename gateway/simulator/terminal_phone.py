"""The feature phone in a terminal: a line typed is dialled, answered or a command.

Written so that a script can drive it as well: `printf '*384*911#\\n1\\n' | haven-gateway phone`.
"""

import shlex
import threading
from collections.abc import Iterable
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from gateway.simulator.call_lines import CallLines
from gateway.simulator.client import Phone, PhoneRefused
from gateway.simulator.ussd import OPERATOR_ENDS
from shared.gsm import septets, to_gsm

HELP = """\
  *384*911#          dial a code
  1, or any text     answer the screen
  /session           how long the session has gone on, and may
  /drop [untold]     end the USSD session; untold: Haven never hears of it
  /double            post the next answer twice
  /delay SECONDS     hold the next answer on the network
  /lose              lose Haven's next screen
  /inbox             show all messages
  /reply TEXT        answer the last message
  /sms TO TEXT       send a message
  /wait [SECONDS]    wait for the next message (in a script)
  /call              call Haven
  /missed-call       call Haven and hang up before it is answered
  /pick-up [SECONDS] answer the call, or one that comes in time (in a script)
  /press KEYS        press keys in the call
  /hang-up           end or decline the call
  /quit              switch the phone off"""

_DEFAULT_WAIT_S = 10.0
_ANSWERED_WITHIN_S = 30.0


class TerminalPhone:
    """Reads lines, acts at the phone, prints what it shows.

    `interactive` also prints messages, calls and the end of a session as they come, between the
    lines.
    """

    def __init__(self, phone: Phone, watching: Phone, console: Console, interactive: bool) -> None:
        self._phone = phone
        self._watching = watching
        self._console = console
        self._interactive = interactive
        self._printing = threading.Lock()
        self._shown: set[str] = set()
        self._correspondent = ""
        self._calls = CallLines()
        self._trouble: dict[str, bool | float] = {}
        self._session_over = ""
        self._stopping = threading.Event()

    def run(self, lines: Iterable[str], welcome: str = "") -> int:
        """Goes through the lines and gives back the exit code: 1 when one of them failed.

        After the `welcome` every message that comes is shown; older ones are in the inbox.
        """
        failed = False
        state = self._phone.state()
        for message in state["messages"]:
            self._note(message)
        self._was_shown_to_end(state)
        if state["call"] and state["call"]["state"] == "ended":
            self._calls.news(state["call"])
        if welcome:
            self._print(welcome)
        if self._interactive:
            threading.Thread(target=self._watch, daemon=True).start()
        try:
            for line in lines:
                typed = line.strip()
                if typed == "/quit":
                    break
                if typed and not self._carry_out(typed):
                    failed = True
        finally:
            self._stopping.set()
        return 1 if failed else 0

    def _carry_out(self, typed: str) -> bool:
        if not self._interactive:
            self._print(f"[dim]> {escape(typed)}[/]")
        try:
            self._act(typed)
        except PhoneRefused as refusal:
            self._print(f"[red]{escape(str(refusal))}[/]")
            return False
        except requests.exceptions.RequestException:
            self._print("[red]The simulator does not answer. Is it running at this --url?[/]")
            return False
        except NothingCame as nothing:
            self._print(f"[red]{escape(str(nothing))}[/]")
            return False
        return True

    def _act(self, typed: str) -> None:
        command, _, rest = typed.partition(" ")
        match command:
            case "/help":
                self._print(HELP)
            case "/inbox":
                for message in self._phone.state()["messages"]:
                    self._show_message(message)
            case "/wait":
                self._wait_for_message(
                    _seconds(rest, "how many seconds to wait, such as /wait 20")
                    if rest.strip()
                    else _DEFAULT_WAIT_S
                )
            case "/reply":
                if not self._correspondent:
                    raise PhoneRefused("No message has come that could be answered.")
                self._send(self._correspondent, rest)
            case "/sms":
                to, _, text = rest.partition(" ")
                self._send(to, text)
            case "/pick-up":
                self._pick_up(rest)
            case "/call":
                self._show_call(self._phone.act("call/dial"))
                if not self._interactive:
                    self._wait_for_answer()
            case "/missed-call":
                self._show_call(self._phone.act("call/dial", missed=True))
            case "/press":
                self._show_call(self._phone.act("call/press", keys=rest.strip()))
            case "/hang-up":
                self._show_call(self._phone.act("call/hang-up"))
            case "/drop":
                self._show_screen(self._phone.act("drop", notify=rest.strip() != "untold"))
            case "/session":
                self._print(_session_line(self._phone.state()))
            case "/double":
                self._next("is posted twice", twice=True)
            case "/delay":
                delay_s = _seconds(rest, "how long to hold it, such as /delay 8")
                self._next(f"is held for {delay_s:g} s", delay_s=delay_s)
            case "/lose":
                self._next("is answered with a screen that gets lost", lose_answer=True)
            case _ if command.startswith("/"):
                raise PhoneRefused(
                    f"There is no {shlex.quote(command)}; /help lists what there is."
                )
            case _ if typed.startswith("*") and typed.endswith("#"):
                self._show_screen(self._turn("dial", code=typed))
            case _:
                self._show_screen(self._turn("answer", input=typed), typed)

    def _next(self, what: str, **trouble: bool | float) -> None:
        self._trouble |= trouble
        self._print(f"The next answer {what}.")

    def _turn(self, action: str, **body: str) -> dict[str, Any]:
        state = self._phone.act(action, **body, **self._trouble)
        self._trouble = {}
        return state

    def _pick_up(self, rest: str) -> None:
        if rest.strip():
            within_s = _seconds(rest, "how long to wait for a call, such as /pick-up 20")
            self._phone.wait_until(
                lambda state: (state["call"] or {}).get("state") == "ringing", within_s
            )
        self._show_call(self._phone.act("call/answer"))

    def _wait_for_answer(self) -> None:
        state = self._phone.wait_until(
            lambda state: state["call"]["state"] != "calling", _ANSWERED_WITHIN_S
        )
        if state is None:
            raise NothingCame("Nobody answers.")
        self._show_call(state)

    def _send(self, to: str, text: str) -> None:
        self._phone.act("sms", to=to, text=text)
        self._print(f"[green]Sent to {escape(to)}.[/]")

    def _wait_for_message(self, within_s: float) -> None:
        if self._interactive:
            raise PhoneRefused("Messages show here as they come; /wait is for scripts.")
        state = self._phone.wait_until(self._news, within_s)
        if state is None:
            raise NothingCame(f"No message came within {within_s:g} s.")
        for message in self._news(state):
            self._show_message(message)

    def _news(self, state: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            message
            for message in state["messages"]
            if message["direction"] == "received" and message["id"] not in self._shown
        ]

    def _watch(self) -> None:
        """Prints what comes in by itself, until the phone is switched off."""
        version = -1
        while not self._stopping.is_set():
            try:
                state = self._watching.state(after=version, wait_s=20.0)
            except (requests.exceptions.RequestException, PhoneRefused):
                if self._stopping.wait(2.0):
                    return
                continue
            version = state["version"]
            for message in self._news(state):
                self._show_message(message)
            self._show_call(state)
            if state["screen"]["notice"].startswith(OPERATOR_ENDS):
                self._show_screen(state)

    def _note(self, message: dict[str, Any]) -> None:
        self._shown.add(message["id"])
        if message["direction"] == "received":
            self._correspondent = message["other"]

    def _show_message(self, message: dict[str, Any]) -> None:
        self._note(message)
        way = "from" if message["direction"] == "received" else "to"
        self._print(
            f"[bold cyan]SMS {way} {escape(message['other'])}:[/] {escape(message['text'])}"
        )

    def _show_screen(self, state: dict[str, Any], typed: str = "") -> None:
        screen = state["screen"]
        limit = state["network"]["screen_characters"]
        if self._was_shown_to_end(state):
            return
        foot = f"{screen['septets']} of {limit} characters" if screen["septets"] else None
        asks = screen["kind"] == "menu"
        with self._printing:
            self._console.print(
                Panel(
                    escape(screen["text"]),
                    title="type your answer" if asks else "session over",
                    subtitle=foot,
                    border_style="green" if asks else "dim",
                    width=min(44, self._console.width),
                )
            )
        if screen["notice"]:
            self._print(f"[yellow]({escape(screen['notice'])})[/]")
        self._print(f"[dim]{escape(_session_line(state, typed))}[/]")

    def _was_shown_to_end(self, state: dict[str, Any]) -> bool:
        """Whether this is a session that the operator ended, and shown as that: both threads may
        see it.
        """
        if not state["screen"]["notice"].startswith(OPERATOR_ENDS):
            return False
        with self._printing:
            before, self._session_over = self._session_over, state["last_session"]["id"]
            return bool(before == self._session_over)

    def _show_call(self, state: dict[str, Any]) -> None:
        for line in self._calls.news(state["call"]):
            self._print(line)

    def _print(self, text: str) -> None:
        with self._printing:
            self._console.print(text, highlight=False, soft_wrap=True)


class NothingCame(Exception):
    """What was waited for did not come in time."""


def _seconds(typed: str, what: str) -> float:
    if not typed.strip().isdecimal() or int(typed) > 3600:
        raise PhoneRefused(f"Write {what}.")
    return float(typed)


def _session_line(state: dict[str, Any], typed: str = "") -> str:
    """How far the session is within what the operator allows, or how far the last one went."""
    network, session, last = state["network"], state["session"], state["last_session"]
    size = septets(to_gsm(typed)) or 0
    used = [f"typed {size} of {network['input_characters']} characters"] if typed else []
    if session is not None:
        passed_s = network["session_s"] - session["left_s"]
        waited_s = network["idle_s"] - session["idle_left_s"]
        used += [
            f"session {session['id']}",
            f"turn {session['turns']}",
            f"{passed_s:.0f} of {network['session_s']:g} s",
            f"{waited_s:.0f} of {network['idle_s']:g} s to answer",
        ]
    elif last is not None:
        turns = f"{last['turns']} {'turn' if last['turns'] == 1 else 'turns'}"
        used += [f"session {last['id']}", f"over after {turns} and {last['lasted_s']:.0f} s"]
    else:
        used += ["No session yet: dial a code."]
    return " · ".join(used)
