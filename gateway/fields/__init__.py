"""One table of fields that serves both directions: elements into records, records into elements.

A payload version is a `Table` of `Field`s in document order. Reading walks an element once and
gathers values by their paths; writing walks the table and builds the elements that hold a value.
A path is a small XPath: `m:A/lom:b[lom:c='text']/@attribute`, `.` for the element's own text. Of a
field with many values the last step repeats, or the one that ends in `*`.
"""

from gateway.fields.building import builder
from gateway.fields.kinds import (
    BOOLEAN,
    DATE,
    DECIMAL,
    LONG_TEXT,
    MIDNIGHT,
    MOMENT,
    TEXT,
    WHOLE,
    YES_NO,
    Kind,
)
from gateway.fields.reading import Gathered
from gateway.fields.table import Spot, Table
from gateway.fields.tree import Field

__all__ = [
    "BOOLEAN",
    "DATE",
    "DECIMAL",
    "LONG_TEXT",
    "MIDNIGHT",
    "MOMENT",
    "TEXT",
    "WHOLE",
    "YES_NO",
    "Field",
    "Gathered",
    "Kind",
    "Spot",
    "Table",
    "builder",
]
