"""Cutting a file into calls: every record once, to the letter, and each line still known."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import etree

from gateway.errors import Unreadable
from gateway.pieces import MOST_BYTES, Piece, pieces
from gateway.records import Finding, Severity

RECORD = "MedicalEducationMetrics"
START = """<?xml version="1.0"?>
<!-- made by a system -->
<ACCMEActivities
    xmlns="urn:example:wrapper" xmlns:m="urn:example:m"
    note="a > b /> c" schemaVersion='2.0'>
  <!-- <m:MedicalEducationMetrics> -->
"""
ONE = """  <m:MedicalEducationMetrics
      id="{0}">
    <m:title
       lang="de">Ärzte <![CDATA[</m:title> & {0}]]></m:title>
    <!-- a </m:MedicalEducationMetrics> that is none -->
  </m:MedicalEducationMetrics
  >
  <?between records?>
"""
END = "</ACCMEActivities>\n"
FINDING = Finding("X000", Severity.ERROR, "", "", line=1)


def _file(count: int) -> str:
    return START + "".join(ONE.format(number) for number in range(count)) + END


def _cut(text: str, most: int = 2, encoding: str = "utf-8") -> list[Piece]:
    return list(pieces(io.BytesIO(text.encode(encoding)), most))


def _ids(text: str) -> list[str | None]:
    return [record.get("id") for record in etree.fromstring(text).iter("{*}" + RECORD)]


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines())


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "one line": _on_one_line,
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "far down": lambda text: text.replace("  <m:Med", "\n" * 40_000 + "  <m:Med"),
}


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (2, [2]), (3, [2, 1]), (5, [2, 2, 1])])
def test_every_record_goes_once_and_in_order(count: int, sizes: list[int]) -> None:
    """The pieces have at most so many records, and together all of the file's, in its order."""
    cut = _cut(_file(count))
    assert sizes == [len(piece.records) for piece in cut]
    assert [str(number) for number in range(count)] == [one for piece in cut for one in _ids(piece.text)]
    assert [sum(sizes[:number]) for number in range(len(sizes))] == [piece.first for piece in cut]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_record_goes_to_the_letter(layout: str) -> None:
    """A record is sent as it is written, be it with comments, CDATA or line breaks within its tags."""
    text = LAYOUTS[layout](_file(5))
    records = [record for piece in _cut(text) for record in piece.records]
    assert 5 == sum(text.count(record.text) for record in records)
    assert [True] * 5 == [record.text.endswith(">") and "CDATA" in record.text for record in records]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_line_of_a_piece_is_a_line_of_the_file(layout: str, encoding: str) -> None:
    """What a parser says of a line in the third piece is said of the right line of the file."""
    text = LAYOUTS[layout](_file(6))
    third = _cut(text, 2, encoding)[2]
    lines = [*(third.text.splitlines()), ""]
    for number in (4, 5):
        at = next(line for line, said in enumerate(lines, 1) if f'id="{number}"' in said)
        placed = third.placed(replace(FINDING, line=at))
        assert placed.line is not None
        assert f'id="{number}"' in text.splitlines()[placed.line - 1]


def test_line_of_the_wrapper_is_a_line_of_the_file() -> None:
    """What is said of the wrapper's start tag is said of where it stands in the file, in every piece."""
    assert [[3, 4], [3, 4]] == [
        [piece.placed(replace(FINDING, line=line)).line for line in (1, 2)] for piece in _cut(_file(3))
    ]


def test_finding_without_a_line_stays_without() -> None:
    """A finding that names no line is left alone."""
    finding = replace(FINDING, line=None)
    assert finding is _cut(_file(1))[0].placed(finding)


def test_wrapper_is_kept() -> None:
    """Each piece has the wrapper's name, namespaces and attributes, also those with signs in them."""
    whole = etree.fromstring(_file(3).encode())
    for piece in _cut(_file(3)):
        root = etree.fromstring(piece.text)
        assert (whole.tag, whole.nsmap, whole.items()) == (root.tag, root.nsmap, root.items())


def test_record_without_wrapper_is_one_piece() -> None:
    """A record that is a document of its own goes as it is, and its lines are right."""
    record = f"<m:{RECORD} xmlns:m='urn:m'>\n<m:a/>\n</m:{RECORD}>"
    [piece] = _cut(f"<?xml version='1.0'?>\n\n{record}\n")
    assert record == piece.text
    assert 4 == piece.placed(replace(FINDING, line=2)).line


@pytest.mark.parametrize("wrapper", ["<ACCMEActivities/>", "<ACCMEActivities a='/>'>\n</ACCMEActivities>"])
def test_wrapper_without_records_is_one_piece(wrapper: str) -> None:
    """A file without records is sent, so that the gateway says what is wrong with it."""
    [piece] = _cut(wrapper)
    assert () == piece.records
    assert etree.fromstring(wrapper).attrib == etree.fromstring(piece.text).attrib


def test_empty_record_is_a_record() -> None:
    """A record written as one empty tag is cut like any other."""
    text = f"<a><{RECORD} note='/>'/>\n<{RECORD}/></a>"
    assert [f"<{RECORD} note='/>'/>", f"<{RECORD}/>"] == [one.text for one in _cut(text)[0].records]


