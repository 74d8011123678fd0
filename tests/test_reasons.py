"""A board's reason is kept without what identifies the person, however the board quotes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from claims import a_claim

from gateway.boards.reasons import LONGEST, discreet
from gateway.simulators.magic import Reason

CLAIM = a_claim(board_id="0900001", given_names=("José",), family_names=("Quimby-Torres",))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("No diplomate QUIMBY TORRES, JOSE born 29 February", "No diplomate … …, … born …"),
        ("JOSE QUIMBYTORRES ABIM# 900-001", "… … ABIM# …"),
        ("ABIM900001, ABIM 0000900001", "ABIM…, ABIM …"),
        ("Jose\u0301 Quimby_Torres, \uff2aO\u200bSE", "… …_…, …"),
        ("(quim by torres's)", "(… …'s)"),
        ("born Feb. 29th, 1904 or 29FEB1904", "born … or …"),
        ("born February the 29th or 29th of february", "born … or …"),
        ("1904-02-29 19040229 02291904 2/29/1904 29. 2. 1904", "… … … … …"),
    ],
)
def test_the_person_is_left_out(said: str, kept: str) -> None:
    """Names folded, torn or joined; the number with signs; the birthday in any form, and its year."""
    assert kept == discreet(said, CLAIM)


@pytest.mark.parametrize(
    "said",
    [
        *Reason,
        "Josefa Quimbyson (1900001, 900002) has 29 points in February",
        "Rule 12.3 of 2026: überzählig, ½ point too many",
    ],
)
def test_what_says_nothing_of_the_person_stays(said: str) -> None:
    """The reasons of the simulated boards, other people's names and numbers, days without their month."""
    assert said == discreet(said, CLAIM)


def test_names_in_other_writing_are_found() -> None:
    """A name in letters of its own is left out in Latin ones too, and one that was written together."""
    claim = replace(CLAIM, given_names=("Æsir",), family_names=("Ōnishi", "Delaquux", "O'Quonk"), birthday="")
    assert "… …, … …, 02-29" == discreet("AESIR ŌNISHI, DE LA QUUX OQUONK, 02-29", claim)
    assert "… …'…" == discreet("onishi O'Quonk", claim)


def test_a_reason_is_one_line_of_limited_length() -> None:
    """Blanks are one blank, what is too long is cut, and nothing is no reason."""
    assert LONGEST == len(discreet("x\n  y " * 10_000, CLAIM) or "")
    assert ["x y", None, None] == [discreet(text, CLAIM) for text in (" x\n y", " ", None)]


def test_names_within_names_are_found() -> None:
    """Of names that begin alike the longest is taken; a word made of names only is one of theirs."""
    claim = replace(CLAIM, given_names=("Quux", "Quuxa"), family_names=("Quuxab",))
    assert "… … … quuxabc" == discreet("quuxa quuxabquux QUUX quuxabc", claim)
