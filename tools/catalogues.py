"""Writes the generated pages of docs/: `python tools/catalogues.py`, or `make docs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gateway import assembly, settings

DOCS = Path(__file__).parent.parent / "docs"
MADE = "Made by `make docs`; do not edit."


def pages() -> dict[str, str]:
    """The generated pages, by file name."""
    return {
        "rules.md": _page(
            "The codes",
            "Every code an answer can carry: `A` of an activity, `C` of a completion, `L` of a learner, "
            "`X` of a shape, `S` of the service. A code is never reused.",
            ("code", "severity", "field", "since", "until", "text", "remedy", "source"),
            assembly.catalogue(),
        ),
        "settings.md": _page(
            "The settings",
            "By environment, or without the prefix in the TOML file that `CME_GATEWAY_SETTINGS` names.",
            ("env", "default", "meaning"),
            settings.catalogue(),
        ),
    }


def _page(title: str, words: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [f"# {title}", "", f"{words} {MADE}", "", _line(columns), _line("---" for _ in columns)]
    lines += [_line(_cell(row[column]) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
