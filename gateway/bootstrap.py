"""The composition root: the one place where the gateway's parts are put together."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gateway import keys as keys_module
from gateway.box_desk import BoxDesk, EnrolledBoxes
from gateway.config import Config, ConfigError
from gateway.database import migrate
from gateway.database.database import Database
from gateway.database.polite import PoliteWriter
from gateway.database.postgres import PostgresDatabase
from gateway.database.sqlite import SqliteDatabase, SqliteReader
from gateway.delivery.sending import Carriers
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.contacts import Roster
from gateway.hospitals.directory import HospitalDirectory
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.policy_file import load_match_policy
from gateway.hospitals.public_holidays import public_holidays
from gateway.keys import Keys, PhoneVault
from gateway.medical.vault import ProfileVault
from gateway.menus.loading import load_for_callers
from gateway.places.default_gazetteer import seed_default
from gateway.places.finder import PlaceFinder
from gateway.ports import Boxes, Places
from gateway.providers.africastalking import AfricasTalking
from gateway.providers.modem import Modem
from gateway.restoring import hold
from gateway.sites.exchange import retry_all_parked
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import streams
from gateway.travel.engine_address import check_before_asking, require_ours
from gateway.travel.engine_http import EngineClient
from gateway.travel.fetching import RoadFetcher
from gateway.travel.foreseeing_places import ForeseeingPlaces
from gateway.travel.osrm import OsrmTravel
from gateway.travel.road_times import RoadTimes, Wanted
from gateway.travel.valhalla import ValhallaTravel
from gateway.unit_of_work import Services
from shared.errors import HavenError, InvalidInput
from shared.hospital import Hospital
from shared.match_policy import MatchPolicy
from shared.system import System
from sync.sealing import NodeKeys
from sync.smsd_spool import Spool
from ussd_menus.menus import Menus

# How many requests read or write at the same moment: the others of HAVEN_THREADS look something up,
# or wait a moment for a connection.
_AT_ONCE = 16


class AlreadyRunning(HavenError):
    """Another process writes to this database."""


def load_or_make_keys(config: Config) -> Keys:
    """The keys; made now when there are none and the database is new as well.

    Raises KeysUnusable when a database exists whose keys are missing.
    """
    fresh = not (config.on_sqlite and config.sqlite_path.exists())
    if fresh and not keys_module.exist(config.secret_dir) and config.on_sqlite:
        return keys_module.make(config.secret_dir)
    return keys_module.load(config.secret_dir)


def hold_writer_lock(config: Config) -> int | None:
    """On SQLite, makes this the one process that writes, for as long as it lives.

    Raises AlreadyRunning when another process is it.
    """
    if not config.on_sqlite:
        return None
    config.data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(config.data_dir / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunning(
            f"Another gateway is running on {config.data_dir}. Stop it first, or let the running "
            "one do this through its HTTP interface."
        ) from None
    return descriptor


def open_database(config: Config, keys: Keys) -> SqliteDatabase | PostgresDatabase:
    """The database, migrated and confirmed to be these keys'. It must be ours to write."""
    database: SqliteDatabase | PostgresDatabase
    if config.on_sqlite:
        database = SqliteDatabase(config.sqlite_path, keys.database, readers=_AT_ONCE)
    else:
        database = PostgresDatabase(config.database_url, connections=_AT_ONCE + 8)
    migrate.upgrade(database.engine)
    database.write(lambda connection: keys_module.confirm(connection, keys))
    return database


def require_startable(config: Config) -> None:
    """Opens the database and lets go of it again: whatever forbids a start is said once and
    clearly, before a server that would start its worker again and again.

    Raises AlreadyRunning, KeysUnusable or DatabaseUnusable.
    """
    lock = hold_writer_lock(config)
    try:
        open_database(config, load_or_make_keys(config)).close()
    finally:
        if lock is not None:
            os.close(lock)


def open_reader(config: Config, keys: Keys) -> SqliteReader | PostgresDatabase:
    """The database for a process that only reads."""
    if config.on_sqlite:
        return SqliteReader(config.sqlite_path, keys.database)
    return PostgresDatabase(config.database_url, connections=4)


@dataclass(frozen=True)
class Gateway:
    """The parts that routes, commands and threads work with."""

    services: Services
    keys: Keys
    node_keys: NodeKeys
    box_desk: BoxDesk

    @property
    def exchange_desk(self) -> ExchangeDesk:
        """Where what boxes send is taken in, whatever bearer brought it."""
        services = self.services
        return ExchangeDesk(
            services.database,
            services.system,
            self.node_keys,
            self.box_desk,
            services.config.summary_lease_h,
        )


def open_gateway(config: Config, system: System) -> Gateway:
    """The whole gateway on its database. On SQLite this process must hold the writer's lock."""
    keys = load_or_make_keys(config)
    database = open_database(config, keys)

    def prepare(connection: Connection) -> None:
        if streams.outgoing.epoch(connection) is None:
            streams.outgoing.begin_epoch(connection, system.rng.randrange(1, 1 << 32))

    database.write(prepare)
    if config.default_places:
        seed_default(database, config.country)
    services = build_services(
        config,
        system,
        database,
        keys,
        boxes=EnrolledBoxes(),
        places=_places(config, database, keys),
    )
    database.read(services.hospitals.load)
    # Before anything that is due is done.
    hold.look(services)
    desk = BoxDesk(services, AvailabilityBoard(system))
    # This version may read what the one before could not.
    retry_all_parked(ExchangeDesk(database, system, NodeKeys(keys.boxes), desk))
    return Gateway(services, keys, NodeKeys(keys.boxes), desk)


