"""No pattern looks at a character more than a few times, whatever it is held against: neither those of our
schemas nor those of our own code (A32).

How often is told by what four times the text costs: four times as much, or sixteen times and more. What a
look costs is the machine's business.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import gateway
import wsdl
import xsd
from gateway import boards
from gateway.intake import document

XS = "{http://www.w3.org/2001/XMLSchema}"
LENGTHS = 10_000, 100_000
CHEAP = 0.02
"""Seconds of the processor within which a text is not worth a second look."""
LONGER, MOST_TIMES = 4, 8  # four times is linear, sixteen times is the square
TRIES = 3
PIECES = (
    *("0", "a", "A", " ", ":", "-", ".", "<", "'", "0a", "1-", "a:", "a@", "a.", "ccid:", "http://a"),
    *("<a ", "<a b='", "a='1' ", "xmlns:a=", "['", "[0]", "<?xml ", "encoding=", "0T", "00:00", "é", "\n"),
)


def _cost(look: Callable[[str], object], text: str) -> float:
    begun = time.process_time()
    look(text)
    return time.process_time() - begun


def _is_linear(look: Callable[[str], object], piece: str) -> bool:
    """Whether a longer text costs as much more: first a short one, or the square took minutes."""
    return all(_grows_as_it(look, piece, length) for length in LENGTHS)


def _grows_as_it(look: Callable[[str], object], piece: str, length: int) -> bool:
    part, whole = ((piece * size)[:size] + "!" for size in (length // LONGER, length))
    if _cost(look, whole) <= CHEAP:
        return True
    costs = [min(_cost(look, text) for _ in range(TRIES)) for text in (part, whole)]
    return costs[1] <= MOST_TIMES * costs[0]


# --- of the schemas ---------------------------------------------------------------------------------------


def _patterns() -> Iterator[str]:
    for package in (xsd, wsdl):
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.[xw]s*")):
            yield from (str(one.get("value")) for one in etree.parse(str(path)).iter(f"{XS}pattern"))


PATTERNS = sorted(set(_patterns()))


def _schema(pattern: str) -> etree.XMLSchema:
    schema = etree.Element(f"{XS}schema")
    element = etree.SubElement(schema, f"{XS}element", name="a")
    restriction = etree.SubElement(
        etree.SubElement(element, f"{XS}simpleType"),
        f"{XS}restriction",
        base="xs:string",
        nsmap={"xs": XS[1:-1]},
    )
    etree.SubElement(restriction, f"{XS}pattern", value=pattern)
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_of_the_schemas_is_linear(pattern: str) -> None:
    """More characters that nearly match cost as much more."""
    schema, element = _schema(pattern), etree.Element("a")

    def look(text: str) -> bool:
        element.text = text
        return schema.validate(element)

    assert [] == [piece for piece in PIECES if not _is_linear(look, piece)]


def test_there_are_patterns() -> None:
    """The control: they are found."""
    assert {"[0-9]{7}", r"\d{4}"} & set(PATTERNS)


# --- of the code ------------------------------------------------------------------------------------------

METHODS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")
OPTIONAL = "under_granian"
BUILT = {  # patterns put together when they are used, by the code that does: what there is to look at
    "_SO_MANY % (most + 1)": document._SO_MANY % 65,
    "b'<[^<?!/][^<]{%d,}' % (least - 1)": b"<[^<?!/][^<]{255,}",
    "b'<[^<]{%d}' % limits.max_text": b"<[^<]{131072}",
}


@dataclass(frozen=True, slots=True)
class Use:
    """A pattern and what is asked of it."""

    pattern: re.Pattern[Any]
    method: str

    def __call__(self, text: str) -> object:
        """Hold it against a text."""
        asked = getattr(self.pattern, self.method)
        against = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        if self.method == "sub":
            return asked(against[:0], against)
        return list(asked(against)) if self.method == "finditer" else asked(against)


def _uses() -> Iterator[tuple[str, Use]]:
    """All uses of patterns in our code, with where they stand."""
    home = Path(gateway.__file__).parent
    for path in sorted(home.rglob("*.py")):
        if path.stem in {"__main__", OPTIONAL}:  # runs when imported; needs what may not be installed
            continue
        name = ".".join((gateway.__name__, *path.relative_to(home).with_suffix("").parts))
        module = importlib.import_module(name.removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if use := _use(node, vars(module)):
                yield f"{name}:{getattr(node, 'lineno', 0)}", use


def _use(node: ast.AST, known: Mapping[str, Any]) -> Use | None:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[pattern, *_]):
            return Use(re.compile(_text(pattern)), method) if method in METHODS else None
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            made = known.get(name)
            return Use(made, method) if isinstance(made, re.Pattern) and method in METHODS else None
    return None


def _text(node: ast.expr) -> Any:
    """The text of a pattern; one that is neither plain nor in BUILT fails here: put it there."""
    return node.value if isinstance(node, ast.Constant) else BUILT[ast.unparse(node)]


USES = dict(_uses())
USES |= {
    f"gateway.boards:{board.acronym}": Use(re.compile(board.id_shape), "fullmatch")
    for board in boards.BOARDS.values()
    if board.id_shape
}


@pytest.mark.parametrize("where", USES)
def test_a_pattern_of_the_code_is_linear(where: str) -> None:
    """More characters that nearly match cost as much more, however it is asked."""
    assert [] == [piece for piece in PIECES if not _is_linear(USES[where], piece)]


@pytest.mark.parametrize(
    ("pattern", "piece"), [(r"\s+$", " "), (r".*\.", "a"), ("a*a*b", "a")], ids=["end", "start", "twice"]
)
def test_a_pattern_that_looks_again_is_noticed(pattern: str, piece: str) -> None:
    """The control: some that look at each character from each place."""
    method = "match" if pattern.startswith("a") else "search"
    assert not _is_linear(Use(re.compile(pattern), method), piece)


def test_patterns_of_the_code_are_found() -> None:
    """The control: module-level ones, those written where they are used, and those that are built."""
    found = {use.pattern.pattern for use in USES.values()}
    assert {"[a-z0-9]+", "[0-9]{9}", *BUILT.values()} <= found
