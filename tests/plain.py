"""Answers of plain XML, held against everything that is so for all of them."""

from __future__ import annotations

import re

from lxml import etree
from messages import FAULT, check_answer, check_fault, text

PYTHON = re.compile(r"Traceback|Error:|object at 0x|\.py\b")


class Reply:
    """A reply: a response element valid by its schema with 200, or else a Fault."""

    def __init__(self, status: str, headers: dict[str, str], body: bytes) -> None:
        self.status = int(status.split()[0])
        self.headers = headers
        self.root = etree.fromstring(body)
        assert ("application/xml; charset=utf-8", str(len(body))) == (
            headers["Content-Type"],
            headers["Content-Length"],
        )
        self.is_fault = self.root.tag == f"{{{FAULT}}}Fault"
        assert self.is_fault is (self.status != 200)
        if self.is_fault:
            check_fault(self.root)
            assert self.status in range(400, 600)
            assert not PYTHON.search(body.decode())
        else:
            check_answer(self.root, (etree.QName(self.root).namespace or "")[-2:])

    @property
    def ours(self) -> str | None:
        """The code of our catalogue."""
        return text(self.root, "Code") if self.is_fault else None

    @property
    def remedy(self) -> str:
        """What a fault tells to do."""
        return text(self.root, "Remedy") or ""
