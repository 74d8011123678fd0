"""Matching: who a learner is, whatever the spelling, and nothing of the register in the answer."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from gateway.matching import FIELDS, Keys, is_meant, judge, number_of
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
    replace,
)
from gateway.sealing import Key
from gateway.vocabulary import state_named

KEYS = Keys(Key(bytes(range(32))).digest)
ROW = RegisterRow(
    person="P1",
    state="ME",
    licence="MD012345",
    npi="1234567890",
    board="ABIM",
    board_id="900001",
    given="Zoë Ann",
    family="Van der Øster-Groß",
    suffix="",
    birthday="03-10",
)
NPI = Identifier("NPI", "1234567890")
LICENCE = Identifier("ME", "MD012345")
BOARD = Identifier("ABIM", "900001")
LEARNER = Learner(("Zoë", "Ann"), ("Van der Øster-Groß",), None, "03-10", (NPI,))
MATCH = Match(MatchKind.MATCH, "P1")
SEVERAL = Match(MatchKind.SEVERAL)

names = some.from_regex(r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8})?", fullmatch=True)
birthdays = some.sampled_from(["01-01", "02-29", "03-10", "10-03", "12-31"])


def _none(*fields: str) -> Match:
    return Match(MatchKind.NONE, fields=fields)


def _registered(row: Enrolment) -> Registered:
    return Registered(row.person, row.family, row.given, row.first, row.birthday)


def _match(learner: Learner, *rows: RegisterRow) -> Match:
    """Match against a register of these rows only."""
    found: dict[bytes, list[Registered]] = {}
    for row in map(KEYS.enrol, rows):
        for key in (row.licence_key, row.npi_key, row.board_key, row.form_key):
            if key is not None:
                found.setdefault(key, []).append(_registered(row))
    sought = KEYS.sought(learner)
    return judge(sought, {key: found[key] for key in sought.keys if key in found})


# --- how it is spelled ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    [
        "van der øster-groß",
        "VAN DER OSTER GROSS",
        "Van Der Oster-Gross",
        "Oster Gross",
        "Øster’Groß",  # noqa: RUF001  as many keyboards write it
        "VanDerOsterGross",
        "Van der Øster-Groß, MD",
        "Van der Øster-Groß Jr.",
        "Oster-Gross M.D., Ph.D.",
        "Oster-Gross III",
    ],
)
def test_family_name_agrees_however_it_is_spelled(family: str) -> None:
    """Case, accents, special letters, hyphens, blanks, apostrophes, suffixes, particles do not count."""
    assert MATCH == _match(replace(LEARNER, family_names=(family,)), ROW)


@pytest.mark.parametrize(
    "given_names",
    [("Zoë Ann",), ("ZOE",), ("Zoé-Ann",), ("zoe", "ann"), ("ZoeAnn",), ("Zoe", "Beth"), ("Zoe Jr",)],
)
def test_given_names_agree_in_full_or_by_the_first(given_names: tuple[str, ...]) -> None:
    """All given names agree, however they are joined, or the first of them does."""
    assert MATCH == _match(replace(LEARNER, given_names=given_names), ROW)


@pytest.mark.parametrize("given_names", [("Ann",), ("Z",), ("Zoeann Beth",), ()])
def test_other_given_names_do_not_agree(given_names: tuple[str, ...]) -> None:
    """Neither a second name alone, nor an initial, nor none is the first name."""
    assert _none("FirstName") == _match(replace(LEARNER, given_names=given_names), ROW)


@pytest.mark.parametrize("family", ["Do", "Le", "Van", "De la", "MD", "李", "Jr", "Van Do", "???"])
def test_name_of_words_that_do_not_count_is_a_name(family: str) -> None:
    """Where only particles, suffixes or signs are there, they are the name; another one disagrees."""
    row = replace(ROW, family=family)
    assert MATCH == _match(replace(LEARNER, family_names=(family,)), row)
    assert _none("LastName") == _match(replace(LEARNER, family_names=("Sample",)), row)


@pytest.mark.parametrize(
    ("said", "kept"), [("Delacruz", "de la Cruz"), ("DeLuca", "De Luca"), ("LaRosa", "La Rosa")]
)
def test_particles_may_be_written_together(said: str, kept: str) -> None:
    """A particle joined to the name and one apart from it are the same name, on either side."""
    for one, other in ((said, kept), (kept, said)):
        assert MATCH == _match(replace(LEARNER, family_names=(one,)), replace(ROW, family=other))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("D Angelo", "D'Angelo"),
        ("D Angelo", "DAngelo"),
        ("D Angelo", "Dangelo"),
        ("D'Angelo", "D Angelo"),
        ("von der Leyen", "VonDerLeyen"),
        ("von der Leyen", "Leyen"),
        ("Ter Horst", "Terhorst"),
        ("Terhorst", "ter Horst"),
        ("Van Do", "Do"),
        ("Văn Đỗ", "Do"),
        ("Van Do", "Vando"),
        ("Van Do", "Van Do, MD"),
        ("Van Do, Jr.", "Do"),
        ("Do", "Van Do"),
        ("Do", "Do, DO"),
        ("Vando", "Van Do"),
        ("Van", "Van, DO"),
        ("Van, DO", "Van"),
        ("Le, D.O.", "Le"),
        ("Nguyen Do", "Nguyen"),  # there it is the degree
        ("Smith", "Smith V"),
        ("Smith V", "Smith V, MD"),
    ],
)
def test_particle_and_suffix_may_be_written_otherwise(kept: str, said: str) -> None:
    """Any particle may be joined or torn off, Do be a name or a degree, and V a suffix; by number or form."""
    for by in (NPI, Identifier("ME")):
        learner = replace(LEARNER, family_names=(said,), identifiers=(by,))
        assert MATCH == _match(learner, replace(ROW, family=kept))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("Smith", "Smith X"),
        ("Smith", "V"),
        ("Oung", "Young"),
        ("Lam", "Elam"),
        ("Dorn", "Do"),
        ("Van", "Do"),
        ("Do", "Van"),
        ("Do", "Ando"),
        ("Leyen", "Vonder"),
    ],
)
def test_other_names_stay_others(kept: str, said: str) -> None:
    """What merely begins or ends like a name is another name."""
    assert _none("LastName") == _match(replace(LEARNER, family_names=(said,)), replace(ROW, family=kept))


_SPELLINGS = (
    str.upper,
    str.lower,
    lambda name: name.replace(" ", "-"),
    lambda name: f"{name} Jr.",
    lambda name: f"von {name}",
    lambda name: f" {name}, MD",
    lambda name: name.replace("a", "á").replace("o", "ö").replace("l", "ł"),
)


@given(names, names, birthdays, some.sampled_from(_SPELLINGS), some.sampled_from([NPI, LICENCE, BOARD, None]))
def test_spelling_does_not_count(
    family: str, first: str, birthday: str, spell: object, by: Identifier | None
) -> None:
    """Whatever the name, it agrees in every spelling, by each number and by the form alike."""
    row = replace(ROW, family=family, given=first, birthday=birthday)
    spelled = spell(family)  # type: ignore[operator]  # a function of one text
    assert MATCH == _match(Learner((first,), (spelled,), None, birthday, (by or Identifier("ME"),)), row)


@given(names, birthdays, birthdays, some.sampled_from([NPI, LICENCE, BOARD, Identifier("Maine")]))
def test_another_birthday_never_matches(family: str, one: str, other: str, by: Identifier) -> None:
    """Two birthdays are never the same person, and the birthday is named."""
    assume(one != other)
    learner = Learner(("Zoe",), (family,), None, other, (by,))
    answer = _match(learner, replace(ROW, family=family, birthday=one))
    assert (MatchKind.NONE, None) == (answer.kind, answer.person)
    assert "BirthDate" in answer.fields


# --- numbers and states -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["MD012345", "md-012345", " MD 012.345 ", "MD/012345"])
def test_licence_is_found_however_it_is_written(number: str) -> None:
    """Blanks, dots, dashes and case do not count in a number, nor does the spelling of the state."""
    for state in ("ME", "me", "Maine", " maine "):
        assert MATCH == _match(replace(LEARNER, identifiers=(Identifier(state, number),)), ROW)


def test_numbers_keep_what_tells_them_apart() -> None:
    """Leading zeros go, as sheets drop them; zeros after a letter stay, and zero is a number."""
    assert ["12345", "MD012345", "0", "", ""] == [
        number_of(text) for text in ("0012345", "MD012345", "000", " - ", None)
    ]


def test_states_are_known_by_name_and_letters() -> None:
    """Names and letters of states and territories give the letters; other words nothing."""
    words = ("Maine", "ny", "District of Columbia", "PR", "Bavaria", "", None)
    assert ["ME", "NY", "DC", "PR", None, None, None] == [state_named(word) for word in words]
    islands = ("Virgin Islands", "U.S. Virgin Islands", "US virgin islands", "Virgin Islands, U.S.")
    assert {"VI"} == {state_named(name) for name in islands}
    assert {"DC"} == {
        state_named(name) for name in ("Washington, D.C.", "Washington DC", "D.C.", "washington,dc")
    }
    assert "WA" == state_named("Washington")
    assert None is state_named("British Virgin Islands") is state_named("Virgin Islands, British")


def test_number_is_meant_however_it_is_written() -> None:
    """A number means the identifier that has it, in any spelling; of another domain it does not."""
    assert all(is_meant(LICENCE, " md-012345", state) for state in (None, "", "me", "Maine"))
    assert not any(is_meant(LICENCE, "MD012345", domain) for domain in ("NY", "NPI"))
    assert not any(is_meant(replace(LICENCE, value=value), "") for value in (None, "", "77"))


def test_numbers_of_other_kinds_and_states_are_other_numbers() -> None:
    """The same digits as licence, NPI and board id, or of another state or board, find nobody."""
    digits = replace(ROW, licence="1234567890", npi="1234567890", board_id="1234567890")
    keys = KEYS.enrol(digits)
    kept = [keys.licence_key, keys.npi_key, keys.board_key, keys.form_key]
    assert [kind.value for kind in KeyKind] == [key[0] for key in kept if key]
    assert 4 == len({key[1:] for key in kept if key})
    for domain in ("NY", "ABP"):
        learner = replace(LEARNER, identifiers=(Identifier(domain, "1234567890"),))
        assert MatchKind.NONE is _match(learner, digits).kind


# --- who it is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"given_names": ("Ann",)}, "FirstName"),
        ({"family_names": ("Sample",)}, "LastName"),
        ({"birthday": "03-11"}, "BirthDate"),
    ],
)
@pytest.mark.parametrize("by", [NPI, LICENCE, BOARD])
def test_field_that_disagrees_is_named(change: dict[str, object], field: str, by: Identifier) -> None:
    """By whichever number a person is found, the one field that disagrees is named, and only it."""
    learner = replace(LEARNER, identifiers=(by,), **change)
    assert _none(field) == _match(learner, ROW)


@pytest.mark.parametrize("by", [NPI, LICENCE, BOARD])
def test_unknown_number_is_named(by: Identifier) -> None:
    """A number that nobody has is named; with a licence the state may be wrong as well."""
    learner = replace(LEARNER, identifiers=(replace(by, value="77"),))
    kind = {"NPI": KeyKind.NPI, "ME": KeyKind.LICENCE, "ABIM": KeyKind.BOARD}[by.domain or ""]
    assert _none(*FIELDS[kind]) == _match(learner, ROW)


def test_number_the_register_lacks_does_no_harm() -> None:
    """Beside a number that finds the person, one that is in nobody's row does not count."""
    learner = replace(LEARNER, identifiers=(NPI, Identifier("NY", "77"), Identifier("ABP", "77")))
    assert MATCH == _match(learner, ROW)


