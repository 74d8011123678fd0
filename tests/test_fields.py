"""The table of fields: paths, keys, groups, and that writing and reading are each other's inverse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from gateway import fields
from gateway.fields import (
    BOOLEAN,
    DATE,
    DECIMAL,
    LONG_TEXT,
    MIDNIGHT,
    TEXT,
    WHOLE,
    YES_NO,
    Field,
    Table,
    kinds,
    reading,
)
from gateway.schemas import learner

NS = {"n": "urn:n"}


@dataclass(frozen=True)
class Pair:
    """A record inside a record."""

    left: str | None = None
    right: tuple[str, ...] = ()


TABLE = Table(
    (
        Field("plain", "n:a/n:plain"),
        Field("by_name", "n:a/n:id[n:cat='One']/n:value"),
        Field("by_other_name", "n:a/n:id[n:cat='Two']/n:value"),
        Field("by_attribute", "n:a/n:count[@kind='x']", WHOLE),
        Field("list", "n:list/n:item", many=True),
        Field("repeated", "n:groups/n:group*/n:text", many=True),
        Field(
            "pair", "n:pair", parts=(Field("left", "@left"), Field("right", "n:r", many=True)), record=Pair
        ),
        Field(
            "pairs",
            "n:pairs/n:pair",
            many=True,
            record=Pair,
            parts=(Field("left", ".", needed=True), Field("right", "n:r", many=True)),
        ),
    ),
    NS,
    always=("n:a", "n:stands"),
)
VALUES = {
    "plain": "text",
    "by_name": "1",
    "by_other_name": "2",
    "by_attribute": 3,
    "list": ("x", "y"),
    "repeated": ("u", "v"),
    "pair": Pair("l", ("r", "s")),
    "pairs": (Pair("p"), Pair("q", ("t",))),
}


def parsed(content: str) -> etree._Element:
    """An element of the table's namespace with this content."""
    return etree.fromstring(f'<root xmlns="urn:n">{content}</root>')


def read(content: str, table: Table = TABLE) -> fields.Gathered:
    """What the table gathers from a content."""
    return table.read(parsed(content))


def written(values: dict[str, Any], table: Table = TABLE) -> str:
    """The content the table writes for values."""
    root = parsed("")
    table.write(root, values)
    return "".join(etree.tostring(child, encoding="unicode").replace(' xmlns="urn:n"', "") for child in root)


def test_every_kind_of_path_is_read() -> None:
    """Steps, keys by child and by attribute, repeating steps, texts, attributes and groups are found."""
    gathered = read(
        "<a><plain> text </plain><id><cat>two</cat><value>2</value></id>"
        "<id><cat> ONE </cat><value>1</value></id><count kind='X'>3</count></a>"
        "<list><item>x</item><item/><item>y</item></list>"
        "<groups><group><text>u</text></group><group><text>v</text></group></groups>"
        "<pair left='l'><r>r</r><r>s</r></pair><pairs><pair>p</pair><pair>q<r>t</r></pair></pairs>"
    )
    assert VALUES == gathered.values
    assert [] == gathered.unused
    assert [] == gathered.unreadable


def test_what_is_written_reads_back_the_same() -> None:
    """Writing is reading's inverse, field by field and all at once."""
    for values in ({}, VALUES, *({name: value} for name, value in VALUES.items())):
        assert values == read(written(values)).values


def test_elements_stand_in_the_order_of_the_table() -> None:
    """The order of the values given does not matter; that of the table is the document's."""
    assert written(VALUES) == written(dict(reversed(VALUES.items())))
    tags = [child.tag for child in parsed(written(VALUES))]
    assert ["a", "stands", "list", "groups", "pair", "pairs"] == [etree.QName(tag).localname for tag in tags]


def test_what_must_stand_stands_and_nothing_else_does() -> None:
    """Of no values only the elements that must always stand are written, each once."""
    assert "<a/><stands/>" == written({})
    assert "<a><plain>x</plain></a><stands/>" == written({"plain": "x"})


