"""What holds for every test: nothing connects unasked, and what did not run is listed with its reason."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("postgres", "discretion")

LOOPBACK = ("127.", "::1", "localhost")

# No example fails for the seconds it took: those are the machine's.
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def only_marked_tests_connect(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that connects: unmarked to anywhere, marked `network` to anywhere but this machine."""
    allowed = LOOPBACK if request.node.get_closest_marker("network") else ()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name), allowed))
        yield


def _guarded(connect: Any, allowed: tuple[str, ...]) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(allowed):
            # Not an Exception, so that no code under test can swallow it.
            pytest.fail(f"connects to {address}; allowed here: {allowed or 'nothing'}")
        return connect(self, address)

    return guarded


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that CI uses."""
    parser.addoption("--all-or-fail", action="store_true", help="fail when a test was not run")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what did not run, and why."""
    skipped = _not_run(terminalreporter)
    if skipped:
        terminalreporter.section("not run")
    for name, reason in skipped:
        terminalreporter.line(f"{name}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a list of what did not run into a failure, where that was asked for."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--all-or-fail") and session.exitstatus == 0 and _not_run(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _not_run(reporter: Any) -> list[tuple[str, str]]:
    reports = reporter.stats.get("skipped", []) if reporter else []
    return sorted((report.nodeid, report.longrepr[2].removeprefix("Skipped: ")) for report in reports)