def test_number_of_somebody_else_is_named() -> None:
    """Where one number finds the person and another somebody else, there is no match."""
    other = replace(ROW, person="P2", npi="9876543210", licence="77", family="Sample", board="", board_id="")
    learner = replace(LEARNER, identifiers=(NPI, Identifier("ME", "77")))
    assert _none("StateOfLicensure", "LicenseId") == _match(learner, ROW, other)


def test_two_who_agree_are_several() -> None:
    """More than one person who agrees is no match, by a number or by the form."""
    twin = replace(ROW, person="P2", licence="MD77", board_id="900002")
    form = replace(LEARNER, identifiers=(Identifier("ME"),))
    assert [SEVERAL, SEVERAL] == [_match(learner, ROW, twin) for learner in (LEARNER, form)]


def test_two_rows_of_one_person_are_one() -> None:
    """A person of two licences, also under an earlier name, is one person, by either name."""
    before = replace(ROW, state="NY", licence="X1", family="Sample")
    for family in ("Sample", "Oster Gross"):
        assert MATCH == _match(replace(LEARNER, family_names=(family,)), ROW, before)


def test_who_disagrees_least_is_told_of() -> None:
    """Of several who are found and disagree, the fields are those of the nearest."""
    other = replace(ROW, person="P2", family="Sample", given="Bob", birthday="12-31")
    learner = replace(LEARNER, birthday="01-01")
    assert [_none("BirthDate")] * 2 == [_match(learner, ROW, other), _match(learner, other, ROW)]


