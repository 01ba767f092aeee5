"""The gateway's configuration: parsed once from `HAVEN_*` variables, frozen, secrets hidden."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gateway.travel.engine_address import EngineAddress, engine_address
from shared.errors import InvalidInput
from shared.phone_number import normalise
from sync.note import USUAL_LEASE_H

# So long a box keeps a patient (DESIGN 5).
_LONGEST_LEASE_H = 35 * 24


class ConfigError(InvalidInput):
    """Some variables are missing or wrong; the message names every one of them and what it should
    be.
    """


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Config:
    """What an operator sets. Fields with `repr=False` are secrets: they never reach a log."""

    data_dir: Path
    secret_dir: Path
    database_url: str = field(repr=False)
    # A second address past a connection pooler, for LISTEN and migrations; the same as above
    # without one.
    database_direct_url: str = field(repr=False)
    listen: Address
    live_listen: Address
    public_url: str
    # The live process as boxes reach it, wss:// or ws://; its own address when empty.
    live_public_url: str
    # Two are accepted while one is being rotated.
    callback_secrets: tuple[str, ...] = field(repr=False)
    at_username: str
    at_api_key: str = field(repr=False)
    at_shortcode: str
    at_base_url: str
    at_voice_url: str
    country: str
    # Whether the towns that come with Haven are put in, beside whatever is imported.
    default_places: bool
    # How many more callers must mean a place by a spelling than not, before others are offered it
    # first; 0 learns nothing.
    place_confirmations: int
    operator_phones: tuple[str, ...] = field(repr=False)
    emergency_numbers: tuple[str, ...]
    # Our number, that callers ring once and hang up; calls leave from it. Empty: no voice menus.
    voice_number: str
    # The recordings that calls play, a folder for each language.
    prompts_dir: Path
    # Menus and triage rules in place of Haven's own; None for those.
    menus_dir: Path | None
    triage_rules: Path | None
    # Settings of matching in place of Haven's own.
    match_policy: Path | None
    # Public holidays that the country's government has added.
    added_holidays: frozenset[date]
    # What people dial, as texts name it.
    ussd_code: str
    # The folders of our own modem's gammu-smsd, and its number; None and empty without one.
    sms_spool: Path | None
    modem_number: str
    # The engine that knows roads; None: travel times are estimated.
    routing: EngineAddress | None
    # Below so much on the SIM of a hospital's box, operators are alarmed.
    sim_low_credit_cents: int
    # For how many hours of running after our latest answer a hospital's box may show what patients
    # state about themselves.
    summary_lease_h: int
    threads: int

    @property
    def on_sqlite(self) -> bool:
        """True when the database is a file of our own, so that one process does all the writing."""
        return self.database_url.startswith("sqlite")

    @property
    def doorbell_url(self) -> str:
        """Where boxes keep a socket open to hear that something waits."""
        if self.live_public_url:
            return f"{self.live_public_url}/sync/v1/doorbell"
        return f"ws://{self.live_listen}/sync/v1/doorbell"

    @property
    def sms_number(self) -> str:
        """Where boxes text to."""
        return self.modem_number or self.at_shortcode

    @property
    def sqlite_path(self) -> Path:
        """The database file, when `on_sqlite`."""
        return Path(self.database_url.removeprefix("sqlite:///"))


def from_environment(environment: Mapping[str, str]) -> Config:
    """The configuration in these variables.

    Raises ConfigError naming every variable that is missing or wrong.
    """
    faults: list[str] = []

    def read(name: str, default: str | None = None) -> str:
        value = environment.get(name, "").strip() or default
        if value is None:
            faults.append(f"{name} is not set.")
            return ""
        return value

    def address(name: str, default: str) -> Address:
        host, _, port = read(name, default).rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            faults.append(f"{name} must look like 127.0.0.1:8000.")
            return Address("127.0.0.1", 1)
        return Address(host, int(port))

    def url(
        name: str, default: str = "", schemes: tuple[str, ...] = ("https://", "http://")
    ) -> str:
        value = read(name, default).rstrip("/")
        if value and not value.startswith(schemes):
            faults.append(f"{name} must start with {' or '.join(schemes)}.")
        return value

    def path(name: str, is_right: Callable[[Path], bool], kind: str) -> Path | None:
        value = read(name, "")
        if not value:
            return None
        if not is_right(Path(value)):
            faults.append(f"{name} must be {kind} that is there.")
        return Path(value).absolute()

    data_dir = Path(read("HAVEN_DATA_DIR", "haven-data")).absolute()
    database_url = read("HAVEN_DATABASE_URL", f"sqlite:///{data_dir / 'haven.sqlite'}")
    if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        faults.append("HAVEN_DATABASE_URL must start with sqlite:/// or postgresql+psycopg://.")
    country = read("HAVEN_COUNTRY", "KE").upper()
    callback_secrets = tuple(
        part.strip() for part in read("HAVEN_CALLBACK_SECRET").split(",") if part.strip()
    )
    if any(len(secret) < 16 for secret in callback_secrets) or len(callback_secrets) > 2:
        faults.append(
            "HAVEN_CALLBACK_SECRET must be one secret, or two joined by a comma while rotating, "
            "each of at least 16 characters."
        )
    operator_phones = []
    for typed in filter(None, read("HAVEN_OPERATOR_PHONES", "").split(",")):
        try:
            operator_phones.append(normalise(typed, country))
        except InvalidInput:
            faults.append(
                f"HAVEN_OPERATOR_PHONES: {typed.strip()[-3:]!r} at the end is no phone number."
            )
    voice_number = read("HAVEN_VOICE_NUMBER", "")
    if voice_number:
        try:
            voice_number = normalise(voice_number, country)
        except InvalidInput:
            faults.append("HAVEN_VOICE_NUMBER must be a phone number, such as +254711082000.")
    modem_number = read("HAVEN_SMS_NUMBER", "")
    if modem_number:
        try:
            modem_number = normalise(modem_number, country)
        except InvalidInput:
            faults.append("HAVEN_SMS_NUMBER must be a phone number, such as +254711082001.")
    sms_spool = path("HAVEN_SMS_SPOOL", Path.is_dir, "a folder")
    if (sms_spool is None) is not (modem_number == ""):
        faults.append("HAVEN_SMS_SPOOL and HAVEN_SMS_NUMBER go together: a modem and its number.")
    emergency_numbers = tuple(
        part.strip() for part in read("HAVEN_EMERGENCY_NUMBERS", "999,1199").split(",")
    )
    if not all(emergency_numbers):
        faults.append("HAVEN_EMERGENCY_NUMBERS must be numbers joined by commas, such as 999,1199.")
    # So many that twenty slow look-ups leave most of them to others.
    threads = read("HAVEN_THREADS", "64")
    if not threads.isdigit() or not 1 <= int(threads) <= 256:
        faults.append("HAVEN_THREADS must be a number from 1 to 256.")
        threads = "64"

    default_places = read("HAVEN_DEFAULT_PLACES", "yes").lower()
    if default_places not in ("yes", "no"):
        faults.append("HAVEN_DEFAULT_PLACES must be yes or no.")
    place_confirmations = read("HAVEN_PLACE_CONFIRMATIONS", "3")
    if not place_confirmations.isdigit() or int(place_confirmations) not in (0, *range(2, 101)):
        faults.append("HAVEN_PLACE_CONFIRMATIONS must be a number from 2 to 100, or 0.")
        place_confirmations = "3"

    routing_remote = read("HAVEN_ROUTING_REMOTE", "no").lower()
    if routing_remote not in ("yes", "no"):
        faults.append("HAVEN_ROUTING_REMOTE must be yes or no.")
    routing = None
    if routing_url := read("HAVEN_ROUTING_URL", ""):
        try:
            routing = engine_address(routing_url, may_be_remote=routing_remote == "yes")
        except InvalidInput as fault:
            faults.append(f"HAVEN_ROUTING_URL {fault}")

    added_holidays = []
    for written in filter(None, read("HAVEN_HOLIDAYS", "").split(",")):
        try:
            added_holidays.append(date.fromisoformat(written.strip()))
        except ValueError:
            faults.append("HAVEN_HOLIDAYS must be dates such as 2026-11-30, apart by commas.")

    low_credit = read("HAVEN_SIM_LOW_CREDIT_CENTS", "5000")
    if not low_credit.isdigit() or int(low_credit) > 10_000_000:
        faults.append("HAVEN_SIM_LOW_CREDIT_CENTS must be a number from 0 to 10000000.")
        low_credit = "5000"

    lease = read("HAVEN_SUMMARY_LEASE_HOURS", str(USUAL_LEASE_H))
    if not lease.isdigit() or not 1 <= int(lease) <= _LONGEST_LEASE_H:
        faults.append(f"HAVEN_SUMMARY_LEASE_HOURS must be a number from 1 to {_LONGEST_LEASE_H}.")
        lease = str(USUAL_LEASE_H)

    config = Config(
        data_dir=data_dir,
        secret_dir=Path(read("HAVEN_SECRET_DIR", str(data_dir / "secrets"))).absolute(),
        database_url=database_url,
        database_direct_url=read("HAVEN_DATABASE_DIRECT_URL", database_url),
        listen=address("HAVEN_LISTEN", "127.0.0.1:8000"),
        live_listen=address("HAVEN_LIVE_LISTEN", "127.0.0.1:8001"),
        live_public_url=url("HAVEN_LIVE_PUBLIC_URL", schemes=("wss://", "ws://")),
        public_url=url("HAVEN_PUBLIC_URL", "http://127.0.0.1:8000"),
        callback_secrets=callback_secrets,
        at_username=read("HAVEN_AT_USERNAME"),
        at_api_key=read("HAVEN_AT_API_KEY"),
        at_shortcode=read("HAVEN_AT_SHORTCODE"),
        at_base_url=url("HAVEN_AT_BASE_URL"),
        at_voice_url=url("HAVEN_AT_VOICE_URL"),
        country=country,
        default_places=default_places == "yes",
        place_confirmations=int(place_confirmations),
        operator_phones=tuple(operator_phones),
        menus_dir=path("HAVEN_MENUS_DIR", Path.is_dir, "a folder"),
        triage_rules=path("HAVEN_TRIAGE_RULES", Path.is_file, "a file"),
        match_policy=path("HAVEN_MATCH_POLICY", Path.is_file, "a file"),
        added_holidays=frozenset(added_holidays),
        voice_number=voice_number,
        prompts_dir=Path(read("HAVEN_PROMPTS_DIR", str(data_dir / "prompts"))).absolute(),
        emergency_numbers=emergency_numbers,
        ussd_code=read("HAVEN_USSD_CODE", "*384*911#"),
        sms_spool=sms_spool,
        modem_number=modem_number,
        routing=routing,
        sim_low_credit_cents=int(low_credit),
        summary_lease_h=int(lease),
        threads=int(threads),
    )
    if faults:
        raise ConfigError("The configuration cannot be used:\n  " + "\n  ".join(faults))
    return config
