"""The only place where parts are joined: settings in, a running gateway out."""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gateway import accounts, boards, findings, logs, rules, schemas, service
from gateway.accounts import Counters, Gatekeeper, Proxies, Rate, Rates
from gateway.admission import Admission
from gateway.application import Application
from gateway.audit import Chain, Heads, Refusals, Sealer
from gateway.callouts import Asking, Breaker, Pace, Rhythm, Worker
from gateway.callouts.asking import Ask
from gateway.calls import Door, Observed
from gateway.errors import Failed, Misused, UnknownSchema
from gateway.health import Health, Look
from gateway.intake import Limits
from gateway.lifecycle import lasting
from gateway.operations import Terms
from gateway.pages import Pages
from gateway.plain import PlainDoor
from gateway.records import Lockout, Migrated
from gateway.retention import Daily, Pruning, Spans
from gateway.schema import Reader
from gateway.sealing import Key, load_key, make_key
from gateway.service import Gateway
from gateway.settings import Settings
from gateway.soap import SoapDoor
from storage import Store, open_store

if TYPE_CHECKING:
    from gateway.metrics import Metrics
    from gateway.outbound import Waits

Clock = Callable[[], datetime]

_log = logging.getLogger(__name__)


def now() -> datetime:
    """The one clock, in UTC."""
    return datetime.now(UTC)


def limits(settings: Settings) -> Limits:
    """What bounds one call."""
    return Limits(**{field.name: getattr(settings, field.name) for field in dataclasses.fields(Limits)})


def at_once(settings: Settings) -> int:
    """How many calls a process works on at a time: SQLite has one writer, elsewhere one may wait for the
    database while another computes."""
    return settings.at_once or (1 if settings.database.startswith("sqlite") else 2)


def reader(settings: Settings, bounds: Limits | None = None) -> Reader:
    """The reader of all payload versions, within the limits of one call or others; raises Misused where an
    alias names a version there is not."""
    try:
        return Reader(schemas.VERSIONS, bounds or limits(settings), settings.aliases)
    except UnknownSchema as unknown:
        raise Misused(f"CME_GATEWAY_ALIASES: {unknown.text}", remedy=unknown.remedy) from None


def store(settings: Settings, clock: Clock = now, key: Key | None = None) -> Store:
    """The store, with the key that seals its secrets; raises Failed if it is not given and has no file."""
    chunk = {name: min(adapter.most, settings.board_chunk) for name, adapter in boards.ADAPTERS.items()}
    key = key or load_key(settings.key_file)
    return open_store(settings.database, key, clock, lasting, lambda board: chunk[board])


def migrate(settings: Settings) -> tuple[bool, Migrated]:
    """Bring the database to the current schema; a new one gets a new key file. Says whether it did, and
    which schema there was.

    Raises Failed where there are accounts but no key, since a new key could not open their secrets.
    """
    new = not Path(settings.key_file).exists()
    key = _NoKey() if new else load_key(settings.key_file)
    with closing(open_store(settings.database, key, now, lasting)) as opened:
        migrated = opened.migrate()
        if new and opened.accounts.providers():
            raise Failed(
                f"There are accounts, but no key file {settings.key_file}, which their secrets need.",
                remedy="Put it back, or name it by CME_GATEWAY_KEY_FILE; a new key could not open them.",
            )
    if new:
        make_key(settings.key_file)
    return new, migrated


class _NoKey:
    """Stands in for the key until it is made: nothing can be sealed before that."""

    def seal(self, plain: bytes) -> bytes:
        raise Failed("There is no key to seal with.")

    unseal = seal


def catalogue() -> list[dict[str, Any]]:
    """Every code the gateway answers with, of rules, refusals and shapes, by code."""
    shapes = (
        {"code": code, "severity": str(severity), "text": text, "remedy": remedy, "source": "the XSD"}
        for code, (severity, text, remedy) in findings.SHAPE.items()
    )
    label = Reader(schemas.VERSIONS, Limits()).label
    known = [
        row | {"field": label(row["field"], row["payload"] or rules.ACTIVITY)} for row in rules.catalogue()
    ]
    columns = dict.fromkeys(known[0])
    return sorted((*known, *(columns | row for row in shapes)), key=lambda row: str(row["code"]))


