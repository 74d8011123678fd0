"""The command door: every command, its exit code, and one clear line where it cannot do its work."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import pytest
from command import COLUMNS, Ended, run_command
from lxml import etree
from waiting import free_port

from gateway import __version__, accounts, assembly, cli, settings, terminal
from gateway.cli import running
from gateway.cli.options import today
from gateway.errors import NotAuthenticated
from gateway.records import Credentials, Errand, Step, Taken
from gateway.sandbox import Beside, Sandbox
from gateway.sealing import load_key

PROVIDER = "0001234"
COMMANDS = (
    "boards",
    "check",
    "migrate",
    "migrate-legacy",
    "provider",
    "rules",
    "sample",
    "sandbox",
    "schemas",
    "serve",
    "settings",
)
VERSIONS = ("1.0", "2.0", "2.1")
LEARNERS = ("1.0", "2.0")
RECORD = "{http://ns.medbiq.org/metrics/v1/}MedicalEducationMetrics"
SUBMIT = ("--url", "http://127.0.0.1:9", "--provider", PROVIDER, "--user", "anna")


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs a command in an empty folder, without settings."""
    for name in [name for name in os.environ if name.startswith("CME_GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return partial(run_command, tmp_path)


def _lets_in(user: str, password: str) -> bool:
    """Whether the gateway that the settings name lets a user in."""
    configured = settings.load()
    store = assembly.store(configured)
    gatekeeper = accounts.Gatekeeper(store.accounts.user, load_key(configured.key_file), 0)
    try:
        gatekeeper.admit(Credentials(PROVIDER, user, password))
    except NotAuthenticated:
        return False
    finally:
        store.close()
    return True


@pytest.fixture
def ready(run: Run) -> Run:
    """The command, with a database, a provider and its user anna."""
    assert 0 == run("migrate").code
    assert 0 == run("provider", "add", PROVIDER, "Demo Medical Society").code
    assert 0 == run("user", "add", PROVIDER, "anna", "--password-stdin", stdin=b"a longer pass word\n").code
    return run


# --- how it is called ----------------------------------------------------------------------------------


def test_a_command_is_loaded_when_it_is_asked_for() -> None:
    """To tell the version needs no schema and no database; each command is where it says."""
    told = "import sys, gateway.cli; print(sorted({'sqlalchemy', 'spyne', 'xmlschema'} & {*sys.modules}))"
    made = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "[]\n" == made.stdout
    context = click.Context(cli.cli)
    found = {name: cli.cli.get_command(context, name) for name in cli.cli.list_commands(context)}
    assert {name: name for name in cli.COMMANDS} == {name: one.name for name, one in found.items() if one}


def test_version_is_told(run: Run) -> None:
    """--version prints name and version."""
    assert (0, f"cme-gateway {__version__}\n") == (run("--version").code, run("--version").out)


def test_help_names_every_command_on_a_line(run: Run) -> None:
    """The help fits 80 columns, names the command as it is typed, and cuts no description short."""
    told = run("--help")
    assert 0 == told.code
    assert told.out.startswith("Usage: cme-gateway ")
    assert [] == [name for name in COMMANDS if f"\n  {name} " not in told.out]
    assert "..." not in told.out.partition("Commands:")[2]
    assert COLUMNS >= max(map(len, told.out.splitlines()))


@pytest.mark.parametrize(
    "arguments",
    [
        ("frob",),
        ("--frob",),
        ("check",),
        ("provider", "add", PROVIDER),
        ("provider", "add", "1234", "Short"),
        ("provider", "add", "\uff11" * 7, "Full width"),
        ("provider", "add", PROVIDER, ""),
        ("provider", "add", PROVIDER, "two\nlines"),
        ("user", "add", PROVIDER, " "),
        ("user", "add", PROVIDER, "x" * 101),
        ("user", "add", PROVIDER, "with:colon"),
        ("user", "add", PROVIDER, "anna", "--password-stdin"),
        ("sandbox", "--port", "0"),
        ("sample", "activity", "--count", "0"),
        ("sample", "activity", "--errors", "101"),
        ("submit", "a.xml"),
        ("submit", "a.xml", "--url", "127.0.0.1:8080", "--provider", PROVIDER, "--user", "anna"),
        ("submit", "a.xml", "--url", "http://[", "--provider", PROVIDER, "--user", "anna"),
        ("submit", "a.xml", "--service", "v9", *SUBMIT),
        ("submit", "a.xml", "--key", "k" * 91, *SUBMIT),
        ("submit", "a.xml", "--key", "", *SUBMIT),
        ("submit", "a.xml", "b.xml", "--key", "june", *SUBMIT),
        ("submit", "a.xml", *SUBMIT),  # no password, and no terminal to ask for it at
    ],
    ids=" ".join,
)
def test_wrong_usage_is_64_and_says_where_help_is(run: Run, arguments: tuple[str, ...]) -> None:
    """Wrong usage is one line with the command whose help tells more, and exit code 64."""
    told = run(*arguments)
    assert (64, "") == (told.code, told.out)
    assert told.is_one_clear_line
    assert told.err.rstrip().endswith("--help")


@pytest.mark.parametrize("group", [(), ("provider",), ("user",), ("sample",)])
def test_no_command_shows_the_help(run: Run, group: tuple[str, ...]) -> None:
    """A group without a command shows its help, on standard error, and is wrong usage."""
    told = run(*group)
    assert (64, "") == (told.code, told.out)
    assert told.err.startswith(" ".join(("Usage: cme-gateway", *group)))


def test_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command without a word."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(assembly, "catalogue", interrupted)
    told = run("rules")
    assert (130, "", "") == (told.code, told.out, told.err.strip())


def test_printed_commands_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    """A line that is longer than the terminal is wide stays one line, and nothing in it is markup."""
    line = f"[bold]cme-gateway[/] :warning: submit {'x' * 200}"
    terminal.say(line)
    assert f"{line}\n" == capsys.readouterr().out


@pytest.mark.network
def test_sandbox_tells_commands_that_exist(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sandbox tells to type is understood: its options, its account, its files."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    beside = Beside(settings.Settings(), Path(), ExitStack())
    told = running._serving(Sandbox("http://127.0.0.1:9", "http://127.0.0.1:10", child, beside), None)
    typed = [line.split() for line in told.splitlines() if line.startswith("  ")]
    assert ["export", "CME_GATEWAY_PASSWORD=demo-password"] == typed[0]
    _, *sample = typed[1]
    Path("activities.xml").write_text(run(*sample[: sample.index(">")]).out)
    assert 0 == run(*typed[2][1:]).code
    monkeypatch.setenv("CME_GATEWAY_PASSWORD", "x")
    submitted = run(*typed[3][1:])
    assert (1, True) == (submitted.code, "There is no gateway at" in submitted.err)


# --- accounts ------------------------------------------------------------------------------------------


def test_migrate_makes_a_key_once(run: Run) -> None:
    """The first run makes the key and says so, the second changes nothing."""
    first, key = run("migrate"), Path("cme-gateway.key").read_bytes()
    second = run("migrate")
    assert [0, 0] == [first.code, second.code]
    assert [True, False] == ["key file" in told.out for told in (first, second)]
    assert key == Path("cme-gateway.key").read_bytes()


def test_providers_are_added_listed_and_disabled(ready: Run) -> None:
    """A provider is listed as it was added, as a table and as JSON; disabling can be undone."""
    listed = {"id": PROVIDER, "name": "Demo Medical Society", "enabled": True, "due": "03-31"}
    assert [listed] == ready("provider", "list", "--json").rows
    assert [True, True] == [
        word in ready("provider", "list").out for word in (PROVIDER, "Demo Medical Society")
    ]
    assert 0 == ready("provider", "disable", PROVIDER).code
    assert not _lets_in("anna", "a longer pass word")
    assert [listed | {"enabled": False}] == ready("provider", "list", "--json").rows
    assert 0 == ready("provider", "disable", PROVIDER, "--undo").code
    assert _lets_in("anna", "a longer pass word")


def test_a_provider_is_due_by_a_day_of_its_own(ready: Run) -> None:
    """Said when it is added, or set later from a year on; an earlier year keeps its day."""
    other = "0007777"
    assert 0 == ready("provider", "add", other, "Invented State Society", "--due", "02-15").code
    told = ready("provider", "set", other, "--due", "01-31", "--since", "2027")
    assert (0, True) == (told.code, "from 2027 on" in told.out)
    due = {row["id"]: row["due"] for row in ready("provider", "list", "--json").rows}
    assert {PROVIDER: "03-31", other: "02-15, 01-31 since 2027"} == due
    assert "02-15" in ready("provider", "list").out


def test_what_is_due_is_listed(ready: Run) -> None:
    """Of each provider by when, and whether it was submitted; what was is not overdue."""
    ready("provider", "add", "0007777", "Invented State Society", "--due", "02-15")
    with assembly.opened(settings.load()) as store:
        at = datetime(2020, 1, 31, tzinfo=UTC)
        store.write("0007777", lambda unit: unit.program.take(Taken(2019, Step.SUMMARY, "lms", at)))
    rows = {row["id"]: row for row in ready("provider", "due", "2019", "--json").rows}
    assert [("2020-03-31", None, True), ("2020-02-15", "2020-01-31", False)] == [
        tuple(rows[one][name] for name in ("due", "submitted", "overdue")) for one in (PROVIDER, "0007777")
    ]
    told = ready("provider", "due", "9999").out
    assert ("9999-03-31" in told, "True" in told) == (True, False)


@pytest.mark.parametrize("due", ["2-15", "02-30", "02-29", "04-01", "31-01", "", "01-31x"])
def test_a_day_that_is_none_or_later_is_wrong_usage(ready: Run, due: str) -> None:
    """A day is MM-DD, there is one each year, and it is not after the usual one."""
    assert 64 == ready("provider", "set", PROVIDER, "--due", due).code


def test_what_waits_for_the_boards_is_listed(ready: Run) -> None:
    """Board by board: how many questions, since when, and whether anybody could be asked at all."""
    assert "There are none.\n" == ready("boards", "--waiting").out
    with assembly.opened(settings.load()) as store:
        store.write(PROVIDER, lambda unit: unit.questions.put("ABIM", Errand.REPORT, [1, 2]))
    (row,) = ready("boards", "--waiting", "--json").rows
    assert ("ABIM", 1, 0, "no") == tuple(row[name] for name in ("board", "open", "unanswered", "connected"))
    assert "ABIM" in ready("boards", "--waiting").out


def test_empty_list_says_so(run: Run) -> None:
    """A list without rows is a sentence, and as JSON an empty list."""
    run("migrate")
    assert "There are none.\n" == run("provider", "list").out
    assert [] == run("provider", "list", "--json").rows


def test_password_of_ones_own_is_never_shown(ready: Run) -> None:
    """A password from standard input lets the user in, and is not printed."""
    told = ready("user", "add", PROVIDER, "ben", "--password-stdin", stdin=b"s\xc3\xa9cret words\r\n")
    assert (0, "Added user ben of provider 0001234.\n", "") == (told.code, told.out, told.err)
    assert _lets_in("ben", "sécret words")


def test_generated_password_is_shown_once_and_works(ready: Run) -> None:
    """A generated password is on a line of its own that can be copied, and lets the user in."""
    told = ready("user", "add", PROVIDER, "carla")
    secret = told.out.splitlines()[-1].rpartition(" ")[2]
    assert 0 == told.code
    assert 1 == told.out.count(secret)
    assert _lets_in("carla", secret)
    assert secret not in ready("user", "list", PROVIDER).out


def _keys(run: Run) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = run("user", "keys", "list", PROVIDER, "anna", "--json").rows
    return rows


def test_rotated_password_counts_beside_the_old_one(ready: Run) -> None:
    """After a rotation both let in, until the old one is revoked; no list shows one of them."""
    secret = ready("user", "rotate", PROVIDER, "anna").out.splitlines()[-1].rpartition(" ")[2]
    assert [True, True] == [_lets_in("anna", secret), _lets_in("anna", "a longer pass word")]
    assert ["chosen", "generated"] == [key["kind"] for key in _keys(ready)]
    assert secret not in ready("user", "keys", "list", PROVIDER, "anna").out
    assert 0 == ready("user", "keys", "revoke", PROVIDER, "anna", _keys(ready)[0]["key"]).code
    assert [True, False] == [_lets_in("anna", secret), _lets_in("anna", "a longer pass word")]


@pytest.mark.parametrize(
    ("until", "moment"),
    [("2120-01-01", "2120-01-02 06:00 UTC"), ("2120-01-01T12:30", "2120-01-01 18:30 UTC")],
)
def test_rotated_password_ends_when_it_is_said(ready: Run, until: str, moment: str) -> None:
    """With --until the password before counts up to that moment, or to the end of that day."""
    ended = ready("user", "rotate", PROVIDER, "anna", "--until", until)
    assert _lets_in("anna", "a longer pass word")
    assert (0, moment, True) == (ended.code, _keys(ready)[0]["until"], f"end at {moment}." in ended.out)


@pytest.mark.parametrize("until", ["2020-01-01", "2020-01-01T12:30"])
def test_a_password_does_not_end_in_the_past(ready: Run, until: str) -> None:
    """It would end at once, unnoticed: --until that is past is wrong usage, and nothing is changed."""
    told = ready("user", "rotate", PROVIDER, "anna", "--until", until)
    assert (64, True, True) == (told.code, told.is_one_clear_line, "user keys revoke" in told.err)
    assert ["it is revoked"] == [key["until"] for key in _keys(ready)]


@pytest.mark.parametrize("words", [("add", PROVIDER, "ben"), ("rotate", PROVIDER, "anna")], ids=" ".join)
def test_a_short_password_of_ones_own_is_refused(ready: Run, words: tuple[str, ...]) -> None:
    """Fewer than twelve characters, whatever they take as bytes."""
    told = ready("user", *words, "--password-stdin", stdin="sécret word\n".encode())
    assert (64, True, True) == (told.code, told.is_one_clear_line, "fewer than 12" in told.err)
    assert 0 == ready("user", *words, "--password-stdin", stdin="sécret words\n".encode()).code


def test_password_of_ones_own_takes_the_place_of_the_old_one(ready: Run) -> None:
    """There is one password of one's own at a time; generated ones stay."""
    secret = ready("user", "rotate", PROVIDER, "anna").out.splitlines()[-1].rpartition(" ")[2]
    assert (
        0 == ready("user", "rotate", PROVIDER, "anna", "--password-stdin", stdin=b"another pass word\n").code
    )
    tried = [_lets_in("anna", password) for password in (secret, "another pass word", "a longer pass word")]
    assert [True, True, False] == tried


def test_scopes_are_given_and_changed(ready: Run) -> None:
    """A user may do what it was added for, and from then on what is said."""
    assert 0 == ready("user", "add", PROVIDER, "ben", "--scope", "read", "--scope", "admin").code
    assert 0 == ready("user", "scopes", PROVIDER, "anna", "submit").code
    listed = ready("user", "list", PROVIDER, "--json").rows
    assert ["submit", "read admin"] == [row["scopes"] for row in listed]
    assert 64 == ready("user", "scopes", PROVIDER, "anna", "everything").code


@pytest.mark.parametrize(
    "words",
    [("keys", "list"), ("rotate",), ("keys", "revoke", "abc"), ("scopes", "read")],
    ids=" ".join,
)
def test_unknown_user_is_said_to_be_unknown(ready: Run, words: tuple[str, ...]) -> None:
    """One clear line, and exit code 2."""
    command, rest = words[: 1 + (words[0] == "keys")], words[1 + (words[0] == "keys") :]
    told = ready("user", *command, PROVIDER, "nobody", *rest)
    assert (2, True) == (told.code, told.is_one_clear_line)


def test_users_are_listed_and_disabled(ready: Run) -> None:
    """A disabled user is listed as such and not let in, until that is undone."""
    assert 0 == ready("user", "disable", PROVIDER, "anna").code
    listed = ready("user", "list", PROVIDER, "--json").rows
    assert [{"user": "anna", "enabled": False, "scopes": "submit read match", "keys": 1}] == listed
    assert not _lets_in("anna", "a longer pass word")
    assert 0 == ready("user", "disable", PROVIDER, "anna", "--undo").code
    assert _lets_in("anna", "a longer pass word")


@pytest.mark.parametrize(
    "arguments",
    [
        ("provider", "add", PROVIDER, "Again"),
        ("provider", "disable", "0009999"),
        ("provider", "set", "0009999", "--due", "01-31"),
        ("user", "add", PROVIDER, "anna"),
        ("user", "add", "0009999", "anna"),
        ("user", "rotate", PROVIDER, "nobody"),
        ("user", "disable", PROVIDER, "nobody"),
        ("user", "list", "0009999"),
    ],
    ids=" ".join,
)
def test_what_accounts_cannot_do_is_refused(ready: Run, arguments: tuple[str, ...]) -> None:
    """What exists already, or does not exist, is one line and exit code 2; no password is shown."""
    told = ready(*arguments)
    assert (2, "") == (told.code, told.out)
    assert told.is_one_clear_line


# --- check and sample ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_sample_passes_its_own_check(run: Run, version: str) -> None:
    """What is generated without errors breaks no rule, from standard input as from a file."""
    made = run("sample", "activity", "--version", version, "--count", "40", "--seed", "7").out.encode()
    Path("good.xml").write_bytes(made)
    told = run("check", "good.xml", "--json")
    assert (0, []) == (told.code, [row for row in told.rows if row["severity"] == "Error"])
    told = run("check", "-", stdin=made)
    assert 0 == told.code
    assert told.out.startswith(f"-: activity {version}, 40 records, 0 to be refused, ")
    assert 40 == sum(map(int, re.findall(r", (\d+) would be", told.out)))


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_sample_with_errors_breaks_the_rules_it_names(run: Run, version: str) -> None:
    """Each record is found wrong by exactly the rule that the comment before it names."""
    command = ("sample", "activity", "--version", version, "--count", "120", "--errors", "100", "--seed", "3")
    made = run(*command).out.encode()
    named = [
        str(record.getprevious().text).split()[-1]  # type: ignore[union-attr]
        for record in etree.fromstring(made).iter(RECORD)
    ]
    told = run("check", "-", "--json", stdin=made)
    found = [(row["record"], row["code"]) for row in told.rows if row["severity"] == "Error"]
    assert 2 == told.code
    assert list(enumerate(named, 1)) == found
    assert len(set(named)) > 10


def test_sample_is_the_same_for_the_same_seed(run: Run) -> None:
    """A seed makes the same samples again, another or none makes others."""
    made = [run("sample", "activity", "--count", "5", *seed).out for seed in (("--seed", "1"),) * 2 + ((),)]
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize("version", LEARNERS)
def test_learner_sample_passes_its_own_check(run: Run, version: str) -> None:
    """Completions that are generated without errors break no rule, of the activity that is asked for."""
    command = ("sample", "learner", "--version", version, "--count", "40", "--seed", "7")
    made = run(*command, "--activity-id", "202600001", "--provider", "0004321").out.encode()
    root = etree.fromstring(made)
    assert {"202600001"} == {name.get("moduleID") for name in root.iter("{*}ModuleName")}
    assert {"0004321"} == {provider.text for provider in root.iter("{*}ProviderOrganization")}
    told = run("check", "-", stdin=made)
    assert (0, f"-: learner {version}, 40 records, 0 to be refused\n") == (told.code, told.out)


@pytest.mark.slow
@pytest.mark.parametrize("version", LEARNERS)
def test_learner_sample_with_errors_breaks_the_rules_it_names(run: Run, version: str) -> None:
    """Each completion is found wrong by exactly the rule that the comment before it names."""
    command = ("sample", "learner", "--version", version, "--count", "150", "--errors", "100", "--seed", "3")
    made = run(*command).out.encode()
    named = [
        str(record.getprevious().text).split()[-1]  # type: ignore[union-attr]
        for record in etree.fromstring(made).iter("{*}ActivityReport")
    ]
    told = run("check", "-", "--json", stdin=made)
    found = [(row["record"], row["code"]) for row in told.rows if row["severity"] == "Error"]
    assert list(enumerate(named, 1)) == found
    assert len(set(named)) > 10


def test_sample_of_an_unknown_version_is_refused(run: Run) -> None:
    """A version that does not exist is one line that names those that do."""
    told = run("sample", "activity", "--version", "3.1")
    assert (2, "") == (told.code, told.out)
    assert told.is_one_clear_line
    assert "1.0, 2.0, 2.1" in told.err


def test_check_tells_findings_with_their_place(run: Run) -> None:
    """Findings stand with record, line, column, code and remedy, in a table that fits 80 columns."""
    made = run("sample", "activity", "--count", "2", "--errors", "100", "--seed", "1").out
    Path("bad.xml").write_text(made)
    told, rows = run("check", "bad.xml"), run("check", "bad.xml", "--json").rows
    assert 2 == told.code
    assert told.out.startswith("bad.xml: activity 2.1, 2 records, 2 to be refused\n")
    assert COLUMNS >= max(map(len, told.out.splitlines()))
    for row in rows:
        assert f"{row['line']}:{row['column']} " in told.out
        assert f" {row['code']} " in told.out
        assert made.splitlines()[row["line"] - 1][row["column"] - 1] == "<"
    expected = (
        "file",
        "record",
        "id",
        "severity",
        "code",
        "field",
        "text",
        "remedy",
        "path",
        "line",
        "column",
    )
    assert {expected} == {tuple(row) for row in rows}


def test_check_tells_of_every_file(run: Run) -> None:
    """A file that cannot be read, by name, kind or content, does not keep the others from being judged."""
    Path("good.xml").write_text(run("sample", "activity").out)
    Path("old.xml").write_text('<ACCMEActivities schemaVersion="0.9"/>')
    Path("broken.xml").write_text("<a>\n<b>\n</a>")
    Path("folder").mkdir()
    names = ("missing.xml", "folder", "broken.xml", "old.xml", "good.xml")
    told, rows = run("check", *names), run("check", "--json", *names).rows
    assert 2 == told.code
    assert list(names) == [line.partition(":")[0] for line in told.out.splitlines()]
    assert ["X001", "X001", "X001", "X010"] == [row["code"] for row in rows]
    assert [0, 0, 0, 0] == [row["record"] for row in rows]
    assert "line 3" in told.out


def test_check_of_a_wrong_wrapper_tells_its_findings(run: Run) -> None:
    """A file whose wrapper is wrong is refused as a whole, with its findings as a table."""
    Path("wrong.xml").write_text("<ACCMEActivities><frob/></ACCMEActivities>")
    told = run("check", "wrong.xml")
    assert (2, True, True) == (told.code, "refused as a whole" in told.out, " X020 " in told.out)


def test_json_is_all_of_standard_output(run: Run) -> None:
    """With --json the summary goes to standard error, so that a program can read the output."""
    Path("good.xml").write_text(run("sample", "activity").out)
    told = run("check", "good.xml", "--json")
    assert ([], True) == (json.loads(told.out), "1 record, 0 to be refused" in told.err)


def test_zone_decides_which_day_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is the day in the zone of the settings."""
    days = set()
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):  # 26 hours apart: never the same day
        monkeypatch.setenv("CME_GATEWAY_ZONE", zone)
        days.add(today(settings.load()))
    assert 2 == len(days)


# --- catalogues ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "key", "known"),
    [
        ("schemas", "namespace", "urn:cme-gateway:pars:activity:2.1"),
        ("boards", "acronym", "ABOHNS"),
        ("rules", "code", "A101"),
        ("rules", "code", "X001"),
        ("settings", "env", "CME_GATEWAY_MAX_RECORD_ELEMENTS"),
    ],
)
def test_catalogue_is_a_table_and_json(run: Run, command: str, key: str, known: str) -> None:
    """A catalogue names everything once; in its table, 80 columns wide, no name is broken over lines."""
    table, rows = run(command), run(command, "--json").rows
    names = [row[key] for row in rows]
    assert known in names
    assert len(names) == len(set(names))
    assert [] == [name for name in names if name not in table.out]
    assert COLUMNS >= max(map(len, table.out.splitlines()))


def test_a_code_is_looked_up(run: Run) -> None:
    """Who was answered a code reads what it means without reading them all; none is wrong usage."""
    assert ["A103", "X001"] == [row["code"] for row in run("rules", "X001", "a103", "--json").rows]
    told = run("rules", "A103", "Z999")
    assert (64, True) == (told.code, told.is_one_clear_line)
    assert "there is no code Z999" in told.err


# --- what stands in the way ----------------------------------------------------------------------------


def test_missing_database_is_named(run: Run) -> None:
    """Without key or database a command says which command makes them."""
    told = run("provider", "list")
    assert (1, True, True) == (told.code, told.is_one_clear_line, "cme-gateway migrate" in told.err)
    run("migrate")
    Path("cme-gateway.db").unlink()
    told = run("provider", "list")
    assert (1, True, True) == (told.code, told.is_one_clear_line, "cme-gateway migrate" in told.err)
    assert not Path("cme-gateway.db").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE", "nonsense"),
        ("DATABASE", "mysql://localhost/x"),
        ("DATABASE", "sqlite:////proc/none/x.db"),
        ("KEY_FILE", "/proc/none/key"),
    ],
)
def test_migrate_that_cannot_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A database or key file that cannot be made is one line and exit code 1."""
    monkeypatch.setenv(f"CME_GATEWAY_{name}", value)
    told = run("migrate")
    assert (1, "") == (told.code, told.out)
    assert told.is_one_clear_line


@pytest.mark.slow
@pytest.mark.parametrize("command", ["provider list", "migrate", "backup kept"])
def test_a_file_that_is_no_database_is_one_line(run: Run, command: str) -> None:
    """No line of the log comes before it, whatever log there would be."""
    run("migrate")
    Path("cme-gateway.db").write_bytes(b"no database at all" * 100)
    told = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *command.split()], capture_output=True, text=True
    )
    assert (1, 1) == (told.returncode, told.stderr.count("\n")), told.stderr
    assert told.stderr.startswith("cme-gateway: The file ") and "no SQLite database" in told.stderr


@pytest.mark.network
def test_absent_postgres_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database server that is not there is one line without the password of its URL."""
    monkeypatch.setenv("CME_GATEWAY_DATABASE", "postgresql://anna:topsecret@127.0.0.1:9/x")
    told = run("migrate")
    assert (1, True, False) == (told.code, told.is_one_clear_line, "topsecret" in told.err)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "1"), ("WORKERS", "0"), ("ZONE", "Mars/Base"), ("BIND", "x"), ("SETTINGS", "/none.toml")],
)
def test_bad_setting_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A setting that does not exist or cannot be is one line that names it, before anything is done."""
    monkeypatch.setenv(f"CME_GATEWAY_{name}", value)
    told = run("migrate")
    assert (64, True) == (told.code, told.is_one_clear_line)
    assert value in told.err or f"CME_GATEWAY_{name}" in told.err


@pytest.mark.parametrize("command", [("serve",), ("sandbox",), ("sandbox", "--port")], ids=" ".join)
def test_port_in_use_is_one_line(
    ready: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A port that is taken is one line that names it, whether it was told or set, and how another is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("CME_GATEWAY_BIND", f"127.0.0.1:{port}")
        told = ready(*command, *([port] if len(command) > 1 else []))
    assert (1, True, True) == (told.code, told.is_one_clear_line, f"Port {port} " in told.err)
    assert "CME_GATEWAY_BIND." in told.err


@pytest.mark.parametrize("told_by", ["option", "setting"])
def test_sandbox_refuses_other_hosts(run: Run, monkeypatch: pytest.MonkeyPatch, told_by: str) -> None:
    """The sandbox, whose password everybody knows, is for loopback only."""
    every = "0.0.0.0"  # noqa: S104  refused
    monkeypatch.setenv("CME_GATEWAY_BIND", f"{every}:8080" if told_by == "setting" else "127.0.0.1:8080")
    told = run("sandbox", *(("--host", every) if told_by == "option" else ()))
    assert (64, True) == (told.code, told.is_one_clear_line)


def test_sandbox_that_cannot_keep_its_data_is_one_line(run: Run) -> None:
    """A data folder that cannot be made is one line and exit code 1."""
    Path("file").write_text("")
    told = run("sandbox", "--data", "file/below", "--port", free_port())
    assert (1, True) == (told.code, told.is_one_clear_line)


@pytest.mark.network
def test_absent_gateway_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no gateway is served, submitting is one line and exit code 1; no file is left behind."""
    monkeypatch.setenv("CME_GATEWAY_PASSWORD", "x")
    told = run("submit", "a.xml", *SUBMIT, "--errors", "corrections.xml")
    assert (1, True, False) == (told.code, told.is_one_clear_line, Path("corrections.xml").exists())


@pytest.mark.parametrize(("files", "errors"), [(("a.xml", "b.xml"), "new.xml"), (("a.xml",), "there.xml")])
def test_corrections_write_over_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], errors: str
) -> None:
    """Corrections are of one file, and go into a new one."""
    monkeypatch.setenv("CME_GATEWAY_PASSWORD", "x")
    Path("there.xml").write_text("precious")
    told = run("submit", *files, *SUBMIT, "--errors", errors)
    assert (64, True) == (told.code, told.is_one_clear_line)
    assert ("precious", False) == (Path("there.xml").read_text(), Path("new.xml").exists())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["rules", "sample activity --count 200", "rules --json"])
def test_broken_pipe_is_quiet(command: str) -> None:
    """A reader that goes away early, such as `head`, ends a command without a word."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *command.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert (1, b"") == (process.returncode, err)


@pytest.mark.slow
def test_any_locale_will_do() -> None:
    """A terminal that knows ASCII only gets escapes, and no traceback."""
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "check", "Ärzte.xml"],
        env=os.environ | ascii_only,
        capture_output=True,
    )
    assert (2, b"") == (told.returncode, told.stderr)
    assert told.stdout.startswith(rb"\xc4rzte.xml") or told.stdout.startswith(b"\\u")
