"""Loading a register: what is right goes in, what is wrong is told without what it says."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from command import Ended, run_command

from gateway.errors import Refused
from gateway.matching import Keys
from gateway.records import Enrolment, Loaded, RegisterRow
from gateway.registry import CHECKS, COLUMNS, LONGEST, Report, Wrong, load
from gateway.sealing import Key

KEYS = Keys(Key(bytes(32)).digest)
HEADER = ",".join(COLUMNS)
LINE = "P1,ME,MD1,1234567890,ABIM,900001,Zoe Ann,Sampleby,Jr,03-10"
ROW = RegisterRow("P1", "ME", "MD1", "1234567890", "ABIM", "900001", "Zoe Ann", "Sampleby", "Jr", "03-10")


class Kept(list[list[Enrolment]]):
    """A store that takes every chunk."""

    def __call__(self, rows: Sequence[Enrolment]) -> Loaded:
        """Keep a chunk; every row is new."""
        self.append([*rows])
        return Loaded(added=len(rows))

    @property
    def rows(self) -> list[Enrolment]:
        """All rows, whichever chunk they came in."""
        return [row for chunk in self for row in chunk]


def _load(*lines: str, header: str = HEADER, chunk: int = 100) -> tuple[Report, Kept]:
    kept = Kept()
    *_, report = load([header + "\n", *(line + "\n" for line in lines)], KEYS, kept, chunk)
    return report, kept


def _line(**cells: str) -> str:
    said = dict(zip(COLUMNS, LINE.split(","), strict=True)) | cells
    return ",".join(said[column] for column in COLUMNS)


# --- what is loaded -----------------------------------------------------------------------------------


def test_row_is_kept_as_matching_makes_it() -> None:
    """A right row goes to the store by its keys, and is counted."""
    report, kept = _load(LINE)
    assert [KEYS.enrol(ROW)] == kept.rows
    assert (1, 1, 0, []) == (report.read, report.added, report.refused, report.told)


@pytest.mark.parametrize(
    "line",
    [
        _line(birth_md="3/10"),
        _line(birth_md="03/10"),
        _line(birth_md=" 3-10 "),
        _line(state="Maine"),
        _line(licence="md 1"),
        _line(board="abim"),
        LINE.replace(",", '","').join('""'),
        LINE + "\r",
    ],
)
def test_spellings_of_a_row_are_the_same_row(line: str) -> None:
    """Blanks, quotes, line ends, names of states and birthdays as sheets write them do not matter."""
    _, kept = _load(line)
    assert [KEYS.enrol(ROW)] == kept.rows


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Virgin Islands", "VI"), ("U.S. Virgin Islands", "VI"), ('"Washington, D.C."', "DC")],
)
def test_state_may_be_written_in_more_than_one_way(name: str, letters: str) -> None:
    """Places that go by several names are known by each."""
    (_, named), (_, lettered) = _load(_line(state=name)), _load(_line(state=letters))
    assert 1 == len(named.rows)
    assert lettered.rows == named.rows


def test_columns_stand_in_any_order() -> None:
    """The first line says where each column stands; a byte order mark before it is no part of it."""
    _, kept = _load(
        ",".join(reversed(LINE.split(","))), header="\ufeff" + ",".join(reversed(COLUMNS)).upper()
    )
    assert [KEYS.enrol(ROW)] == kept.rows


@pytest.mark.parametrize("header", ["", LINE, HEADER + ",more", HEADER.replace("npi", "person"), 'a"b'])
def test_other_file_is_refused(header: str) -> None:
    """A file whose first line does not name the columns is no register, and says which it needs."""
    with pytest.raises(Refused) as caught:
        _load(LINE, header=header)
    assert HEADER in caught.value.remedy
    assert "Sampleby" not in caught.value.text


def test_file_is_read_in_chunks() -> None:
    """A chunk is kept before more is read, and the report grows with each."""
    kept, lines = Kept(), iter([HEADER, *(_line(person=f"P{number}") for number in range(5))])
    seen = [(report.added, [*map(len, kept)]) for report in load(lines, KEYS, kept, 2)]
    assert [(2, [2]), (4, [2, 2]), (5, [2, 2, 1]), (5, [2, 2, 1])] == seen
    first, kept = iter([HEADER, LINE, LINE, LINE]), Kept()
    next(load(first, KEYS, kept, 1))
    assert 2 == len([*first])


def test_empty_file_is_no_mistake() -> None:
    """A header alone, and lines without anything, are nothing."""
    report, kept = _load("", ",,,,,,,,,", "  ")
    assert ((0, 0), []) == ((report.read, report.refused), kept.rows)


# --- what is refused -----------------------------------------------------------------------------------

WRONG = [
    ("person", _line(person="")),
    ("given", _line(given=" ")),
    ("family", _line(family="")),
    ("birth_md", _line(birth_md="")),
    ("birth_md", _line(birth_md="02-30")),
    ("birth_md", _line(birth_md="1970-03-10")),
    ("state", _line(state="Bavaria")),
    ("state", _line(state="")),
    ("licence", _line(licence="-")),
    ("npi", _line(npi="123")),
    ("npi", _line(npi="123456789x")),
    ("npi", _line(npi="١٢٣٤٥٦٧٨٩٠")),
    ("board", _line(board="")),
    ("board", _line(board="ABXX")),
    ("board_id", _line(board_id="")),
    ("board_id", _line(board="abim", board_id="12")),
    ("licence", _line(state="", licence="", npi="", board="", board_id="")),
    ("family", _line(family="Sample\ufffd")),
    ("given", _line(given="Zoe\x00")),
    ("family", _line(family="S" * (LONGEST + 1))),
    ("", LINE + ",more"),
    ("", "P1"),
    ("", LINE.replace("Sampleby", '"Sampleby')),
    ("", LINE.replace("Sampleby", '"Sam" pleby')),
]


@pytest.mark.parametrize(("column", "line"), WRONG)
def test_wrong_row_is_told_and_others_go_on(column: str, line: str) -> None:
    """A wrong row is told by line, column and reason; its neighbours are loaded."""
    report, kept = _load(LINE, line, _line(person="P3"))
    [wrong] = report.told
    assert (3, column) == (wrong.line, wrong.column)
    assert (3, 2, 1) == (report.read, report.added, report.refused)
    assert ["P1", "P3"] == [row.person for row in kept.rows]


def test_every_check_has_its_example() -> None:
    """No check is without a row that only it refuses."""
    reasons = {wrong.reason for _, line in WRONG for wrong in _load(line)[0].told}
    assert {reason for _, reason, _ in CHECKS} <= reasons


@pytest.mark.parametrize(("column", "line"), WRONG)
def test_reason_says_nothing_of_the_row(column: str, line: str) -> None:
    """No reason quotes what stands in the row."""
    told = repr(_load(line)[0])
    said = [cell for cell in line.split(",") if len(cell) > 2 and cell != "more"]
    assert [] == [cell for cell in said if cell in told]


def test_first_wrong_rows_are_told_the_others_counted() -> None:
    """Of many wrong rows the first twenty are told."""
    report, _ = _load(*["P1"] * 50)
    assert (50, 20) == (report.refused, len(report.told))
    assert Wrong(2, "", "has 1 columns instead of 10") == report.told[0]


# --- the command ---------------------------------------------------------------------------------------


def _import(folder: Path, text: str | bytes) -> Ended:
    file = folder / "register.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run_command(folder, "registry", "import", file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database."""
    assert 0 == run_command(tmp_path, "migrate").code
    return tmp_path


