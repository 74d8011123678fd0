"""What has come of a request so far, and whether it is all there.

Here is found out only whether to wait for more. What a request means is judged by the server's own
parser afterwards. What looks odd is not waited for, and since that parser may see nothing wrong with it,
its body counts as one that cannot be read. Whether it looks odd lies in its bytes alone, never in how they
were cut on their way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.serving import MOST_HEAD

HEAD_END = b"\r\n\r\n"
MOST_SIZE_LINE = 1024
MOST_DIGITS = 15
FEW_CHUNKS, SMALL_CHUNK = 1000, 64
"""So many chunks may be as small as they like; of more than that the average counts: a body in single
bytes costs a thousand times what it says."""


@dataclass(slots=True)
class Arrival:
    """The bytes of one request while they come; `most` is how many a body may have.

    `head` is how many of them are the head, 0 until it is all there. When `over`, nothing more is
    waited for: because all of it came (`whole`), or its body has more than it may (`large`), or it
    cannot be told where it ends (`odd`).
    """

    most: int
    data: bytearray = field(default_factory=bytearray)
    head: int = 0
    over: bool = False
    whole: bool = False
    large: bool = False
    expects: bool = False
    _length: int | None = None  # of the body as announced, None where it comes in chunks
    _next: int = 0  # where the next chunk begins
    _chunks: int = 0
    _announced: int = 0  # bytes, by the chunks so far

    def take(self, data: bytes) -> None:
        """Add what came."""
        searched = max(0, len(self.data) - len(HEAD_END) + 1)
        self.data += data
        if not self.head:
            self._look_for_head(searched)
        if self.head and not self.over:
            self._look_for_end()

    @property
    def body(self) -> int:
        """How many bytes of the body there are."""
        return len(self.data) - self.head if self.head else 0

    @property
    def odd(self) -> bool:
        """Whether it cannot be told where it ends."""
        return self.over and not self.whole and not self.large

    def _look_for_head(self, since: int) -> None:
        end = self.data.find(HEAD_END, since, MOST_HEAD)
        if end < 0:
            self.over = len(self.data) >= MOST_HEAD
            return
        self.head = self._next = end + len(HEAD_END)
        fields = _fields(bytes(self.data[:end]).removeprefix(b"\r\n"))  # left behind by the last request
        lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
        self.expects = fields.get(b"expect") == [b"100-continue"]
        if b"" in fields or len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]):
            self.over = True
        elif not codings:
            length = lengths[0] if lengths else b"0"
            self.over = not length.isdigit() or len(length) > MOST_DIGITS
            self._length = 0 if self.over else int(length)

    def _look_for_end(self) -> None:
        if self._length is None:
            self._look_for_last_chunk()
        else:
            self.large = self._length > self.most
            self.whole = not self.large and self.body >= self._length
            self.over = self.whole or self.large

    def _look_for_last_chunk(self) -> None:
        while not self.over and self._next <= len(self.data):
            end = self.data.find(b"\r\n", self._next, self._next + MOST_SIZE_LINE)
            if end < 0:
                self.over = len(self.data) >= self._next + MOST_SIZE_LINE
                return
            size = _size(bytes(self.data[self._next : end]))
            if not size:
                self._look_for_trailer_end(end, size)
                return
            self._chunks += 1
            self._announced += size
            self._next = end + size + 2 * len(b"\r\n")
            self.large = self._announced > self.most
            self.over = self.large or self._is_crumbled()

    def _is_crumbled(self) -> bool:
        return self._chunks > FEW_CHUNKS and self._announced < SMALL_CHUNK * self._chunks

    def _look_for_trailer_end(self, size_end: int, size: int | None) -> None:
        most = size_end + MOST_HEAD
        self.whole = size == 0 and self.data.find(HEAD_END, size_end, most) >= 0
        self.over = self.whole or size is None or len(self.data) >= most


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    """The header fields by name; a line that is none, or a continuation, stands under no name."""
    fields: dict[bytes, list[bytes]] = {}
    for line in head.lower().split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        known = name if colon and not name[:1].isspace() else b""
        fields.setdefault(known, []).append(value.strip(b" \t"))
    return fields


def _size(line: bytes) -> int | None:
    """The size a chunk announces, None where it does not say one."""
    digits = line.partition(b";")[0].strip(b" \t")
    try:
        return int(digits, 16) if digits.isalnum() and len(digits) < MOST_DIGITS else None
    except ValueError:
        return None
