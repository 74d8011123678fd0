"""A board's reason as it may be kept and told: without what identifies the person, should the board quote it.

However it is written: names in any case, without accents, torn apart or in one; the board id with signs in
it; the birthday in digits or with the month's name, and a year beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from anyascii import anyascii

from gateway.records import Claim

LONGEST = 300  # characters that are kept
READ = 10 * LONGEST  # more than this no board is listened to
LEFT_OUT = "…"
SHORT = 4  # letters; so short a name, torn by a blank, may be two words that mean something else
MONTHS = """jan(?:uary)? feb(?:ruary)? mar(?:ch)? apr(?:il)? may june? july? aug(?:ust)? sept?(?:ember)?
    oct(?:ober)? nov(?:ember)? dec(?:ember)?""".split()

_WORD = re.compile("[a-z0-9]+")
_DROPPED = {"Mn", "Me", "Cf"}  # marks that were not one with their letter, and what has no width


def discreet(text: str | None, claim: Claim) -> str | None:
    """A reason in one line of limited length, with `…` for what identifies the person; None for none."""
    line = " ".join(unicodedata.normalize("NFC", text or "").split())[:READ]
    folded, places = _folded(line)
    wanted = _personal(claim, "".join(_WORD.findall(folded)))
    kept, end = [], 0
    for match in wanted.finditer(folded) if wanted else ():
        kept += [line[end : places[match.start()]], LEFT_OUT]
        end = places[match.end() - 1] + 1
    return "".join([*kept, line[end:]])[:LONGEST] or None


def _folded(line: str) -> tuple[str, list[int]]:
    """Latin letters without accents or case, signs as they are; and where in the line each comes from."""
    pieces = [(piece, place) for place, sign in enumerate(line) for piece in _plain(sign)]
    return "".join(piece for piece, _ in pieces), [place for _, place in pieces]


def _plain(sign: str) -> str:
    if sign.isascii():
        return sign.lower()
    spare = "" if unicodedata.category(sign) in _DROPPED else " "
    return anyascii(sign).casefold() or spare


def _words(name: str) -> list[str]:
    return _WORD.findall(_folded(unicodedata.normalize("NFC", name))[0])


def _personal(claim: Claim, letters: str) -> re.Pattern[str] | None:
    """What to look for in a text of these letters and digits; None where nothing of it can be there."""
    names = {word for name in (*claim.given_names, *claim.family_names) for word in _words(name)}
    number = "".join(_words(claim.board_id)).lstrip("0")
    present = sorted((name for name in names if name in letters), key=len, reverse=True)
    forms = [*_birthday(claim.birthday, letters)]
    if number and number in letters:
        forms.append(r"(?<!\d)0*" + r"[\W_]{0,3}".join(number) + r"(?!\d)")
    if present:
        # Longest first and never taken back (++): no text can make this slow.
        forms.append("(?<![a-z0-9])(?:" + "|".join(map(_torn, present)) + ")++(?![a-z0-9])")
    return re.compile("|".join(forms)) if forms else None


def _torn(name: str) -> str:
    return (r"[^\w\s]?" if len(name) <= SHORT else r"[\W_]?").join(name)


def _birthday(birthday: str, letters: str) -> Iterator[str]:
    """The forms of a birthday (MM-DD), with a year before or behind."""
    month, _, day = birthday.partition("-")
    if not (month + day).isdecimal() or day.lstrip("0") not in letters:
        return
    name, nth = MONTHS[int(month) - 1], f"0?{int(day)}(?:st|nd|rd|th)?"
    forms = [rf"{nth}\W{{0,3}}(?:of\W)?{name}", rf"{name}\W{{0,3}}(?:the\W)?{nth}"]
    for one, other in ((month, day), (day, month)):
        forms += [rf"{one}\W{{0,2}}{other}", rf"0?{int(one)}[-/.] ?0?{int(other)}"]
    yield rf"(?<![a-z0-9])(?:\d{{4}}\W{{0,2}})?(?:{'|'.join(forms)})(?:\W{{0,2}}\d{{4}})?(?![a-z0-9])"
