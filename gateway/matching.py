"""Is this learner one person we know? Names, birthdays and numbers are compared as keyed hashes only.

A learner is looked up by every number given (licence and state, NPI, board and id), or without any by
what PARS's form asks: last name, birthday and state (docs/sources.md, SEED2). Of who is found, last
name, first name and birthday must agree. What does not count in a name: case, accents, apostrophes,
hyphens, blanks, suffixes and particles; of several given names all must agree, or the first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyascii import anyascii

from gateway.records import (
    Enrolment,
    Identifier,
    KeyKind,
    Learner,
    Match,
    MatchKind,
    Participant,
    Registered,
    RegisterRow,
)
from gateway.vocabulary import US_STATES, state_named

Digest = Callable[[str], bytes]
Found = Mapping[bytes, Sequence[Registered]]

NPI = "NPI"
FIRST_NAME, LAST_NAME, BIRTH_DATE, STATE = "FirstName", "LastName", "BirthDate", "StateOfLicensure"
# What may be wrong when a number is in nobody's row, by the names of the wire.
FIELDS = {
    KeyKind.LICENCE: (STATE, "LicenseId"),
    KeyKind.NPI: (NPI,),
    KeyKind.BOARD: ("BoardId",),
    KeyKind.FORM: (LAST_NAME, BIRTH_DATE, STATE),
}
BORN = frozenset("jr sr ii iii iv 2nd 3rd 4th".split())
SUFFIXES = BORN | frozenset("md do phd dds dmd dpm mba mbbs mph esq facp facs".split())
PARTICLES = frozenset(
    "af al av bin d da das de degli dei del della den der des di do dos du e el ibn la las le lo los "
    "ten ter van vande vanden vander von vom y zu zum zur".split()
)
# Particles that are written together with the name as well: all but those that join two names.
GLUED = tuple((PARTICLES - {"e", "y"}) | set("dela delas della delos vonden vonder".split()))
SHORTEST = 3  # letters that a name has without its particle
DO = "do"  # a degree and a particle, and the last name of many as well
FIFTH = "v"  # a suffix where another name is before it; in the register it stands as it was imported
SEPARATOR = "\x1f"  # stands in no name and in no number
UNMATCHED = Match(MatchKind.NONE)

_TAGS = {kind: bytes((kind,)) for kind in KeyKind}
_WORD = re.compile("[a-z0-9]+")
_NUMBER = re.compile("[A-Z0-9]+")
_SILENT = re.compile("['`\"]")


# --- what is said, made comparable -------------------------------------------------------------------


def _plain(text: str) -> str:
    """Latin letters without accents; what has its own width, ligature or alphabet is spelled in them."""
    return text if text.isascii() else anyascii(unicodedata.normalize("NFKC", text))


def _words(text: str, silent: frozenset[str]) -> list[str]:
    """The words of a name, without those of `silent` at its end; at least one, unless it is blank."""
    words = _WORD.findall(_SILENT.sub("", _plain(text).casefold()))
    if not words:  # signs only: they are the name
        return ["".join(text.split())] if text.strip() else []
    while len(words) > 1:
        count = 1 if words[-1] in silent else 2  # M.D. is two
        if len(words) == count or "".join(words[-count:]) not in silent:
            break
        del words[-count:]
    return words


def _family(text: str) -> str:
    """A last name as credits are kept by: without particles, unless nothing would be left."""
    return _core(_words(text, SUFFIXES))


def _enrolled(text: str) -> str:
    """A last name as the register keeps it."""
    return DO if _is_do(text) else _family(text)


def _is_do(text: str) -> bool:
    """Whether Do is the name after nothing but particles, as in Van Do; after a comma it is the degree."""
    if DO not in _plain(text).casefold():  # nearly always
        return False
    words = _words(text.partition(",")[0], SUFFIXES - {DO})
    return len(words) > 1 and words[-1] == DO and PARTICLES.issuperset(words)


def _core(words: list[str]) -> str:
    return "".join([word for word in words if word not in PARTICLES] or words)


def _families(text: str) -> frozenset[str]:
    """All the ways in which a last name may be kept."""
    words = _words(text, SUFFIXES)
    families = _spelled(words)
    if len(words) > 1 and words[-1] == FIFTH:
        families |= _spelled(words[:-1])
    if _is_do(text):
        families |= _spelled(_words(text, SUFFIXES - {DO})) | {DO}
    return families


def _spelled(words: list[str]) -> frozenset[str]:
    """A last name with particles, without, and torn from them."""
    whole = "".join(words)
    torn = [whole.removeprefix(each) for each in GLUED] if whole.startswith(GLUED) else ()
    names = (name for name in torn if len(name) >= SHORTEST or name == DO)
    return frozenset((_core(words), whole, *names)) - {""}


def _given(text: str) -> tuple[str, str]:
    """Given names in one word, and the first of them."""
    words = _words(text, BORN)
    return "".join(words), words[0] if words else ""


def number_of(text: str | None) -> str:
    """A number as it is compared: without signs, and without the leading zeros a sheet would drop."""
    digits = "".join(_NUMBER.findall(_plain(text or "").upper()))
    return digits.lstrip("0") or digits[:1]


# --- what is looked up ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Sought:
    """A learner to be matched: `numbers` are the keys to look up and what each is of, `said` is all that
    was said of the learner, as it is compared, the last name first."""

    numbers: tuple[tuple[KeyKind, bytes], ...]
    families: frozenset[str]
    given: tuple[str, str]
    birthday: str
    missing: tuple[str, ...]
    said: tuple[str, ...]
    digest: Digest

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What the register is to be asked for."""
        return tuple(key for _, key in self.numbers)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Makes the keys by which people are found and compared; without the key file they tell nothing.

    No two kinds of keys are ever equal, and what a row is compared by is bound to its person, so that
    nobody can count how often a name or a birthday stands in the register.
    """

    digest: Digest

    def sought(self, learner: Learner) -> Sought:
        """What to look up of a learner, and what to compare."""
        given, birthday = _given(" ".join(learner.given_names)), learner.birthday or ""
        named = " ".join(learner.family_names)
        known = [(_domain(one), number_of(one.value)) for one in learner.identifiers]
        families, numbers = _families(named), tuple(self._numbers(known))
        # A number was said, so the form is not asked instead of it.
        missing = () if numbers else _void(learner)
        if not numbers and not missing:
            states = {state for one in learner.identifiers if (state := state_named(one.domain))}
            asked = {FIRST_NAME: given[0], LAST_NAME: families, BIRTH_DATE: birthday, STATE: states}
            missing = tuple(field for field, value in asked.items() if not value)
            forms = (self._form(family, birthday, state) for state in states for family in families)
            numbers = tuple((KeyKind.FORM, key) for key in forms if not missing)
        numbered = sorted(f"{domain}:{number}" for domain, number in known)
        said = _family(named), given[0], (learner.suffix or "").casefold(), birthday, *numbered
        return Sought(numbers, families, given, birthday, missing, said, self.digest)

    def enrol(self, row: RegisterRow) -> Enrolment:
        """What is kept of a row of the register, whose fields are right."""
        state, family, (given, first) = state_named(row.state), _enrolled(row.family), _given(row.given)
        licence = self._key(KeyKind.LICENCE, state or "", number_of(row.licence)) if row.licence else None
        board_id = number_of(row.board_id)
        board = self._key(KeyKind.BOARD, row.board.strip().upper(), board_id) if row.board else None
        said = f"row{SEPARATOR}{row.person}".encode() + (licence or b"-") + (board or b"-")
        return Enrolment(
            # It begins with the person, so that a file in their order is stored side by side.
            id=row.person.encode() + self.digest(said.hex()),
            person=row.person,
            licence_key=licence,
            npi_key=self._key(KeyKind.NPI, NPI, number_of(row.npi)) if row.npi else None,
            board_key=board,
            form_key=self._form(family, row.birthday, state),
            family=_bound(self.digest, row.person, family),
            given=_bound(self.digest, row.person, given),
            first=_bound(self.digest, row.person, first),
            birthday=_bound(self.digest, row.person, row.birthday),
        )

    def family_key(self, name: str | Sought) -> bytes:
        """What a last name, or that of a learner, is searched by among the credits."""
        family = name.said[0] if isinstance(name, Sought) else _family(name)
        return self.digest(f"family{SEPARATOR}{family}")

    def birth_key(self, birthday: str) -> bytes:
        """What a birthday, MM-DD, is searched by among the credits of one activity."""
        return self.digest(f"birthday{SEPARATOR}{birthday}")

    def person_key(self, person: str) -> bytes:
        """By what a person that the register knows is the same one again."""
        return self.digest(f"person{SEPARATOR}{person}")

    def said_key(self, sought: Sought) -> bytes:
        """By what one is the same again whom the register does not know."""
        return self.digest(SEPARATOR.join(("unknown", *sought.said)))

    def participant_key(self, participant: Participant) -> bytes:
        """By what a REMS participant is the same one again: the number its sender gave it."""
        said = (participant.local_domain or "").strip(), (participant.local_id or "").strip()
        return self.digest(SEPARATOR.join(("participant", *said)))

    def _numbers(self, known: Iterable[tuple[str, str]]) -> Iterator[tuple[KeyKind, bytes]]:
        for domain, number in known:
            if domain and number:
                yield (kind := _kind(domain)), self._key(kind, domain, number)

    def _form(self, family: str, birthday: str, state: str | None) -> bytes:
        said = SEPARATOR.join((family, birthday, state or ""))
        return _TAGS[KeyKind.FORM] + self.digest(f"form{SEPARATOR}{said}")

    def _key(self, kind: KeyKind, domain: str, number: str) -> bytes:
        return _TAGS[kind] + self.digest(f"{kind:d}{SEPARATOR}{domain}{SEPARATOR}{number}")


def _domain(identifier: Identifier) -> str:
    """Two letters of the state, NPI, or a board's acronym."""
    return state_named(identifier.domain) or (identifier.domain or "").strip().upper()