def test_a_key_is_written_with_its_value_only() -> None:
    """An identifier without an entry is not written; with one it names its catalogue."""
    assert "<id>" not in written({"plain": "x"})
    assert "<id><cat>Two</cat><value>2</value></id>" in written({"by_other_name": "2"})
    assert '<count kind="x">0</count>' in written({"by_attribute": 0})


CONTENT = (
    "<a><plain>text</plain><id><cat>Two</cat><value>2</value></id></a>"
    "<list><item/><item>x</item><item>y</item></list><groups><group><text>u</text></group></groups>"
    "<pair left='l'/><pairs><pair/><pair>p<r/><r>r</r></pair><pair>q</pair></pairs>"
)


@pytest.mark.parametrize(
    ("name", "tag", "text"),
    [
        ("plain", "plain", "text"),
        ("by_other_name", "value", "2"),
        ("list", "item", "x"),
        ("list[1]", "item", "y"),
        ("repeated", "text", "u"),
        ("pair", "pair", None),
        ("pair.left", "pair", None),
        ("left", "pair", None),
        ("pairs[0]", "pair", "p"),
        ("pairs[0].right", "r", "r"),
        ("pairs[1].left", "pair", "q"),
    ],
)
def test_a_field_is_found_where_it_says_something(name: str, tag: str, text: str | None) -> None:
    """Findings need the place: the n-th of many that says something, and the parts of it, are known."""
    spot = TABLE.find(parsed(CONTENT), name)
    assert (tag, text, "") == (etree.QName(spot.element).localname, spot.element.text, spot.path)


@pytest.mark.parametrize(
    ("name", "tag", "path", "label"),
    [
        ("by_name", "root", "n:a/n:id[n:cat='One']/n:value", "value"),
        ("list[2]", "root", "n:list/n:item", "item"),
        ("repeated[1]", "root", "n:groups/n:group/n:text", "text"),
        ("pairs[1].right", "pair", "n:r", "r"),
        ("pairs[1].right[0]", "pair", "n:r", "r"),
        ("pairs[7].right", "root", "n:pairs/n:pair/n:r", "r"),
        ("pairs[7].frob", "root", "n:pairs/n:pair", "pair"),
        ("pairs[0].frob", "pair", "", ""),
        ("frob", "root", "", ""),
        ("frob[", "root", "", ""),
    ],
)
def test_a_missing_field_is_found_where_it_would_stand(name: str, tag: str, path: str, label: str) -> None:
    """What says nothing is told at the nearest element that stands, with the path from there."""
    spot = TABLE.find(parsed(CONTENT), name)
    assert (tag, path, label) == (etree.QName(spot.element).localname, spot.path, spot.label)


def test_what_was_gathered_does_not_show_itself() -> None:
    """Values may be a person's: their representation, as in a log, has none of them."""
    assert "text" not in repr(read(CONTENT))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("<a><stranger/></a>", "stranger"),
        ("<a><id><cat>Three</cat><value>3</value></id></a>", "id"),
        ("<a><id><value>3</value></id></a>", "id"),
        ("<a><count kind='y'>1</count></a>", "count"),
        ("<a><plain>one</plain><plain>two</plain></a>", "plain"),
        ("<a><id><cat>One</cat><extra/><value>1</value></id></a>", "extra"),
    ],
)
def test_what_no_field_uses_is_named(content: str, name: str) -> None:
    """Strangers, unknown keys and the second of what stands once are unused; the first counts."""
    gathered = read(content)
    assert [name] == [etree.QName(element).localname for element in gathered.unused]
    assert "two" not in gathered.values.values()


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (TEXT, "x" * 4_097, "It is longer than 4,096 characters."),
        (LONG_TEXT, "x" * 65_537, "It is longer than 65,536 characters."),
        (WHOLE, "1" * 19, "It has more than 18 digits."),
        (DECIMAL, "0." + "1" * 18, "It has more than 18 digits."),
        (WHOLE, "1E999999999", "It is not a whole number."),
        (WHOLE, "Infinity", "It is not a whole number."),
        (WHOLE, "1.5", "It is not a whole number."),
        (DECIMAL, "NaN", "It is not a number."),
        (DECIMAL, "1E999999999", "It is not a number."),
        (DECIMAL, "1_0", "It is not a number."),
        (DATE, "2026-02-30", "It is not a date of the calendar."),
        (MIDNIGHT, "12026-01-01T00:00:00", "It is not a date of the calendar."),
    ],
)
def test_what_cannot_be_read_says_why(kind: fields.Kind, text: str, reason: str) -> None:
    """An unreadable text is told in our words and keeps its field empty; nothing is computed of it first."""
    gathered = read(f"<a>{text}</a>", Table((Field("a", "n:a", kind),), NS))
    assert [("a", reason)] == [(field.name, why) for field, _, why in gathered.unreadable]
    assert {} == gathered.values


