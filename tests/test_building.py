"""Records that are built quickly are the records they would have been."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gateway import schemas
from gateway.fields import Field, builder
from gateway.records import (
    Activity,
    ActivityEntry,
    ClaimedCredit,
    Completion,
    CompletionEntry,
    Identifier,
    Learner,
    Place,
)


def nouns(fields: tuple[Field, ...]) -> set[Callable[..., Any]]:
    """The records that fields have parts of; of one that is made with something said already, its class."""
    inner = (
        nouns(field.parts) | {getattr(field.record, "func", field.record)}
        for field in fields
        if field.record is not None
    )
    return set().union(*inner)


BUILT = sorted(
    {
        *(noun for version in schemas.VERSIONS for noun in nouns(tuple(version.table.fields.values()))),
        *(version.noun for version in schemas.VERSIONS),
        ActivityEntry,
        CompletionEntry,
    },
    key=repr,
)
each_record = pytest.mark.parametrize("record", BUILT, ids=lambda record: record.__name__)


def parts(record: Any) -> dict[str, Any]:
    """Something for each part of a record, and something else for each."""
    return {part.name: f"said-{part.name}" for part in dataclasses.fields(record)}


@each_record
def test_a_built_record_is_what_it_would_have_been(record: Any) -> None:
    """Type, value, hash, repr, defaults and copies are those of a record that makes itself."""
    needed = {part.name: "x" for part in dataclasses.fields(record) if part.default is dataclasses.MISSING}
    for said in (parts(record), needed):
        made, expected = builder(record)(**said), record(**said)
        assert type(made) is record
        assert (made, hash(made)) == (expected, hash(expected))
        assert type(repr(made)) is str
        assert "object at" in repr(made) or repr(made) == repr(expected)
        assert dataclasses.replace(made) == expected
        assert dataclasses.fields(made) == dataclasses.fields(expected)


@each_record
def test_a_built_record_is_frozen(record: Any) -> None:
    """Neither a part nor anything else can be set afterwards, and nothing unknown be given."""
    made = builder(record)(**parts(record))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, dataclasses.fields(record)[0].name, "other")
    assert not hasattr(made, "__dict__")
    with pytest.raises(TypeError):
        builder(record)(**parts(record), frob=1)


@each_record
def test_every_record_that_is_read_is_built_quickly(record: Any) -> None:
    """None of them makes itself: the quick way holds for all that a payload can say."""
    assert builder(record) is not record


def test_a_built_record_keeps_what_a_person_is_to_itself() -> None:
    """A record without a repr of its values has none when it is built either, and pickles as itself."""
    ada = builder(Learner)(family_names=("Quimby",), identifiers=(Identifier("NPI", "1234567893"),))
    assert "Quimby" not in repr(ada)
    assert pickle.loads(pickle.dumps(ada)) == ada  # noqa: S301  our own bytes


def test_records_share_nothing() -> None:
    """Two that are built one after the other keep their own parts."""
    one, other = (builder(ClaimedCredit)(credit_id=name) for name in ("a", "b"))
    assert ("a", "b") == (one.credit_id, other.credit_id)


@dataclass(frozen=True)
class Unslotted:
    """A record with a dictionary."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """A record that has something to do once it is made."""

    name: str = ""

    def __post_init__(self) -> None:
        """Refuse a name."""
        if self.name:
            raise ValueError(self.name)


@dataclass(slots=True)
class Open:
    """A record that is not frozen."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Heir(Place):
    """A record that has slots of another's."""

    name: str = ""


@pytest.mark.parametrize("record", [Unslotted, Busy, Open, Heir, dict])
def test_what_the_quick_way_does_not_hold_for_makes_itself(record: Any) -> None:
    """Nothing is skipped that a record does of its own accord."""
    assert builder(record) is record
    assert builder(record)() == record()


def test_the_nouns_are_among_them() -> None:
    """Negative control: the list of what is built is no empty one."""
    assert {Activity, Completion, Learner, Identifier, ClaimedCredit} <= {*BUILT}
