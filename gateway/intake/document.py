"""A body becomes a tree that is safe to walk, or is refused.

Some refusals come before the parser sees the body, since the parser itself is what they protect:
libxml2 takes minutes for 2 MB of attribute declarations, and 120 bytes of memory for each of a tag's
four. Each is exact for well-formed documents in UTF-8, and what is not well-formed is refused anyway: what
the bytes as they are seem to have too much of is looked for again without comments, CDATA sections and
instructions, in which nothing is a tag.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from xml.parsers import expat

from lxml import etree

from gateway.errors import TextTooLong, TooLarge, Unreadable
from gateway.intake.encoding import in_utf8
from gateway.intake.limits import Limits
from gateway.quoting import shown

Element = etree._Element

DOCTYPE = b"<!DOCTYPE"
MOST_NAMESPACES = 256  # in scope at once: canonical XML looks through all of them
LONGEST_NAMESPACE = 400  # characters; it is copied to each element that uses it and is looked at alone
MOST_TIMES, SPARE = 4, 4 << 20
"""How many times as large as it is written, and how many bytes more, a message may be in canonical form,
where each namespace stands wherever it is used: real ones are up to twice as large."""
RELATIVE = 'A namespace of the message is relative, such as xmlns="pars".'
_TAG = re.compile(rb"""<[^<>"']*+(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*+""")
_ONE_WITH = re.compile(rb"(?=<[^<>?!/][^<>=]*+=)" + _TAG.pattern)  # with an attribute
_WHOLE = re.compile(_TAG.pattern + rb">")
_SO_MANY = rb"""<[^<>="']*+(?:=[ \t\r\n]*+(?:"[^"<]*+"|'[^'<]*+')[^<>="']*+){%d}"""
_VALUE = re.compile(rb"""=[ \t\r\n]*+(?:"[^"]*+"|'[^']*+')""")
_NAMESPACE = re.compile(rb"[ \t\r\n]xmlns(?=[:= \t\r\n])")
_DECLARED = re.compile(rb"""(?::[^=<>"' \t\r\n]*+)?+[ \t\r\n]*+=[ \t\r\n]*+(?:"[^"<]*+"|'[^'<]*+')""")
_INSTRUCTION = re.compile(rb"<\?(?!xml[ \t\r\n])")
# A comment, a CDATA section, an instruction; one without an end goes on to that of the document, as for a
# parser. In a well-formed document none of them begins anywhere else.
_ASIDE = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_count = etree.XPath("count(//*)")
# Two questions: to unite what they find takes libxml2 the square of it.
_long = [etree.XPath(f"{each}[string-length() > $most]") for each in ("//text()", "//@*")]
_depths: dict[int, etree.XPath] = {}
_parsers = threading.local()  # one shared parser would make all threads wait for each other


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document, the number of its elements, and what it was parsed from, in UTF-8."""

    root: Element
    elements: int
    source: bytes

    def has_instructions(self) -> bool:
        """Whether it has processing instructions, of which its tree knows nothing. A tree that keeps them
        is not asked: libxml2 looks for them with the square of their number."""
        if not _INSTRUCTION.search(self.source):
            return False
        return any(_INSTRUCTION.match(aside[0]) for aside in _ASIDE.finditer(self.source))


def parse(body: bytes, limits: Limits, encoding: str | None = None) -> Document:
    """Parse a body into a tree that is safe to walk.

    `encoding` is what the transport declared. Raises Unreadable when the body is empty, not
    well-formed, in another encoding, too deep, or has a DOCTYPE, TextTooLong or TooLarge beyond the caps.
    """
    if not body.strip():
        raise Unreadable("The message is empty.")
    source = in_utf8(body, encoding)
    if DOCTYPE in source and _begins_with_doctype(source):
        raise _has_doctype()
    _weigh(source, limits)
    root = _parsed(source)
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise _has_doctype()
    elements = int(_count(root))
    if elements > limits.max_elements:
        raise TooLarge(_too_many(limits))
    if _deeper_than(limits.max_depth)(root):
        raise Unreadable(f"The message is nested deeper than {limits.max_depth} elements.")
    if source.count(b"xmlns") > MOST_NAMESPACES and _is_flooded(root):
        raise TooLarge(f"The message has more than {MOST_NAMESPACES} namespaces in one place.")
    _check_namespaces(root, source, elements)
    _check_texts(root, source, limits)
    return Document(root, elements, source)


# --- before there is a tree -----------------------------------------------------------------------------


class _Found(Exception):
    """The search is over."""


class _Doctype(_Found):
    """There is a DOCTYPE."""


def _begins_with_doctype(source: bytes) -> bool:
    """Whether a document has a DOCTYPE, and not only the word in a text or a comment.

    expat is asked, which says so before it reads any declaration.
    """
    parser = expat.ParserCreate("utf-8")

    def stop(kind: type[_Found]) -> None:
        raise kind

    parser.StartDoctypeDeclHandler = lambda *_: stop(_Doctype)
    parser.StartElementHandler = lambda *_: stop(_Found)
    try:
        parser.Parse(source, True)
    except _Doctype:
        return True
    except _Found:
        return False
    except expat.ExpatError:
        pass  # before its first element
    raise Unreadable("The message is not well-formed XML.")


def _has_doctype() -> Unreadable:
    return Unreadable("The message has a DOCTYPE, which is not taken here.")


def _weigh(source: bytes, limits: Limits) -> None:
    """Refuse what would make a huge tree or a crowded element."""
    excess = _excess(source, limits)
    if excess and _is_cut(source):
        excess = _excess(_bare(source), limits)
    if excess:
        raise TooLarge(excess)


def _is_cut(source: bytes) -> bool:
    """Whether it may have comments, CDATA sections or instructions."""
    return b"<!" in source or _INSTRUCTION.search(source) is not None


def _bare(source: bytes) -> bytes:
    """The document with nothing but its tags beginning with `<`, each of them whole.

    Raises Unreadable where one is not: a comment that begins within a tag could hide what is no comment
    for a parser. What is put in the place of each breaks a tag that it stands in.
    """
    bare = _ASIDE.sub(b"<?>", source)
    if b"<" in _WHOLE.sub(b"", bare):
        raise Unreadable("The message is not well-formed XML.")
    return bare


def _excess(source: bytes, limits: Limits) -> str | None:
    """What a document has too much of, if anything."""
    most = limits.max_elements
    signs = source.count(b"<")
    if signs > most and signs - sum(map(source.count, (b"</", b"<!", b"<?"))) > most:
        return _too_many(limits)
    for begins in _large_starts(source, limits):
        if _has_many_attributes(begins, limits):
            return f"An element of the message has more than {limits.max_attributes} attributes."
        tag = _tag(begins)
        if _has_many_namespaces(tag, limits):
            return f"An element of the message has more than {limits.max_namespaces} namespaces."
        if _has_long_name(tag, limits):
            return f"A name of the message has more than {limits.max_name} characters."
    # A tree of attributes is as large as one of elements. Last, since a tag with too many costs less above.
    if source.count(b"=") > most and any(count > most for count in _attributes(source)):
        return f"The message has more than the {most:,} attributes a call may have."
    return None


def _attributes(source: bytes) -> Iterator[int]:
    """How many attributes there are up to each tag."""
    return itertools.accumulate(_VALUE.subn(b"", tag[0])[1] for tag in _ONE_WITH.finditer(source))


def _large_starts(source: bytes, limits: Limits) -> Iterator[bytes]:
    """What begins with a start tag and goes on to the next `<`, where that is enough to have too much of
    anything in the tag."""
    attribute, namespace = len(b" a=''"), len(b" xmlns:a=''")
    crowd = min(attribute * (limits.max_attributes + 1), namespace * (limits.max_namespaces + 1))
    least = min(crowd, limits.max_name)
    for start in re.finditer(rb"<[^<?!/][^<]{%d,}" % (least - 1), source):
        yield start[0]


def _tag(begins: bytes) -> bytes:
    """The start tag alone."""
    tag = _TAG.match(begins)
    return tag[0] if tag else b"<"


# Each of these looks closer only where a rough count leaves a doubt: most large tags have long values.


def _has_many_attributes(begins: bytes, limits: Limits) -> bool:
    """The tag's end need not be known: no more attributes are matched than are in it."""
    most = limits.max_attributes
    return begins.count(b"=") > most and re.match(_SO_MANY % (most + 1), begins) is not None