@pytest.mark.parametrize(
    ("kind", "text", "value", "back"),
    [
        (TEXT, "x" * 4_096, "x" * 4_096, "x" * 4_096),
        (DATE, "2026-03-10+14:00", date(2026, 3, 10), "2026-03-10"),
        (MIDNIGHT, "2026-03-10T23:59:59.999999-06:00", date(2026, 3, 10), "2026-03-10T00:00:00"),
        (DECIMAL, "+011.250", Decimal("11.250"), "11.250"),
        (DECIMAL, ".5", Decimal("0.5"), "0.5"),
        (WHOLE, "-007", -7, "-7"),
        (BOOLEAN, "1", True, "true"),
        (BOOLEAN, "0", False, "false"),
        (YES_NO, "no", False, "no"),
    ],
)
def test_spellings(kind: fields.Kind, text: str, value: object, back: str) -> None:
    """The lexical forms of the schema are read; of a date the day as written; one form is written."""
    assert value == kind.read(text)
    assert back == kind.write(value)
    assert value == kind.read(back)


def test_what_was_read_before_is_not_worked_out_again() -> None:
    """Dates and numbers are remembered by their text; what could not be read is refused each time anew."""
    assert DATE.read("2026-03-10") is DATE.read("2026-03-10")
    assert ("1.50", "1.5") == tuple(DECIMAL.write(DECIMAL.read(text)) for text in ("1.50", "1.5"))
    for _ in range(2):
        with pytest.raises(ValueError, match="not a date of the calendar"):
            DATE.read("2026-02-30")


def test_what_is_remembered_is_bounded() -> None:
    """However many dates senders make up, the memory of them does not grow."""
    for number in range(kinds.MOST_REMEMBERED + 10):
        DECIMAL.read(str(number))
    assert kinds.MOST_REMEMBERED == DECIMAL.read.cache_info().currsize  # type: ignore[attr-defined]  # of lru_cache


def test_nothing_of_a_person_is_remembered() -> None:
    """Neither texts nor days of birth are: they would stay in memory when the call is long over."""
    caches = [kinds._calendar_day, kinds._number]
    before = [cache.cache_info().currsize for cache in caches]
    for kind, text in (
        (TEXT, "Quimby"),
        (learner.BIRTHDAY, "1904-12-08"),
        (learner.DOMAIN, "idd:x.example:NPI"),
    ):
        kind.read(text)
        assert not hasattr(kind.read, "cache_info")
    assert before == [cache.cache_info().currsize for cache in caches]


def test_what_is_remembered_is_short() -> None:
    """The memory holds days and numbers, not what a sender writes behind a day."""
    first = MIDNIGHT.read("2031-07-09T00:00:00." + "0" * 4_000)
    held = kinds._calendar_day.cache_info().currsize
    assert first is MIDNIGHT.read("2031-07-09")
    assert held == kinds._calendar_day.cache_info().currsize


