"""Prints an invented register of learners, as `cme-gateway registry import` takes it, and people of it.

    python tools/register.py COUNT [SEED] > register.csv

Names are made of syllables and belong to nobody; numbers are made up, and so are people's keys.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from gateway.records import RegisterRow
from gateway.registry import COLUMNS
from gateway.vocabulary import US_STATES

STATES = sorted(US_STATES)
BOARDS = ("ABA", "ABIM", "ABP", "ABS")
HEADS = "Bra Dol Fen Gri Hul Jor Kel Lum Mor Nar Pol Quin Ros Sti Tam Ulf Ver Wil Xan Zor".split()
TAILS = "ba dan fel gor hilde kin lo mund nara pek rol sen tor vik wyn zel".split()
SECOND_LICENCES = 0.2
SECOND_NAMES = 0.3
CERTIFIED = 0.4
SUFFIXES = ("Jr", "III")


def people(count: int, seed: int) -> Iterator[RegisterRow]:
    """Rows of a register for so many people: always the same ones for a seed, one after another."""
    random = Random(seed)  # noqa: S311  seeded on purpose, and no secret
    for number in range(1, count + 1):
        yield from _rows(random, number)


def _rows(random: Random, number: int) -> Iterator[RegisterRow]:
    board = random.choice(BOARDS) if random.random() < CERTIFIED else ""
    given = " ".join(_name(random, 1) for _ in range(1 + (random.random() < SECOND_NAMES)))
    first = RegisterRow(
        person=f"P{number:08}",
        state=random.choice(STATES),
        licence=f"MD{number:07}",
        npi=f"1{number:09}",
        board=board,
        board_id=str(100_000 + number) if board else "",
        given=given,
        family=_name(random, 2),
        suffix=random.choice(SUFFIXES) if random.random() < 0.02 else "",
        birthday=f"{date(2000, 1, 1) + timedelta(days=random.randrange(366)):%m-%d}",
    )
    yield first
    if random.random() < SECOND_LICENCES:
        yield _elsewhere(first, random.choice(STATES))


def _elsewhere(row: RegisterRow, state: str) -> RegisterRow:
    return RegisterRow(
        row.person,
        state,
        f"X-{row.licence}",
        row.npi,
        "",
        "",
        row.given,
        row.family,
        row.suffix,
        row.birthday,
    )


def _name(random: Random, tails: int) -> str:
    return random.choice(HEADS) + "".join(random.choice(TAILS) for _ in range(tails))


def cells(row: RegisterRow) -> list[str]:
    """A row as it stands in the file."""
    return [getattr(row, "birthday" if column == "birth_md" else column) for column in COLUMNS]


def main() -> None:
    """Print the register."""
    count, seed = (int(text) for text in (*sys.argv[1:], "1")[:2])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(cells, people(count, seed)))


if __name__ == "__main__":
    main()
