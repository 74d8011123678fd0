"""The whole system in one process group, on loopback only, to try things out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway import assembly, lifecycle, samples
from gateway.accounts import hash_secret
from gateway.client import GatewayClient
from gateway.errors import Failed, NotLoopback
from gateway.records import Account, Activity, Credentials, Provider, replace
from gateway.schema import Reader
from gateway.sealing import load_key
from gateway.server import check_address
from gateway.settings import Settings
from gateway.terminal import say, show

PROVIDER = Provider("0001234", "Demo Medical Society")
USER, PASSWORD = "demo", "demo-password"
CREDENTIALS = Credentials(PROVIDER.id, USER, PASSWORD)
START_SECONDS = 30
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
DONE = {"Added", "Unchanged"}


Server = subprocess.Popen[bytes]


@contextmanager
def sandbox(host: str, port: int, data: Path | None, settings: Settings) -> Iterator[tuple[str, Server]]:
    """Serve a gateway with the demo provider; gives its URL and its process, and stops it at the end.

    `data` keeps the database and key; without it they are temporary. Raises NotLoopback, Failed.
    """
    if host.strip("[]") not in LOOPBACK:
        raise NotLoopback
    folder = data or Path(tempfile.mkdtemp(prefix="cme-gateway-"))
    bind = f"[::1]:{port}" if "::1" in host else f"{host}:{port}"
    own = msgspec.structs.replace(
        settings,
        database=f"sqlite:///{folder / 'sandbox.db'}",
        key_file=str(folder / "sandbox.key"),
        bind=bind,
    )
    try:
        check_address(bind)  # or another gateway there would be taken for this one
        folder.mkdir(parents=True, exist_ok=True)
        _prepare(own)
        with _serving(own) as server:
            yield f"http://{bind}", server
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def _prepare(settings: Settings) -> None:
    """Make the database, the key and the demo account; harmless when they are there."""
    assembly.migrate(settings)
    with assembly.opened(settings) as store:
        if store.accounts.provider(PROVIDER.id) is None:
            store.accounts.add_provider(PROVIDER)
        if store.accounts.user(PROVIDER.id, USER) is None:
            secret = hash_secret(PASSWORD, load_key(settings.key_file))
            store.accounts.add_user(Account(PROVIDER.id, USER, secret))


@contextmanager
def _serving(settings: Settings) -> Iterator[Server]:
    own = {
        f"CME_GATEWAY_{name.upper()}": getattr(settings, name) for name in ("database", "key_file", "bind")
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "serve"],
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://{settings.bind}", server)
        yield server
    finally:
        server.send_signal(signal.SIGINT)  # at once, whoever is in the middle of a call
        server.wait()


def _wait(url: str, process: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=1):  # noqa: S310  our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    if process.poll() is None:
        raise Failed(f"The gateway at {url} was not ready within {START_SECONDS} seconds.")
    raise Failed("The gateway did not start; its own words stand above.", remedy="Correct what they name.")


# --- the demo ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample on its way: what came back, and whether that is what was to be expected."""

    sent_as: str
    activity: Activity
    result: Any
    expected: bool


def demonstrate(url: str, settings: Settings) -> bool:
    """Save the samples through both service versions, read each back in both payload versions.

    Prints a table; says whether everything was as expected.
    """
    today = datetime.now(ZoneInfo(settings.zone)).date()
    closing = [
        replace(activity, closed=bool(activity.outcomes)) for activity in samples.demo_activities(today)
    ]
    shown = [
        *_shown(url, "v1", "1.0", samples.demo_legacy_activities(today), today),
        *_shown(url, "v2", "2.0", closing, today),
    ]
    say("Samples, saved over SOAP and read back in payload versions 1.0 and 2.0:")
    show(("Sent as", "ActivityId", "Action", "Status", "OK", "Title"), map(_row, shown))
    return all(one.expected for one in shown)


def _shown(
    url: str, service: str, version: str, activities: Iterable[Activity], today: date
) -> Iterator[Shown]:
    client, newest, reader = (
        GatewayClient(url, CREDENTIALS, service),
        GatewayClient(url, CREDENTIALS),
        _reader(),
    )
    payload, _ = reader.write(activities, reader.named("activity", version))
    answer = client.call("SaveActivity", ACCMEActivities=client.typed(payload))
    sent = [entry.activity for entry in reader.read(payload, today).entries]
    for activity, wanted, result in zip(activities, sent, answer.Result, strict=True):
        back = {name: _read_back(newest, reader, result.ActivityId, name, today) for name in ("1.0", "2.0")}
        assert wanted is not None
        expected = (
            result.Action in DONE
            and result.Status == lifecycle.status(replace(wanted, closed=activity.closed), today)
            and _content(back[version]) == _content(wanted)
            and all(other.title == wanted.title for other in back.values())
        )
        yield Shown(f"{service}, {version}", wanted, result, expected)


def _read_back(
    client: GatewayClient, reader: Reader, activity_id: str, version: str, today: date
) -> Activity:
    answer = client.call("GetActivityAs", ActivityId=activity_id, PayloadVersion=version)
    activity = reader.read(answer._value_1, today).entries[0].activity
    assert activity is not None
    return activity


def _content(activity: Activity) -> Activity:
    return replace(activity, activity_id=None, closed=False)


def _reader() -> Reader:
    return assembly.reader(Settings())


def _row(one: Shown) -> Sequence[str]:
    result = one.result
    ok = "yes" if one.expected else "NO"
    return one.sent_as, result.ActivityId, result.Action, result.Status, ok, one.activity.title or ""
