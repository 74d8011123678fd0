"""`cme-gateway learner erase`: what it says, asks and leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from canaries import a_canary, leaks, said, tokens
from command import Ended, run_command
from fakes import PROVIDER, terms
from lxml import etree
from reports import CME_CREDIT, COURSE, completion, report

from gateway import assembly, erasing, operations, schemas
from gateway.intake import Limits
from gateway.matching import Keys
from gateway.operations import Call
from gateway.records import Caller, Provider
from gateway.schema import Reader
from gateway.sealing import load_key
from gateway.settings import Settings

SHE, STRANGER = a_canary(), a_canary()
READER = Reader(schemas.VERSIONS, Limits())
Run = Callable[..., Ended]


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """A gateway's settings, its database with one person of the register and one stranger reported."""
    settings = Settings(database=f"sqlite:///{tmp_path / 'gateway.db'}", key_file=str(tmp_path / "key"))
    assembly.migrate(settings)
    keys = Keys(load_key(settings.key_file).digest)
    with assembly.opened(settings) as store, store.loading as loading:
        store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        store.write(PROVIDER, lambda unit: unit.activities.add([COURSE]))
        loading.keep([keys.enrol(SHE)])
        _report(store, settings)
    return settings


def _report(store: Any, settings: Settings) -> None:
    some = [
        completion(said(row), replace(CME_CREDIT, credit_id=f"ccid:demo:{number}"))
        for number, row in enumerate((SHE, STRANGER))
    ]
    by = replace(terms(assembly.now), digest=load_key(settings.key_file).digest)
    payload, _ = READER.write(some, READER.named("learner", "2.0"), created=assembly.now())
    request = etree.Element("SaveLearnerActivity")
    request.append(payload)
    raw = etree.tostring(request)
    caller = Caller(PROVIDER, "lms")
    call = Call(operation=request.tag, caller=caller, trace_id="t", version=(2, 0), raw=raw, digest=b"d" * 32)
    entries = [report(one, number=number) for number, one in enumerate(some, 1)]
    operations.save_learner_activity(call, entries, (), store, by)


@pytest.fixture
def run(configured: Settings, tmp_path: Path) -> Run:
    """Runs the command on that database; nothing it says names anybody."""
    environment = {
        "CME_GATEWAY_DATABASE": configured.database,
        "CME_GATEWAY_KEY_FILE": configured.key_file,
    }

    def run_it(*arguments: object, typed: str = "") -> Ended:
        ended = run_command(
            tmp_path, "learner", "erase", *arguments, stdin=typed.encode(), environment=environment
        )
        assert not leaks((ended.out + ended.err).encode(), tokens([SHE, STRANGER]))
        return ended

    return run_it


def kept(settings: Settings) -> tuple[int, int]:
    """How many credits and payloads there are."""
    with assembly.opened(settings) as store:
        return store.erasing.sizes()


def test_it_tells_what_it_will_do_and_asks(run: Run, configured: Settings) -> None:
    """In numbers; whoever says no has changed nothing."""
    ended = run(SHE.person, typed="n\n")
    assert (0, (2, 1)) == (ended.code, kept(configured))
    assert "In the register: 1 rows." in ended.out
    assert f"Reported by provider {PROVIDER}: 1 credits, 1 raw requests." in ended.out
    assert "Nothing was done." in ended.out


def test_without_an_answer_nothing_is_done(run: Run, configured: Settings) -> None:
    """Standard input that ends is no yes, and wrong usage."""
    for ended in (run(SHE.person), run(), run(typed="NPI\n"), run("NOPE")):
        assert (64, (2, 1)) == (ended.code, kept(configured))
        assert ended.err.splitlines()[-1].startswith("cme-gateway: Standard input ended")


def test_it_erases_and_is_safe_to_repeat(run: Run, configured: Settings) -> None:
    """The second run finds nothing; whoever else is kept stays."""
    assert "Erased." in run(SHE.person, typed="y\n").out
    assert (1, 0) == kept(configured)
    again = run(SHE.person, "--yes")
    assert (2, True) == (again.code, "Nobody of that key or number is kept here" in again.out)
    assert "Erased." not in again.out


def test_a_number_is_asked_for_on_the_terminal(run: Run, configured: Settings) -> None:
    """For whoever is in no register; what is no number is refused."""
    assert "Erased." in run("--yes", typed=f"{STRANGER.state}\n{STRANGER.licence}\n").out
    assert (1, 0) == kept(configured)
    refused = run(typed="NPI\n-\n")
    assert (2, True) == (refused.code, "That is no number" in refused.err)


def test_a_kind_of_number_that_there_is_not_is_asked_for_again(run: Run, configured: Settings) -> None:
    """Nobody is said to be unknown for a slip of the pen; a state may be written by its name."""
    ended = run(typed="Calif\nK2\nn\n")
    assert (64, 3) == (ended.code, ended.err.count("no state of the USA"))
    assert "Nobody" not in ended.out
    again = run("--yes", typed=f"Calif\n {STRANGER.state.lower()} \n{STRANGER.licence}\n")
    assert (0, (1, 0)) == (again.code, kept(configured))


def test_withdrawing_erases_nothing_yet(run: Run, configured: Settings) -> None:
    """It says so, and what to do then."""
    ended = run(SHE.person, "--withdraw", "--yes")
    assert (0, (2, 1)) == (ended.code, kept(configured))
    assert "Nothing is erased yet" in ended.out


@pytest.mark.parametrize("options", [("--yes",), ()])
def test_nothing_is_withdrawn_of_nobody(run: Run, configured: Settings, options: tuple[str, ...]) -> None:
    """Whoever mistyped the key must not wait for answers of boards: nothing is asked, promised or done."""
    ended = run("NOPE", "--withdraw", *options)
    assert (2, (2, 1)) == (ended.code, kept(configured))
    assert "Nobody of that key or number is kept here" in ended.out
    assert "put to the boards" not in ended.out


def test_traces_that_could_not_be_removed_are_told(
    run: Run, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1: the rows are gone, but not from the file."""
    monkeypatch.setattr("storage.erasing.Erasing.scrub", lambda self: False)
    ended = run(SHE.person, "--yes")
    assert (1, (1, 0)) == (ended.code, kept(configured))
    assert "Run this again" in ended.err


def test_a_person_has_no_repr() -> None:
    """Who is erased must not get into a log by accident."""
    person = erasing.Person(Keys(lambda text: text.encode()), SHE.person, frozenset())
    assert SHE.person not in repr(person) + repr(erasing.Found(person, ()))
