"""The settings: one frozen record, filled from a TOML file and the environment.

A setting is one field of `declared.py`: its name, its default, its limits and what it means. The
environment says `CME_GATEWAY_<NAME>` and wins over the TOML file that `CME_GATEWAY_SETTINGS` names. A
name that is not a setting, or a value that cannot be one, is refused at the start in one line.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.accounts import Proxies
from gateway.boards import BOARDS
from gateway.errors import Misused
from gateway.settings.declared import Settings

__all__ = ["DEFAULTS", "FIELDS", "PREFIX", "SETTINGS_FILE", "Settings", "catalogue", "load"]

PREFIX = "CME_GATEWAY_"
SETTINGS_FILE = f"{PREFIX}SETTINGS"
# Read elsewhere: by `submit`, which may not put a password on its command line, and by the tests.
NOT_SETTINGS = {SETTINGS_FILE, f"{PREFIX}PASSWORD", f"{PREFIX}MEDBIQ"}
NO_NAMESPACE = "none"
LAST_PORT = 65_535
_HOST = re.compile(r"[^\s/\[\]]+|\[[^\s/\[\]]+\]")
REMEDY = "Correct it and start again; `cme-gateway settings` lists all settings."

FIELDS = {field.name: field.type for field in msgspec.structs.fields(Settings)}
DEFAULTS = msgspec.structs.asdict(Settings())


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings at the start of a command, so that a wrong one never shows up later.

    Raises Misused, in one line that names the setting, its value and what is expected.
    """
    given = (*_of_file(environment.get(SETTINGS_FILE)), *_of_environment(environment))
    return Settings(**{name: _read(label, name, value) for label, name, value in given})


def catalogue() -> list[dict[str, Any]]:
    """List all settings for `cme-gateway settings` and the docs: name, env, default, meaning.

    A default is written as the environment would write it.
    """
    return [
        {"name": name, "env": PREFIX + name.upper(), "default": _written(default), "meaning": _meaning(name)}
        for name, default in DEFAULTS.items()
    ]


def _of_file(path: str | None) -> Iterator[tuple[str, str, Any]]:
    if not path:
        return
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise Misused(f"The settings file {path} cannot be read: {error.strerror}.", remedy=REMEDY) from None
    except ValueError as error:
        raise Misused(f"The settings file {path} is not TOML in UTF-8: {error}.", remedy=REMEDY) from None
    yield from ((f"{name} in {path}", name, value) for name, value in table.items())


def _of_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            yield variable, variable.removeprefix(PREFIX).lower(), text


def _read(label: str, name: str, value: Any) -> Any:
    if name not in FIELDS:
        raise Misused(f"{label} is not a setting{_nearest(name)}.", remedy=REMEDY)
    try:
        return _checked(name, msgspec.convert(_parsed(name, value), FIELDS[name], strict=False))
    except (ValueError, KeyError, OSError):
        text = f"{label} cannot be {_shown(name, value)}. Expected: {_meaning(name)}."
        raise Misused(text, remedy=REMEDY) from None


def _parsed(name: str, value: Any) -> Any:
    """Take apart what an environment can only write with commas, a tuple or a mapping."""
    kind = type(DEFAULTS[name])
    if kind not in (tuple, dict) or not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    # A namespace may have an equals sign in it, and so may the address of a board.
    cut = str.partition if name == "boards" else str.rpartition
    return parts if kind is tuple else _table([cut(part, "=")[::2] for part in parts])


def _table(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a mapping, each name once: of two, one would be lost without a word."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError
    return table


def _written(value: Any) -> Any:
    return ",".join(value) if isinstance(value, (tuple, dict)) else value


def _checked(name: str, value: Any) -> Any:
    """Look at what a type cannot say, and write `none` as the empty namespace it stands for."""
    if name == "zone":
        ZoneInfo(value)
    if name == "forwarded_allow_ips":
        Proxies(value)
    if name == "boards" and not value.keys() <= BOARDS.keys():
        raise ValueError
    if name == "bind":
        _check_address(value)
    if name == "trusted_hosts" and not all(map(_is_host, value)):
        raise ValueError
    return {"" if key == NO_NAMESPACE else key: value[key] for key in value} if name == "aliases" else value


def _check_address(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not _is_host(host) or (":" in host) != host.startswith("[") or not 0 < int(port) <= LAST_PORT:
        raise ValueError


def _is_host(name: str) -> bool:
    """Whether it is the name or the address of a host and nothing more: no port, and no URL."""
    if ":" in name:
        ip_address(name.removeprefix("[").removesuffix("]"))
    return _HOST.fullmatch(name) is not None


def _shown(name: str, value: Any) -> str:
    """A value as an error may show it: a URL may hold a password."""
    return "this" if name in {"database", "boards"} else repr(value)[:60]


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, 1)
    return f"; {near[0]} is" if near else ""


def _meaning(name: str) -> str:
    """What a setting means, with its bounds before a semicolon: nobody takes them for those of the rest."""
    limits: msgspec.Meta = FIELDS[name].__metadata__[0]
    meant, semicolon, more = str(limits.description).partition(";")
    return ", ".join((meant, *_bounds(limits))) + semicolon + more


def _bounds(limits: msgspec.Meta) -> Iterator[str]:
    """The bounds of a number in words, from where it is bounded, so that they cannot drift apart."""
    if limits.ge is not None and limits.le is not None:
        yield f"{limits.ge} to {limits.le}"
        return
    told = {"at least": limits.ge, "above": limits.gt, "at most": limits.le, "below": limits.lt}
    yield from (f"{words} {bound}" for words, bound in told.items() if bound is not None)
