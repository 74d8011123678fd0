"""What bounds one call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds one call: bytes, records, elements, levels; attributes and namespaces of an element,
    characters of a name, and of a text: what a field may have is less, and told record by record."""

    max_call_bytes: int = 8 << 20
    max_records: int = 2_000
    max_elements: int = 200_000
    max_record_elements: int = 10_000
    max_depth: int = 64
    max_attributes: int = 64
    max_namespaces: int = 32
    max_name: int = 256
    max_text: int = 128 << 10
