"""The settings: defaults, two sources, and one clear line for what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway import settings
from gateway.errors import Misused, Refused
from gateway.settings import Settings


def test_nothing_set_gives_the_defaults() -> None:
    """Without a file and without variables every setting has its default; foreign variables are no matter."""
    assert Settings() == settings.load(
        {"PATH": "/bin", "CME_GATEWAY_MEDBIQ": "x", "CME_GATEWAY_PASSWORD": "y"}
    )


def test_defaults_are_those_of_the_contract() -> None:
    """What the contract and the docs promise of the defaults holds."""
    defaults = Settings()
    assert "sqlite:///cme-gateway.db" == defaults.database
    assert "America/Chicago" == defaults.zone
    assert "127.0.0.1:8080" == defaults.bind
    assert (8 * 1024 * 1024, 2_000, 200_000, 10_000, 64) == (
        defaults.max_call_bytes,
        defaults.max_records,
        defaults.max_elements,
        defaults.max_record_elements,
        defaults.max_depth,
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A setting of the file counts, and a variable of the same name counts more."""
    file = tmp_path / "gateway.toml"
    file.write_text('workers = 8\nqueue = 9\ntrusted_hosts = ["a.example", "b.example"]\n')
    found = settings.load({"CME_GATEWAY_SETTINGS": str(file), "CME_GATEWAY_WORKERS": "3"})
    assert (3, 9, ("a.example", "b.example")) == (found.workers, found.queue, found.trusted_hosts)


def test_lists_and_tables_are_written_with_commas() -> None:
    """A variable holds several hosts, and several aliases, of which `none` is the empty namespace."""
    found = settings.load(
        {
            "CME_GATEWAY_TRUSTED_HOSTS": "cme.example, localhost",
            "CME_GATEWAY_ALIASES": "http://old.example/x?a=b=activity:1.0, none=activity:2.0",
        }
    )
    assert ("cme.example", "localhost") == found.trusted_hosts
    assert {"http://old.example/x?a=b": "activity:1.0", "": "activity:2.0"} == found.aliases


def test_boards_have_addresses() -> None:
    """A board's address may have an equals sign in it; a board that is none, or no URL, is refused."""
    text = "ABIM=https://abim.example/in?v=1, ABS=http://127.0.0.1:8081/boards/ABS"
    found = settings.load({"CME_GATEWAY_BOARDS": text})
    assert {"ABIM": "https://abim.example/in?v=1", "ABS": "http://127.0.0.1:8081/boards/ABS"} == found.boards
    for wrong in ("ABXX=http://a.example/", "ABIM=file:///a", "ABIM", "abim=http://user:secret@a.example/"):
        with pytest.raises(Refused, match="addresses of the boards") as caught:
            settings.load({"CME_GATEWAY_BOARDS": wrong})
        assert "secret" not in caught.value.text


def test_nothing_is_named_twice() -> None:
    """Of two addresses of a board one would be asked, and nobody would know which; the same of aliases."""
    url = "http://127.0.0.1:8081/boards"
    for value in (f"ABS={url}/1,ABIM={url}/2,ABS={url}/3", f"ABS={url}/1, ABS={url}/1"):
        with pytest.raises(Misused, match=r"CME_GATEWAY_BOARDS cannot be this.* each once"):
            settings.load({"CME_GATEWAY_BOARDS": value})
    with pytest.raises(Misused, match=r"CME_GATEWAY_ALIASES cannot be 'none=.* each once"):
        settings.load({"CME_GATEWAY_ALIASES": "none=activity:1.0, none=activity:2.0"})