def test_form_is_enough_for_one_person() -> None:
    """Without any number, last name, first name, birthday and state find the person."""
    form = replace(LEARNER, identifiers=(Identifier("Maine"),))
    assert MATCH == _match(form, ROW)
    assert _none("FirstName") == _match(replace(form, given_names=("Bob",)), ROW)
    unknown = _none("LastName", "BirthDate", "StateOfLicensure")
    assert unknown == _match(replace(form, birthday="03-11"), ROW)
    assert unknown == _match(replace(form, identifiers=(Identifier("NY"),)), ROW)


def test_form_may_lead_to_others_as_well() -> None:
    """Somebody else whose last name could be meant by the form does no harm to the one who agrees."""
    other = replace(ROW, person="P2", family="Vanberg", given="Bob", npi="77", licence="77", board="")
    form = replace(LEARNER, family_names=("Van Berg",), identifiers=(Identifier("ME"),))
    assert MATCH == _match(form, replace(ROW, family="Berg"), other)
    assert Match(MatchKind.MATCH, "P2") == _match(
        replace(form, given_names=("Bob",)), replace(ROW, family="Berg"), other
    )


def test_missing_is_named() -> None:
    """What the form needs and is not there is named, and nothing is looked up."""
    learner = Learner(identifiers=(Identifier("ABIM"), Identifier(None, "77"), Identifier("NPI", " ")))
    assert () == KEYS.sought(learner).keys
    assert _none("FirstName", "LastName", "BirthDate", "StateOfLicensure") == _match(learner, ROW)


