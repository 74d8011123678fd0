"""Building records quickly: a frozen one takes three times as long to make as one that is not."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any


@functools.cache
def builder(record: Any) -> Callable[..., Any]:
    """What makes the same of named parts as `record` itself does, in a third of the time.

    A frozen dataclass with slots is made as an open twin that has the same slots, so that its parts are
    plainly set, and is then told what it is. Anything else makes itself.
    """
    if not _is_frozen(record):
        made_by_itself: Callable[..., Any] = record
        return made_by_itself
    parts = [(part.name, part.type, _like(part)) for part in dataclasses.fields(record)]
    twin: Any = dataclasses.make_dataclass(record.__name__, parts, slots=True, eq=False, repr=False)

    def build(**values: Any) -> Any:
        made = twin(**values)
        made.__class__ = record
        return made

    return build


def _is_frozen(record: Any) -> bool:
    """Whether it is a frozen dataclass that has slots alone, and nothing to do once it is made."""
    known = getattr(record, "__dataclass_params__", None)
    return (
        known is not None
        and known.frozen
        and "__slots__" in vars(record)
        and record.__bases__ == (object,)
        and not hasattr(record, "__post_init__")
    )


def _like(part: dataclasses.Field[Any]) -> Any:
    """The same field for the twin: its default, and whether it is given by name alone."""
    if part.default is not dataclasses.MISSING:
        return dataclasses.field(default=part.default, kw_only=part.kw_only)
    if part.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=part.default_factory, kw_only=part.kw_only)
    return dataclasses.field(kw_only=part.kw_only)