def test_aliases_of_a_file_are_a_table(tmp_path: Path) -> None:
    """The file writes aliases as a TOML table, with the same meaning of `none`."""
    file = tmp_path / "gateway.toml"
    file.write_text('[aliases]\n"urn:old" = "activity:1.0"\nnone = "activity:2.0"\n')
    found = settings.load({"CME_GATEWAY_SETTINGS": str(file)})
    assert {"urn:old": "activity:1.0", "": "activity:2.0"} == found.aliases


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "many"),
        ("WORKERS", "0"),
        ("WORKERS", ""),
        ("MAX_DEPTH", "1e3"),
        ("ZONE", "Mars/Olympus"),
        ("ZONE", "../../etc/passwd"),
        ("ZONE", "America"),
        ("BIND", "8080"),
        ("BIND", "localhost:99999"),
        ("BIND", "127.0.0.1:0"),
        ("BIND", "::1:8080"),
        ("BIND", "[::1:8080"),
        ("BIND", "[::g]:8080"),
        ("TRUSTED_HOSTS", "cme.example:8443"),
        ("TRUSTED_HOSTS", "localhost,https://cme.example"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1/8"),
        ("ALIASES", "activity:2.0"),
        ("ALIASES", "urn:x=activity"),
        ("ALIASES", "urn:x=activity:2.0,urn:x=activity:1.0"),
        ("CREDENTIAL_SECONDS", "-1"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(name: str, value: str) -> None:
    """One line says which variable is wrong, what it holds and what is expected, in no language but ours."""
    with pytest.raises(Refused) as caught:
        settings.load({f"CME_GATEWAY_{name}": value})
    meaning = next(row["meaning"] for row in settings.catalogue() if row["env"] == f"CME_GATEWAY_{name}")
    assert f"CME_GATEWAY_{name} cannot be {value!r}. Expected: {meaning}." == caught.value.text


BOUNDED = [
    (name, kind, bound)
    for name, field in settings.FIELDS.items()
    for kind in ("ge", "gt", "le", "lt")
    if (bound := getattr(field.__metadata__[0], kind)) is not None
]


@pytest.mark.parametrize(("name", "kind", "bound"), BOUNDED)
def test_a_value_out_of_bounds_is_told_the_bound(name: str, kind: str, bound: float) -> None:
    """Whatever bounds a number is in the refusal of one beyond it, and is said once."""
    beyond = bound + {"ge": -1, "le": 1}.get(kind, 0)
    with pytest.raises(Refused) as caught:
        settings.load({f"CME_GATEWAY_{name.upper()}": str(beyond)})
    words = {"ge": f", (at least {bound}|{bound} to)", "gt": f", above {bound}", "lt": f", below {bound}"}
    said = words.get(kind, f"( to|, at most) {bound}")
    assert 1 == len(re.findall(rf"{said}\b", caught.value.text)), caught.value.text


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("BODY_RATE", "to come or go with, at least 1."),
        ("MAX_DEPTH", "may nest, 8 to 250."),
        ("BOARD_CONNECT_SECONDS", "to a board in, above 0, at most 60."),
        ("QUEUE", "may wait in a worker, 0 to 1000; more are refused."),
    ],
)
def test_bounds_follow_what_they_bound(name: str, end: str) -> None:
    """They stand before what else there is to say, so that nobody reads them as bounds of that."""
    with pytest.raises(Refused) as caught:
        settings.load({f"CME_GATEWAY_{name}": "-1"})
    assert caught.value.text.endswith(end)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND", "[::1]:8080"),
        ("BIND", "cme.example:443"),
        ("TRUSTED_HOSTS", "cme.example,192.0.2.7,::1,[::1]"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.0/8,::1"),
    ],
)
def test_addresses_are_taken_as_they_are_written(name: str, value: str) -> None:
    """Names, and addresses of both kinds."""
    taken = getattr(settings.load({f"CME_GATEWAY_{name}": value}), name.lower())
    assert value == (taken if isinstance(taken, str) else ",".join(taken))


def test_a_long_value_is_cut() -> None:
    """No more than 60 characters of a wrong value are shown."""
    with pytest.raises(Refused) as caught:
        settings.load({"CME_GATEWAY_WORKERS": "#" * 1_000})
    assert 59 == caught.value.text.count("#")


def test_a_database_url_is_never_shown() -> None:
    """A URL may hold a password, so an error names the setting only."""
    with pytest.raises(Refused, match=r"^CME_GATEWAY_DATABASE cannot be this\."):
        settings.load({"CME_GATEWAY_DATABASE": ""})


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    """A typing error does not pass silently as a default."""
    with pytest.raises(Refused, match=r"^CME_GATEWAY_WORKER is not a setting; workers is\.$"):
        settings.load({"CME_GATEWAY_WORKER": "4"})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"wrokers = 4", "^wrokers in .* is not a setting; workers is"),
        (b'workers = "many"', "^workers in .* cannot be 'many'"),
        (b"workers = [", "is not TOML in UTF-8"),
        (b'zone = "\xff"', "is not TOML in UTF-8"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, content: bytes, text: str) -> None:
    """What is wrong in the file is named with the file."""
    file = tmp_path / "gateway.toml"
    file.write_bytes(content)
    with pytest.raises(Refused, match=text) as caught:
        settings.load({"CME_GATEWAY_SETTINGS": str(file)})
    assert str(file) in caught.value.text
    assert 1 == len(caught.value.text.splitlines())


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """A file that is named has to be there."""
    with pytest.raises(Refused, match="cannot be read: No such file or directory"):
        settings.load({"CME_GATEWAY_SETTINGS": str(tmp_path / "none.toml")})


def test_the_catalogue_lists_every_setting_once() -> None:
    """Each field of the settings stands in the catalogue with variable, default and meaning."""
    rows = settings.catalogue()
    assert list(Settings.__struct_fields__) == [row["name"] for row in rows]
    assert [f"CME_GATEWAY_{row['name'].upper()}" for row in rows] == [row["env"] for row in rows]
    assert [] == [row["name"] for row in rows if not row["meaning"]]
    assert Settings() == settings.load({row["env"]: str(row["default"]) for row in rows})