def test_piece_fits_a_call() -> None:
    """Large records are cut into more pieces, so that each fits a call; one too large goes alone."""
    sizes = (MOST_BYTES // 3, MOST_BYTES // 3, MOST_BYTES // 2, MOST_BYTES * 2, 1)
    text = "".join(f"<{RECORD}>{'x' * size}</{RECORD}>" for size in sizes)
    assert [2, 1, 1, 1] == [len(piece.records) for piece in _cut(f"<a>{text}</a>", 500)]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """What a call would be refused for, and `check` too, is not quietly taken from a file."""
    text = _file(1).replace("?>", f" encoding='{encoding}'?>", 1)
    with pytest.raises(Unreadable, match="encoding"):
        _cut(text, 2, encoding)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "line 1"),
        (b"<a>\n<b>\n</a>", "line 3"),
        (b"<a/>\n<b/>", "line 2"),
        (b"<a>\xff</a>", "encoding"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "encoding"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
        (b"Provider\tTitle\n", "line 1"),
    ],
)
def test_what_is_no_xml_is_refused(body: bytes, said: str) -> None:
    """What is not one well-formed document is refused in one sentence that says where or why."""
    with pytest.raises(Unreadable, match=said):
        list(pieces(io.BytesIO(body), 2))


def test_what_came_before_an_error_is_given_out() -> None:
    """A file that breaks off gives out its whole pieces first, and then says at which line it broke."""
    given = pieces(io.BytesIO(_file(5).removesuffix(END).encode()), 2)
    assert [0, 2] == [next(given).first, next(given).first]
    with pytest.raises(Unreadable, match=f"line {_file(5).count(chr(10))}"):
        next(given)


def test_file_is_read_as_a_stream() -> None:
    """The first piece comes long before the end of the file was read."""
    file = io.BytesIO(_file(20_000).encode())
    next(pieces(file, 2))
    assert file.tell() < len(file.getvalue()) / 10


# --- completions, which stand a level deeper -----------------------------------------------------------


LEARNERS = """<?xml version="1.0"?>
<lrn:ACCMELearnerReports
    xmlns:lrn="urn:example:wrapper" xmlns="urn:example:r">
  <ActivityReports arid='a > b'>
    <DateTimeCreated>2026-05-01T08:15:00</DateTimeCreated>
    <!-- <ActivityReport> -->
"""
COMPLETION = """    <ActivityReport id="{0}">
      <Activity>
        <ActivityName>{0}</ActivityName></Activity>
    </ActivityReport>
"""
LEARNERS_END = "  </ActivityReports>\n</lrn:ACCMELearnerReports>\n"


def _learners(count: int) -> str:
    return LEARNERS + "".join(COMPLETION.format(number) for number in range(count)) + LEARNERS_END


def _reports(text: str) -> list[str | None]:
    return [record.get("id") for record in etree.fromstring(text.encode()).iter("{*}ActivityReport")]


@pytest.mark.parametrize("layout", [str, _on_one_line, lambda text: text.replace("\n", "\r\n")])
def test_completions_go_with_what_stands_above_them(layout: Callable[[str], str]) -> None:
    """Each piece is a whole document: wrapper, holder and its fields, then its own records."""
    cut = _cut(layout(_learners(5)))
    assert [["0", "1"], ["2", "3"], ["4"]] == [_reports(piece.text) for piece in cut]
    assert [0, 2, 4] == [piece.first for piece in cut]
    assert {"learner"} == {piece.payload for piece in cut}
    for piece in cut:
        root = etree.fromstring(piece.text.encode())
        assert ["ActivityReports"] == [etree.QName(child).localname for child in root]
        assert ["2026-05-01T08:15:00"] == [one.text for one in root.iter("{*}DateTimeCreated")]


def test_line_of_a_completion_is_a_line_of_the_file() -> None:
    """What is said of a line in the third piece, above the records or in one, is said of the right line."""
    text = _learners(5)
    third = _cut(text)[2]
    for sought in ("DateTimeCreated", "<ActivityName>4", "ActivityReports arid"):
        at = next(line for line, said in enumerate(third.text.splitlines(), 1) if sought in said)
        placed = third.placed(replace(FINDING, line=at))
        assert placed.line is not None
        assert sought in text.splitlines()[placed.line - 1]


def test_completions_without_a_wrapper_are_cut() -> None:
    """The holder alone, and a single record, are cut as well."""
    holder = _learners(3).partition("<ActivityReports")[2].partition("</lrn:")[0]
    cut = _cut(f"<ActivityReports xmlns='urn:r'{holder}")
    assert [["0", "1"], ["2"]] == [_reports(piece.text) for piece in cut]
    [single] = _cut("<r:ActivityReport xmlns:r='urn:r' id='7'/>")
    assert (["7"], "learner", "") == (_reports(single.text), single.payload, single.head)


@pytest.mark.parametrize(
    "body", ["", "<r:ActivityReports/>", "<r:ActivityReports><r:a/></r:ActivityReports>"]
)
def test_learner_file_without_records_is_one_piece(body: str) -> None:
    """It is sent, so that the gateway says what is wrong with it."""
    [piece] = _cut(f"<ACCMELearnerReports xmlns:r='urn:r'>{body}</ACCMELearnerReports>")
    assert () == piece.records
    assert "ACCMELearnerReports" == etree.fromstring(piece.text).tag