def ready(settings: Settings, clock: Clock = now, key: Key | None = None) -> Store:
    """Open the store and compile the schemas; raises Failed when key, database or head file are not ready,
    Misused where a setting names what there is not."""
    reader(settings)
    key = key or load_key(settings.key_file)
    opened = store(settings, clock, key)
    try:
        opened.check()
        audit_heads(settings, key).check()
    except Failed:
        opened.close()
        raise
    judges = [judge for version in schemas.VERSIONS for judge in version.judges]
    for judge in (*judges, *(version.judge for version in service.VERSIONS)):
        judge.warm()
    opened.warm()
    return opened


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """A store for one command, closed at its end; raises Failed when key or database are not ready."""
    with closing(store(settings)) as opened:
        opened.check()
        yield opened


def terms(settings: Settings, key: Key, clock: Clock = now) -> Terms:
    """What operations go by."""
    return Terms(
        clock=clock,
        zone=ZoneInfo(settings.zone),
        key_months=settings.key_months,
        duplicate_hours=settings.duplicate_hours,
        digest=key.digest,
        boards=boards.BOARDS,
        lookups=settings.match_lookups,
        misses=settings.match_misses,
    )


def application(settings: Settings, clock: Clock = now) -> Application:
    """Join the parts; raises Failed when the key is missing or the database is not ready."""
    from gateway.metrics import Metrics  # a fifth of a second, which most commands need not spend

    key = load_key(settings.key_file)
    opened = ready(settings, clock, key)
    refusals = Refusals()
    gateway = Gateway(
        store=opened,
        reader=reader(settings),
        gatekeeper=gatekeeper(settings, opened, key, refusals, clock),
        refusals=refusals,
        proxies=Proxies(settings.forwarded_allow_ips, plain=settings.plain_passwords),
        terms=terms(settings, key, clock),
        limits=limits(settings),
        admission=Admission(at_once(settings), settings.queue, settings.request_timeout),
    )
    health = Health(Look(opened, Path(settings.key_file), settings.disk_free_bytes), clock, settings.boards)
    metrics = Metrics(service.OPERATIONS, gateway.admission, health.seen, clock)
    doors = {version.path: SoapDoor(version, gateway) for version in service.VERSIONS}
    services = {path: PlainDoor(path, gateway) for path in service.SERVICES}
    return Application(
        gateway,
        _observed(doors, metrics),
        _observed(services, metrics),
        Pages(gateway.reader, settings.trusted_hosts, health.ready, metrics.page),
        parts=(
            metrics,
            audit_sealer(settings, opened, key, gateway.refusals, clock),
            Daily(pruning(settings, opened, key), opened.retention, clock),
        ),
    )


def _observed(doors: Mapping[str, Door], metrics: Metrics) -> dict[str, Door]:
    """Doors whose calls the log and the metrics are told of."""
    return {path: Observed(door, path, (logs.tell, metrics.count)) for path, door in doors.items()}


def gatekeeper(
    settings: Settings, store: Store, key: Key, refusals: Refusals, clock: Clock = now
) -> Gatekeeper:
    """Who lets callers in; all processes of this machine that serve this database count together."""
    beside, counted = Path(settings.key_file).parent, ("calls", "failures")
    return Gatekeeper(
        store.accounts.user,
        key,
        settings.credential_seconds,
        guard=store.guard,
        limits=accounts.Limits(
            calls=Rate(settings.calls_per_minute, settings.calls_burst),
            failures=Rate(settings.failures_per_minute, settings.failures_per_minute),
            lockout=Lockout(settings.lock_failures, settings.lock_minutes, settings.alarm_failures),
        ),
        counters=Counters(*(Rates(f"{what} of {settings.database}", beside) for what in counted)),
        alarm=lambda error: refusals.note(error, clock(), None, ""),
    )


