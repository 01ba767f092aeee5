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

from gateway.simulator.client import Phone, PhoneRefused

HELP = """\
  *384*911#        dial a code
  1, or any text   answer the screen
  /drop            end the USSD session
  /inbox           show all messages
  /reply TEXT      answer the last message
  /sms TO TEXT     send a message
  /wait [SECONDS]  wait for the next message (in a script)
  /pick-up         answer the call
  /press KEYS      press keys in the call
  /hang-up         end or decline the call
  /quit            switch the phone off"""

_DEFAULT_WAIT_S = 10.0


class TerminalPhone:
    """Reads lines, acts at the phone, prints what it shows.

    `interactive` also prints messages and calls as they come in, between the lines.
    """

    def __init__(self, phone: Phone, watching: Phone, console: Console, interactive: bool) -> None:
        self._phone = phone
        self._watching = watching
        self._console = console
        self._interactive = interactive
        self._printing = threading.Lock()
        self._shown: set[str] = set()
        self._correspondent = ""
        self._call_seen = ""
        self._heard: dict[str, int] = {}
        self._stopping = threading.Event()

    def run(self, lines: Iterable[str], welcome: str = "") -> int:
        """Goes through the lines and gives back the exit code: 1 when one of them failed.

        After the `welcome` every message that comes is shown; older ones are in the inbox.
        """
        failed = False
        for message in self._phone.state()["messages"]:
            self._note(message)
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
                self._wait_for_message(_seconds(rest))
            case "/reply":
                if not self._correspondent:
                    raise PhoneRefused("No message has come that could be answered.")
                self._send(self._correspondent, rest)
            case "/sms":
                to, _, text = rest.partition(" ")
                self._send(to, text)
            case "/pick-up":
                self._show_call(self._phone.act("call/answer"))
            case "/press":
                self._show_call(self._phone.act("call/press", keys=rest.strip()))
            case "/hang-up":
                self._show_call(self._phone.act("call/hang-up"))
            case "/drop":
                self._show_screen(self._phone.act("drop"))
            case _ if command.startswith("/"):
                raise PhoneRefused(
                    f"There is no {shlex.quote(command)}; /help lists what there is."
                )
            case _ if typed.startswith("*") and typed.endswith("#"):
                self._show_screen(self._phone.act("dial", code=typed))
            case _:
                self._show_screen(self._phone.act("answer", input=typed))

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
            call = state["call"]
            if call and call["state"] == "ringing" and call["id"] != self._call_seen:
                self._call_seen = call["id"]
                self._print(
                    f"[bold yellow]{escape(call['caller'])} is calling.[/] /pick-up or /hang-up"
                )

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

    def _show_screen(self, state: dict[str, Any]) -> None:
        screen = state["screen"]
        limit = state["network"]["screen_characters"]
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

    def _show_call(self, state: dict[str, Any]) -> None:
        call = state["call"]
        told = self._heard.get(call["id"], 0)
        for words in call["heard"][told:]:
            self._print(f"[bold]Voice:[/] {escape(words)}")
        self._heard = {call["id"]: len(call["heard"])}
        if call["state"] == "ended":
            self._print(f"Call ended: {call['ended_because']}")
        elif call["wants_digits"]:
            self._print("/press KEYS")

    def _print(self, text: str) -> None:
        with self._printing:
            self._console.print(text, highlight=False, soft_wrap=True)


class NothingCame(Exception):
    """What was waited for did not come in time."""


def _seconds(typed: str) -> float:
    if not typed.strip():
        return _DEFAULT_WAIT_S
    if not typed.strip().isdecimal() or int(typed) > 3600:
        raise PhoneRefused("Write how many seconds to wait, such as /wait 20.")
    return float(typed)