@pytest.mark.parametrize("by", [NPI, LICENCE, BOARD])
def test_number_of_signs_alone_finds_nobody(by: Identifier) -> None:
    """Whoever says a number is looked up by it: the form does not stand in for one that says nothing."""
    kind = {"NPI": KeyKind.NPI, "ME": KeyKind.LICENCE, "ABIM": KeyKind.BOARD}[by.domain or ""]
    learner = replace(LEARNER, identifiers=(Identifier("ME"), replace(by, value=" - ")))
    assert () == KEYS.sought(learner).keys
    assert _none(*FIELDS[kind]) == _match(learner, ROW)
    assert MATCH == _match(replace(learner, identifiers=(*learner.identifiers, NPI)), ROW)


# --- what is kept, what is told -------------------------------------------------------------------------


def test_nothing_personal_is_in_an_answer() -> None:
    """No name, number, birthday or person stands in the repr of anything on the way, nor in a key."""
    learner = replace(LEARNER, birthday="01-01")
    on_the_way = [
        KEYS,
        KEYS.sought(learner),
        KEYS.enrol(ROW),
        ROW,
        learner,
        _match(LEARNER, ROW),
        _match(learner, ROW),
    ]
    told = " ".join(map(repr, on_the_way))
    for value in ("P1", "MD012345", "1234567890", "900001", "oster", "gross", "zoe", "Zoë", "03-10", "01-01"):
        assert value not in told


def test_equal_values_of_two_people_look_different() -> None:
    """What is compared is bound to the person: names and birthdays cannot be counted in the register."""
    one, other = KEYS.enrol(ROW), KEYS.enrol(replace(ROW, person="P2"))
    compared = ("id", "family", "given", "first", "birthday")
    assert [] == [name for name in compared if getattr(one, name) == getattr(other, name)]
    assert one.form_key == other.form_key


def test_row_is_known_by_person_licence_and_board() -> None:
    """Another name, birthday or NPI is the same row, changed; another licence or board id another row."""
    same = replace(
        ROW, family="Sample", given="Bob", birthday="12-31", npi="", suffix="Jr", licence="md-012345"
    )
    assert KEYS.enrol(ROW).id == KEYS.enrol(same).id
    others = [{"person": "P2"}, {"licence": "77"}, {"state": "NY"}, {"board_id": "77"}, {"board": "ABP"}]
    assert 6 == len({KEYS.enrol(replace(ROW, **other)).id for other in ({}, *others)})


def test_learner_is_what_was_said() -> None:
    """Whom the register does not know is one by name, birthday and numbers, not by spelling; no person."""
    spelled = replace(
        LEARNER, family_names=("OSTER-GROSS",), identifiers=(replace(NPI, value="123-456-7890"),)
    )
    others = (replace(LEARNER, birthday="01-01"), Learner())
    keys = [KEYS.said_key(KEYS.sought(one)) for one in (LEARNER, spelled, *others)]
    assert keys[0] == keys[1]
    assert 4 == len({*keys, KEYS.person_key(ROW.person)})


def test_keys_to_search_by_agree_with_the_names() -> None:
    """Last names are searched by in any spelling, birthdays as they are; both are of kinds of their own."""
    assert KEYS.family_key("Van der Øster-Groß") == KEYS.family_key("oster gross")
    assert KEYS.family_key(KEYS.sought(LEARNER)) == KEYS.family_key(" ".join(LEARNER.family_names))
    keys = KEYS.family_key("03-10"), KEYS.birth_key("03-10"), KEYS.family_key("Sample")
    assert 3 == len(set(keys))


def test_participant_is_known_by_their_number() -> None:
    """A participant is the same one by number and domain, whatever else is said."""
    one = Participant(local_id="7", local_domain="idd:sample.example:id", profession="Nurse")
    assert KEYS.participant_key(one) == KEYS.participant_key(replace(one, profession="Pharmacist"))
    assert KEYS.participant_key(one) != KEYS.participant_key(replace(one, local_id="8"))


def test_another_key_file_finds_nobody() -> None:
    """Keys of one key file are no keys of another."""
    other = Keys(Key(bytes(32)).digest)
    assert KEYS.enrol(ROW).npi_key != other.enrol(ROW).npi_key