def is_meant(identifier: Identifier, number: str | None, domain: str | None = None) -> bool:
    """Whether a number, however it is written, is that of an identifier; of a domain if one is said."""
    if not number_of(number) or number_of(identifier.value) != number_of(number):
        return False
    return not domain or _domain(identifier) == _domain(Identifier(domain))


def _void(learner: Learner) -> tuple[str, ...]:
    """The fields of numbers that are said and are none: of signs alone."""
    said = (one for one in learner.identifiers if (one.value or "").strip())
    return _named(_kind(_domain(one)) for one in said if not number_of(one.value))


def _kind(domain: str) -> KeyKind:
    if domain == NPI:
        return KeyKind.NPI
    return KeyKind.LICENCE if domain in US_STATES else KeyKind.BOARD


def _bound(digest: Digest, person: str, value: str) -> bytes:
    """What one value of one person is compared by."""
    return digest(f"of{SEPARATOR}{value}{SEPARATOR}{person}")


# --- who it is -----------------------------------------------------------------------------------------


def judge(sought: Sought, found: Found) -> Match:
    """Whether what was found is one person; of no match it says which fields to look at.

    One person must agree, and no other number given may lead to somebody else only. Where nobody
    agrees, the fields are those of the one who disagrees least.
    """
    if sought.missing:
        return Match(MatchKind.NONE, fields=sought.missing)
    led = [(kind, found[key]) for kind, key in sought.numbers if key in found]
    differing = [(_differing(sought, row), row.person) for _, rows in led for row in rows]
    agreeing = {person for fields, person in differing if not fields}
    if len(agreeing) > 1:
        return Match(MatchKind.SEVERAL)
    if agreeing:
        return _alone(agreeing.pop(), led)
    if differing:
        return Match(MatchKind.NONE, fields=min((fields for fields, _ in differing), key=len))
    return Match(MatchKind.NONE, fields=_named(kind for kind, _ in sought.numbers))


def _alone(person: str, led: Iterable[tuple[KeyKind, Sequence[Registered]]]) -> Match:
    others = [kind for kind, rows in led if person not in {row.person for row in rows}]
    elsewhere = [kind for kind in others if kind is not KeyKind.FORM]  # other people have names as well
    if elsewhere:
        return Match(MatchKind.NONE, fields=_named(elsewhere))
    return Match(MatchKind.MATCH, person)


def _differing(sought: Sought, row: Registered) -> tuple[str, ...]:
    """The fields in which a row of the register differs from what was said."""

    def agrees(said: str, kept: bytes) -> bool:
        return _bound(sought.digest, row.person, said) == kept

    given, first = sought.given
    compared = (
        (FIRST_NAME, agrees(first, row.first) or agrees(given, row.given)),
        (LAST_NAME, any(agrees(family, row.family) for family in sought.families)),
        (BIRTH_DATE, agrees(sought.birthday, row.birthday)),
    )
    return tuple(field for field, equal in compared if not equal)


def _named(kinds: Iterable[KeyKind]) -> tuple[str, ...]:
    """The fields of these kinds of numbers, each once."""
    return tuple(dict.fromkeys(field for kind in kinds for field in FIELDS[kind]))