def open_beside(config: Config, system: System) -> Services:
    """What a command of the command line works with, beside a running gateway or without one; its
    senders and boxes are told by the rows alone. Searching places needs `places.refresh()` first.
    """
    keys = load_or_make_keys(config)
    database = PoliteWriter(open_database(config, keys))
    services = build_services(
        config,
        system,
        database,
        keys,
        boxes=EnrolledBoxes(),
        places=_places(config, database, keys, loaded=False),
    )
    # Before any transaction that writes, so that none is long.
    database.read(services.hospitals.load)
    return services


def carriers(config: Config, system: System) -> Carriers:
    """Africa's Talking, or whatever answers at HAVEN_AT_BASE_URL in its stead, and our own modem.

    Raises SpoolUnusable.
    """
    modem = None
    if config.sms_spool is not None:
        spool = Spool(config.sms_spool)
        spool.check()
        modem = Modem(spool, system)
    provider = AfricasTalking(
        username=config.at_username,
        api_key=config.at_api_key,
        base_url=config.at_base_url or None,
        voice_url=config.at_voice_url or None,
    )
    return Carriers(
        sms=provider,
        voice=provider,
        shortcode=config.at_shortcode,
        voice_number=config.voice_number,
        modem=modem,
    )


def _places(config: Config, database: Database, keys: Keys, *, loaded: bool = True) -> PlaceFinder:
    return PlaceFinder(
        database,
        config.country,
        mark=PhoneVault(keys.phone_numbers).mark,
        confirmations=config.place_confirmations,
        loaded=loaded,
    )


def build_services(
    config: Config,
    system: System,
    database: Database,
    keys: Keys,
    *,
    boxes: Boxes,
    places: Places,
) -> Services:
    """All that the use cases work with. Raises InvalidInput for menus that callers would stumble
    over.
    """
    loaded = load_for_callers(config.menus_dir, config.triage_rules)
    _require_room(config, loaded.menus)
    policy = match_policy(config)
    roads = _road_times(config, system, policy)
    if roads is not None:
        places = ForeseeingPlaces(places, roads)
    return Services(
        config=config,
        system=system,
        database=database,
        menus=loaded.menus,
        rules=loaded.rules,
        vault=PhoneVault(keys.phone_numbers),
        profiles=ProfileVault(keys.profiles),
        hospitals=hospital_directory(config, system, roads),
        places=places,
        boxes=boxes,
        roads=roads,
    )


def match_policy(config: Config) -> MatchPolicy:
    """This deployment's settings of matching. Raises InvalidInput for its file."""
    return MatchPolicy() if config.match_policy is None else load_match_policy(config.match_policy)


def hospital_directory(
    config: Config, system: System, roads: RoadTimes | None = None
) -> HospitalDirectory:
    """The hospitals, ranked by this deployment's policy, and by road where roads are known. Raises
    InvalidInput for the policy's file.
    """
    is_holiday = public_holidays(config.country, config.added_holidays)
    policy = replace(match_policy(config), is_holiday=is_holiday)
    roster = Roster(policy.local_time, is_holiday)
    return HospitalDirectory(MatchIndex(policy, roads), AvailabilityBoard(system), roster)


def road_fetcher(services: Services) -> RoadFetcher | None:
    """What asks the routing engine beside the turns of callers, to be started; None without one."""
    address, roads = services.config.routing, services.roads
    if address is None or roads is None:
        return None
    client = EngineClient(address.base_url, check_before_asking(address))
    engine = OsrmTravel(client) if address.kind == "osrm" else ValhallaTravel(client)
    now = services.system.now

    def worth_asking(wanted: Wanted) -> Sequence[Hospital]:
        return services.hospitals.worth_asking(wanted, now())

    return RoadFetcher(roads, engine, worth_asking, now)


def _road_times(config: Config, system: System, policy: MatchPolicy) -> RoadTimes | None:
    if config.routing is None:
        return None
    try:
        require_ours(config.routing)
    except InvalidInput as fault:
        raise ConfigError(f"HAVEN_ROUTING_URL {fault}") from None
    return RoadTimes(system.now, policy.travel.is_peak)


def _require_room(config: Config, menus: Menus) -> None:
    """Raises ConfigError for what every text would show cut off: a number that cannot be called."""
    shown = {
        "number": ("HAVEN_EMERGENCY_NUMBERS", config.emergency_numbers[0]),
        "service": ("HAVEN_USSD_CODE", config.ussd_code),
    }
    for variable, (name, value) in shown.items():
        room = menus.definitions.variables.get(variable)
        if room is not None and len(value) > room.width:
            raise ConfigError(
                f"{name}: {value!r} is wider than the {room.width} letters that {variable!r} has "
                "in menus.yaml. Use a shorter one, or menus that leave room for it (docs/menus.md)."
            )