def _has_many_namespaces(tag: bytes, limits: Limits) -> bool:
    most = limits.max_namespaces
    return tag.count(b"xmlns") > most and len(_NAMESPACE.findall(_VALUE.sub(b"=", tag))) > most


def _has_long_name(tag: bytes, limits: Limits) -> bool:
    if max(map(len, tag.split())) <= limits.max_name:
        return False
    names = re.split(rb"[ \t\r\n=/:]+", _VALUE.sub(b"=", tag)[1:])
    return any(len(name.decode("utf-8", "replace")) > limits.max_name for name in names)


def _too_many(limits: Limits) -> str:
    return f"The message has more than the {limits.max_elements:,} elements a call may have."


# --- the tree ---------------------------------------------------------------------------------------------


def _parsed(source: bytes) -> Element:
    try:
        return etree.fromstring(source, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, etree.XMLSyntaxError) and error.lineno else ""
        raise Unreadable(f"The message is not well-formed XML{line}.") from None


def _parser() -> etree.XMLParser:
    known = _parsers.__dict__
    if "parser" not in known:
        known["parser"] = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    return cast(etree.XMLParser, known["parser"])


def _is_flooded(root: Element) -> bool:
    events = etree.iterwalk(root, events=("start-ns", "end-ns"))
    in_scope = itertools.accumulate(1 if event == "start-ns" else -1 for event, _ in events)
    return any(count > MOST_NAMESPACES for count in in_scope)