def test_command_loads_and_repeats(folder: Path) -> None:
    """The command tells what it did; the same file again changes nothing, another one what differs."""
    lines = "\n".join((HEADER, LINE, _line(person="P2")))
    ran = [_import(folder, text) for text in (lines, lines, lines.replace("Sampleby", "Example"))]
    assert [0, 0, 0] == [one.code for one in ran]
    assert [
        "2 rows read: 2 added, 0 changed, 0 unchanged, 0 refused.\n",
        "2 rows read: 0 added, 0 changed, 2 unchanged, 0 refused.\n",
        "2 rows read: 0 added, 2 changed, 0 unchanged, 0 refused.\n",
    ] == [one.out for one in ran]
    assert ["", "", ""] == [one.err for one in ran]


def test_command_tells_what_is_wrong(folder: Path) -> None:
    """Wrong rows are told on standard error with their lines, twenty of them; the exit code is 2."""
    ended = _import(folder, "\n".join((HEADER, _line(npi="77"), LINE, *["P1"] * 24)))
    assert 2 == ended.code
    assert "26 rows read: 1 added, 0 changed, 0 unchanged, 25 refused.\n" == ended.out
    told = ended.err.splitlines()
    assert "  line 2: npi is not of ten digits." == told[0]
    assert "  line 4: the row has 1 columns instead of 10." == told[1]
    assert (21, "  and 5 more.") == (len(told), told[-1])


def test_command_takes_what_is_no_utf8(folder: Path) -> None:
    """A row in another encoding is refused, not the file; a byte order mark does no harm."""
    text = (
        "\n".join(("\ufeff" + HEADER, _line(person="P2"))).encode() + b"\n" + LINE.encode("latin-1") + b"\xe4"
    )
    ended = _import(folder, text)
    assert (2, "  line 3: birth_md ") == (ended.code, ended.err[:19])


def test_command_refuses_what_is_no_register(folder: Path) -> None:
    """Another file is one clear line and exit code 2, a missing one wrong usage, no database a failure."""
    ended = _import(folder, "<xml/>")
    assert (2, True) == (ended.code, ended.is_one_clear_line)
    missing = run_command(folder, "registry", "import", "missing.csv")
    assert (64, True) == (missing.code, missing.is_one_clear_line)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    assert 1 == _import(elsewhere, HEADER).code


@pytest.mark.slow
def test_killed_load_is_finished_by_the_next(folder: Path) -> None:
    """A load that is killed midway leaves what it kept; the same command again does the rest."""
    lines = (_line(person=f"P{number}", licence=f"MD{number}") for number in range(40_000))
    file = folder / "register.csv"
    file.write_text("\n".join((HEADER, *lines)))
    command = [sys.executable, "-m", "gateway.cli", "registry", "import", str(file)]
    database = next(folder.glob("*.db"))
    with subprocess.Popen(command, cwd=folder) as loading:
        while loading.poll() is None and database.stat().st_size < 3_000_000:
            time.sleep(0.01)
        loading.kill()
    assert -signal.SIGKILL == loading.returncode
    counts = [
        int(word.replace(",", ""))
        for word in run_command(folder, *command[3:]).out.split()
        if word[0].isdigit()
    ]
    read, added, changed, unchanged, refused = counts
    assert (40_000, 0, 0) == (read, changed, refused)
    assert 40_000 == added + unchanged
    assert 0 < unchanged < read
