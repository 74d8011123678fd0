"""The README says what is so: its map, its commands, its example."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from command import run_command
from lxml import etree
from served import PASSWORD, Served, serving

from gateway.cli import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
NOT_OURS = re.compile(r"\.(?!ci$)|__pycache__|node_modules|build|dist|.*\.egg-info")


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of a language, as they would be pasted."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _map() -> list[str]:
    """The paths of the map: a line a path, those of the gateway's modules indented."""
    [drawn] = blocks("", README.partition("## The map")[2])
    return [("gateway/" if line[0] == " " else "") + line.split()[0] for line in drawn.splitlines()]


def _tree() -> set[str]:
    """The folders of the top, and the modules and packages of the gateway."""
    folders = {path.name + "/" for path in ROOT.iterdir() if path.is_dir() and not NOT_OURS.match(path.name)}
    modules = {f"gateway/{path.name}" for path in (ROOT / "gateway").glob("[!_]*.py")}
    return folders | modules | {f"gateway/{path.parent.name}/" for path in ROOT.glob("gateway/*/__init__.py")}


def _differs(drawn: list[str]) -> set[str]:
    """What stands in the tree or on the map, and not on both; which files of the top are told is free."""
    paths = (path if path.startswith("gateway/") else path.partition("/")[0] + "/" for path in drawn)
    return {path for path, told in zip(paths, drawn, strict=True) if "/" in told} ^ _tree()


def test_map_is_the_tree() -> None:
    """The map names every folder of the top and every module of the gateway, once, and nothing else."""
    drawn = _map()
    assert len(drawn) == len(set(drawn))
    assert set() == _differs(drawn)
    assert [] == [path for path in drawn if not (ROOT / path).exists()]


def test_map_that_lies_is_found() -> None:
    """A line too many or too few in the map is noticed."""
    drawn = _map()
    drawn.remove("gateway/soap/")
    assert {"gateway/soap/", "gateway/invented.py"} <= _differs([*drawn, "gateway/invented.py"])


def test_make_knows_what_is_told_of_it() -> None:
    """Every `make` command of the README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = {
        line.split()[1] for block in blocks("sh") for line in block.splitlines() if line.startswith("make ")
    }
    assert {"run", "test"} <= told
    assert set() == told - targets


def _commands() -> Iterator[list[str]]:
    """The commands the README tells to type, without what a shell makes of the rest of the line."""
    for line in "\n".join(blocks("sh")).splitlines():
        if line.startswith("cme-gateway "):
            yield re.split(r"\s[#>]", line)[0].split()[1:]


def test_commands_are_understood() -> None:
    """Every command the README tells to type exists, with every option it is given."""
    typed = list(_commands())
    assert {"check", "submit", "sample", "serve", "migrate"} <= {words[0] for words in typed}
    for words in typed:
        command: Any = cli.get_command(click.Context(cli), words[0])
        for word in words[1:]:
            command = getattr(command, "commands", {}).get(word, command)
        options = {option for parameter in command.params for option in parameter.opts}
        assert set() == {word for word in words if word.startswith("--")} - options


def test_links_lead_somewhere() -> None:
    """Every relative link leads to a file."""
    links = re.findall(r"\]\(([^)#]+)", README)
    assert [] == [link for link in links if "://" not in link and not (ROOT / link).exists()]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway like the sandbox's, but for its port and its password."""
    folder = tmp_path_factory.mktemp("readme")
    with serving(f"sqlite:///{folder / 'gateway.db'}", folder) as served:
        yield served


@pytest.mark.network
@pytest.mark.slow
def test_example_runs_as_it_is_pasted(gateway: Served) -> None:
    """The first call of the README, pasted, prints an activity that was added, and what it still needs."""
    example = blocks("python")[0]
    pasted = example.replace("http://127.0.0.1:8080", gateway.url).replace("demo-password", PASSWORD)
    assert (1, 1) == (example.count("http://127.0.0.1:8080"), example.count("demo-password"))
    runs = [subprocess.run([sys.executable, "-c", pasted], capture_output=True, text=True) for _ in range(2)]
    assert ["", ""] == [told.stderr for told in runs]
    assert [True, True] == [
        f" {action} Draft\n  for Active: " in told.stdout
        for action, told in zip(("Added", "Unchanged"), runs, strict=True)
    ]


@pytest.mark.network
@pytest.mark.slow
def test_files_go_as_they_are_told_to(gateway: Served, tmp_path: Path) -> None:
    """The commands for files do together what the README says of them."""
    told = [words for words in _commands() if words[0] in {"sample", "check", "submit"}]
    sample, check, submit = told[:3]  # what follows is of the sandbox's own course
    (tmp_path / "activities.xml").write_text(run_command(tmp_path, *sample).out)
    assert run_command(tmp_path, *check).code in {0, 2}
    address = [gateway.url if word.startswith("http://") else word for word in submit]
    assert run_command(tmp_path, *address, environment={"CME_GATEWAY_PASSWORD": PASSWORD}).code in {0, 2}
    assert etree.parse(tmp_path / "activities.xml").getroot().tag.endswith("ACCMEActivities")