def test_a_tag_has_one_key() -> None:
    """Two keys for one tag would leave open which of them tells; the table is refused where it is made."""
    with pytest.raises(AssertionError, match="two keys"):
        Table((Field("one", "n:id[n:cat='a']/n:v"), Field("two", "n:id[@kind='b']/n:v")), NS)


BY_KEY = Field("known", "n:count[@kind='x']", WHOLE)
BY_NO_KEY = Field(
    "others",
    "n:count",
    many=True,
    record=Pair,
    parts=(Field("left", "@kind", needed=True), Field("right", ".")),
)


def test_what_no_key_tells_goes_to_the_field_without_one() -> None:
    """Of one tag some elements are told by their key, and all others are one field with many values."""
    table = Table((BY_KEY, BY_NO_KEY), NS)
    gathered = read("<count kind='y'>2</count><count kind='X'>3</count><count kind='z'>4</count>", table)
    values = {"known": 3, "others": (Pair("y", "2"), Pair("z", "4"))}  # type: ignore[arg-type]  # any record
    assert (values, []) == (gathered.values, gathered.unused)
    assert values == read(written(values, table), table).values
    assert (
        "4" == table.find(parsed("<count kind='x'>3</count><count kind='z'>4</count>"), "others").element.text
    )


def test_keys_come_before_what_they_do_not_tell() -> None:
    """In the other order the keys would never be asked; the table is refused where it is made."""
    with pytest.raises(AssertionError, match="keys first"):
        Table((BY_NO_KEY, BY_KEY), NS)


def test_a_group_may_have_an_element_that_always_stands() -> None:
    """What the schema wants inside a group stands there, without the group not at all."""
    parts = (Field("left", "n:l"), Field("right", "n:o/n:r"))
    table = Table((Field("pair", "n:pair", parts=parts, record=Pair, always=("n:o",)),), NS)
    assert "<pair><l>x</l><o/></pair>" == written({"pair": Pair("x", None)}, table)  # type: ignore[arg-type]
    assert "" == written({}, table)


def test_a_group_without_what_it_needs_cannot_be_read() -> None:
    """A blank where a part is needed is an error with the group's place, not a record without it."""
    gathered = read("<pairs><pair> <r>t</r></pair></pairs>")
    ((field, element, reason),) = gathered.unreadable
    assert ("left", "It is blank.") == (field.name, reason)
    assert "{urn:n}pair" == element.tag
    assert {} == gathered.values


def test_a_group_that_says_nothing_is_no_record() -> None:
    """An empty group is neither a value nor an error."""
    gathered = read("<pair/><pairs><pair> </pair></pairs>")
    assert ({}, [], []) == (gathered.values, gathered.unused, gathered.unreadable)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("n:a/n:plain", "plain"),
        ("n:a/lom:string", "a"),
        ("n:a/n:id[n:cat='One']/lom:entry", "One"),
        ("n:a/n:count[@kind='x']", "count x"),
        ("n:group*/lom:string", "group"),
        ("n:a/@left", "left"),
        (".", "name"),
    ],
)
def test_a_label_is_what_the_sender_knows(path: str, label: str) -> None:
    """The last step that says something names the field; where none does, its own name."""
    assert label == Field("name", path).label


def test_many_values_are_gathered_without_copying_them_each_time() -> None:
    """Ten thousand values of one field make one tuple: the list they come in grows in place."""
    grown: list[int] = []

    class Watched(list[str]):
        def append(self, value: str) -> None:
            grown.append(1)
            super().append(value)

    gathered = fields.Gathered(values={"list": Watched()})
    reading.gather(parsed(f"<list>{'<item>x</item>' * 10_000}</list>"), TABLE._top, gathered, gathered.values)
    assert 10_000 == len(grown)
    assert 10_000 == len(read(f"<list>{'<item>x</item>' * 10_000}</list>").values["list"])
