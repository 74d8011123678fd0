"""A gateway as its clients meet it: `cme-gateway serve` in a process of its own, on a free port."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from waiting import free_port

from gateway import assembly, settings
from gateway.accounts import hash_secret
from gateway.records import Account, Provider, Scope
from gateway.sealing import load_key
from gateway.server import url

PROVIDER, OTHER_PROVIDER = "0001234", "0005678"
USER, PASSWORD = "demo", "pass & <word>"
ACCOUNT = {"ProviderId": PROVIDER, "User": USER, "Password": PASSWORD}
OTHER_ACCOUNT = {"ProviderId": OTHER_PROVIDER, "User": "visitor", "Password": "another word"}
ADMIN_ACCOUNT = {"ProviderId": PROVIDER, "User": "office", "Password": "a third word"}
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A running gateway with the two accounts above, how it is set, and in `log` what its process wrote."""

    url: str
    log: Path
    configured: settings.Settings

    def endpoint(self, version: str) -> str:
        """The address of a service version."""
        return f"{self.url}/soap/{version}"

    def wsdl(self, version: str) -> str:
        """The address of the contract of a service version."""
        return f"{self.endpoint(version)}?wsdl"


@contextmanager
def serving(database: str, folder: Path, **more: str) -> Iterator[Served]:
    """Serve a gateway on an empty database, with accounts for two providers, and stop it at the end.

    `more` are further settings, by their names.
    What its process wrote meanwhile may hold no traceback and no password.
    """
    told = {
        "DATABASE": database,
        "KEY_FILE": str(folder / "gateway.key"),
        "BIND": f"127.0.0.1:{free_port()}",
        "LOCK_FAILURES": "1000000",  # all tests share the account, and some are wrong on purpose
    } | more
    environment = {f"CME_GATEWAY_{name}": value for name, value in told.items()}
    configured = settings.load(environment)
    _prepare(configured)
    log = folder / "serve.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "gateway.cli", "serve"]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CME_GATEWAY_")}
        process = subprocess.Popen(command, env={**inherited, **environment}, stdout=output, stderr=output)
    try:
        served = Served(url(configured), log, configured)
        _wait(served, process)
        yield served
    finally:
        process.terminate()
        process.wait()
    written = log.read_text()
    assert "Traceback" not in written, written
    assert PASSWORD not in written


def _prepare(configured: settings.Settings) -> None:
    assembly.migrate(configured)
    store, key = assembly.store(configured), load_key(configured.key_file)
    for account, name in ((ACCOUNT, "Demo Medical Society"), (OTHER_ACCOUNT, "Sample College of Examples")):
        store.accounts.add_provider(Provider(account["ProviderId"], name))
        secret = hash_secret(account["Password"], key)
        store.accounts.add_user(Account(account["ProviderId"], account["User"], secret))
    secret = hash_secret(ADMIN_ACCOUNT["Password"], key)
    store.accounts.add_user(Account(PROVIDER, ADMIN_ACCOUNT["User"], secret, scopes=frozenset(Scope)))
    store.close()


def _wait(served: Served, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    trust = ssl.create_default_context(cafile=served.configured.tls_certificate or None)
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{served.url}/ready", timeout=5, context=trust):  # noqa: S310  our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the gateway did not start: {served.log.read_text()}")