def audit_sealer(settings: Settings, store: Store, key: Key, refusals: Refusals, clock: Clock) -> Sealer:
    """The thread that seals the audit log; every process that writes has one."""
    return Sealer(store.trail, Chain(key.prove), audit_heads(settings, key), refusals, clock)


def audit_heads(settings: Settings, key: Key) -> Heads:
    """The file that notes the end of the audit chain; its key is not the database's."""
    beside = Path(settings.key_file).with_suffix(".heads")
    every = timedelta(minutes=settings.audit_head_minutes)
    return Heads(Path(settings.audit_heads or beside), Chain(key.prove), every)


def pruning(settings: Settings, store: Store, key: Key) -> Pruning:
    """What finds and deletes what was kept for long enough."""
    spans = Spans.of(
        payload_days=settings.payload_days,
        receipt_months=settings.receipt_months,
        key_months=settings.key_months,
        question_days=settings.question_days,
        audit_months=settings.audit_months,
    )
    return Pruning(store.retention, store.trail, store.guard, Chain(key.prove), spans)


@contextmanager
def worker(settings: Settings, ask: Ask | None = None, clock: Clock = now) -> Iterator[Worker]:
    """A worker that asks the boards that are connected; raises Failed when the store is not ready.

    `ask` stands in for the boards, where they are not to be called.
    """
    from gateway.board import Switchboard  # zeep and requests, 7 MB, which no other process needs

    name = uuid.uuid4().hex  # a name that was ever used before would get the work of its dead namesake
    with (
        opened(settings) as store,
        closing(Switchboard(settings.boards, _waits(settings))) as switchboard,
        closing(store.queue(name)) as queue,
        _sealing(settings, store, clock),
    ):
        breakers = {
            board: Breaker(settings.board_failures, settings.board_rest_seconds) for board in settings.boards
        }
        _warn_of_others(store, settings)
        callouts = store.callouts(name, timedelta(hours=settings.board_patience_hours))
        asking = Asking(
            callouts, ask or switchboard.ask, pace(settings), clock, breakers, settings.board_calls
        )
        yield Worker(asking, callouts, store.workers(name), queue, rhythm(settings), clock)


def _warn_of_others(store: Store, settings: Settings) -> None:
    """Say at the start which boards are waited for and have no address here: nothing else would."""
    waiting = {one.board: one.open for one in store.backlogs() if one.open}
    others = [f"{board} ({open_:,})" for board, open_ in waiting.items() if board not in settings.boards]
    if others:
        _log.warning(
            "questions wait for boards that have no address in CME_GATEWAY_BOARDS; unless another worker has "
            "one, nobody asks them: %s",
            ", ".join(sorted(others)),
        )


@contextmanager
def _sealing(settings: Settings, store: Store, clock: Clock) -> Iterator[None]:
    """Seal the audit log meanwhile. Raises Failed where its head file cannot be written."""
    key = load_key(settings.key_file)
    audit_heads(settings, key).check()
    sealer = audit_sealer(settings, store, key, Refusals(), clock)
    sealer.start()
    try:
        yield
    finally:
        sealer.stop()


def _waits(settings: Settings) -> Waits:
    from gateway.outbound import Waits

    return Waits(
        connect=settings.board_connect_seconds,
        read=settings.board_read_seconds,
        total=settings.board_total_seconds,
        bytes=settings.board_answer_bytes,
    )


def pace(settings: Settings) -> Pace:
    """When boards are asked again."""
    return Pace(settings.board_retry_seconds, settings.board_retry_most, settings.board_poll_seconds)


def rhythm(settings: Settings) -> Rhythm:
    """How a worker beats, looks and ends."""
    return Rhythm(
        beat=settings.worker_beat_seconds,
        silence=settings.worker_silence_seconds,
        look=settings.worker_look_seconds,
        stop=settings.worker_stop_seconds,
        keep=settings.worker_keep_hours,
        at_once=settings.board_calls,
        rate=settings.board_rate,
    )