def _check_namespaces(root: Element, source: bytes, elements: int) -> None:
    """Refuse namespaces that are long, or that would be written out of proportion: nearly always the
    longest one that the bytes may declare tells that there are none."""
    declared = map(_DECLARED.match, source.split(b"xmlns")[1:])  # which is found faster than by a pattern
    longest = max((one.end() for one in declared if one), default=0)
    if longest > LONGEST_NAMESPACE and any(
        len(uri) > LONGEST_NAMESPACE for _, (_, uri) in etree.iterwalk(root, events=("start-ns",))
    ):
        raise TooLarge(f"A namespace of the message has more than {LONGEST_NAMESPACE} characters.")
    most = MOST_TIMES * len(source) + SPARE
    if (elements + source.count(b"=")) * longest > most and _is_swollen(root, most):
        raise TooLarge(
            f"The message is more than {MOST_TIMES} times as large with each namespace written where it is "
            "used.",
            remedy="Use shorter namespaces, or declare them where they are used.",
        )


class _Full(Exception):
    """More was written than may be."""


class _Measure:
    """Takes so many bytes, and keeps none."""

    def __init__(self, most: int) -> None:
        self._left = most

    def write(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise _Full


def _is_swollen(root: Element, most: int) -> bool:
    """Whether a message has more bytes than that in canonical form. Raises Unreadable where it has none."""
    try:
        tree = cast(Any, etree.ElementTree(root))  # whose types know only C14N 2.0
        tree.write_c14n(_Measure(most), exclusive=True)
    except _Full:
        return True
    except etree.C14NError:
        raise Unreadable(RELATIVE) from None
    return False


def _deeper_than(depth: int) -> etree.XPath:
    if depth not in _depths:
        _depths[depth] = etree.XPath(f"boolean({'/*' * (depth + 1)})")
    return _depths[depth]


def _check_texts(root: Element, source: bytes, limits: Limits) -> None:
    """Refuse a text or an attribute that is longer than any field may be; nearly always the bytes tell
    that there is none. A comment, a CDATA section or an instruction cuts a text, so there they do not."""
    if len(source) <= limits.max_text:
        return
    if not _is_cut(source) and not re.search(rb"<[^<]{%d}" % limits.max_text, source):
        return
    found = cast(
        "list[list[etree._ElementUnicodeResult]]", [ask(root, most=limits.max_text) for ask in _long]
    )
    for text in itertools.chain.from_iterable(found):
        if text.isspace():
            continue  # between elements, where it costs nothing
        parent = text.getparent()
        assert parent is not None
        name = shown(etree.QName(parent).localname)
        part = "An attribute" if text.is_attribute else "The text"
        raise TextTooLong(
            f"{part} of {name}, line {parent.sourceline}, has more than {limits.max_text:,} characters."
        )
