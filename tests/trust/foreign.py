"""Bodies as strangers send them: odd, broken, binary, of other protocols; each with headers of its own.

Imports nothing of the gateway.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from trust import messages, soap12
from trust.attacks import ATTACKS, TITLE, Ground
from trust.canary import Canary

MARK = "markofabody"
"""Stands in every body made here, so that it is seen where a body should not be."""

Body = tuple[str, bytes, dict[str, str]]
XML, SOAP12 = "text/xml; charset=utf-8", "application/soap+xml; charset=utf-8"
RPC = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>{}</s:Body></s:Envelope>'
)
OTHERS = (
    '<?xml version="1.0"?><methodCall><methodName>system.listMethods</methodName></methodCall>',
    '<rss version="2.0"><channel><title>t</title></channel></rss>',
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head></html>',
    "<!DOCTYPE html><html><body><p>t<br></body></html>",
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    json.dumps({"jsonrpc": "2.0", "method": "x", "id": 1}),
    "user=a&password=b",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "--cut\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--cut--",
    "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    "MSH|^~\\&|SENDING|FACILITY|",
    "RecordNumber\tTitle\n1\tt\n",
    "%PDF-1.4\n1 0 obj",
    "PK\x03\x04\x14\x00",
    RPC.format('<m:getQuote xmlns:m="urn:x"><symbol xsi:type="xsd:string">x</symbol></m:getQuote>'),
    RPC.format('<m:a xmlns:m="urn:x" id="1" href="#1"/><m:b xmlns:m="urn:x" id="1"/>'),
    RPC.format("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>"),
    '<Envelope xmlns="http://www.w3.org/2001/12/soap-envelope"><Body/></Envelope>',
    '<s:envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:body/></s:envelope>',
    RPC.format('<?php echo 1 ?><x xmlns="urn:x">]]&gt;</x>'),
    RPC.format('<a xmlns="urn:cme-gateway:service:v2"/>'),
    RPC.format('<SaveActivity xmlns="urn:cme-gateway:service:v9"/>'),
    RPC.format('<SaveActivity xmlns="urn:cme-gateway:service:v2"><SaveActivity/></SaveActivity>'),
)


def headers(body: bytes) -> dict[str, str]:
    """The content type a sender of such a body would give it."""
    return {"Content-Type": SOAP12 if soap12.ENV.encode() in body else XML}


def bodies(count: int, seed: int, canary: Canary) -> Iterator[Body]:
    """So many bodies: all attacks, all messages of SOAP 1.2, other protocols, and then mutations."""
    chance = random.Random(seed)
    made = [*_fixed(canary)]
    yield from made
    goods = [messages.save_activity(MARK, MARK, "Add", 2027), messages.get_activity(MARK)]
    goods += [messages.save_completions([1, 2], MARK, "2027-01-02", "add"), soap12.envelope().encode()]
    goods += [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "golden").rglob("*.xml"))]
    for number in range(count - len(made)):
        body = _mutated(chance.choice(goods), chance)
        yield f"mutation {number}", body, _headers(body, chance)


def _fixed(canary: Canary) -> Iterator[Body]:
    ground = Ground(messages.save_activity(MARK, TITLE, "Add", 2027), canary)
    for attack in ATTACKS:
        if len(body := attack.build(ground, 1)) < 1 << 20:
            yield str(attack), body, attack.http
    for message in soap12.MESSAGES:
        yield message.name, message.body, {"Content-Type": message.media, **message.http}
    for number, text in enumerate(OTHERS):
        body = text.encode("latin-1") + b"<!-- " + MARK.encode() + b" -->"
        yield f"other {number}", body, {"Content-Type": XML}
        yield f"other {number} in SOAP 1.2", body, {"Content-Type": SOAP12}
        yield f"other {number} of no type", body, {"Content-Type": "application/octet-stream"}


def _headers(body: bytes, chance: random.Random) -> dict[str, str]:
    kinds = [XML] * 6 + [
        SOAP12,
        "text/xml",
        "application/xml",
        "text/xml; charset=utf-16",
        "text/plain",
        ";",
        "a/b",
    ]
    action = [{}, {}, {}, {"SOAPAction": '""'}, {"SOAPAction": "urn:x#y"}]
    return (
        headers(body) if chance.random() < 0.5 else {"Content-Type": chance.choice(kinds)}
    ) | chance.choice(action)


def _mutated(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 5)):
        body = chance.choice(MUTATIONS)(body, chance) or b"<"
    return body


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def _left_out(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + body[at + chance.randint(1, 80) :]


def _noise(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + chance.randbytes(chance.randint(1, 30)) + body[at:]


def _repeated(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    piece = body[at : at + chance.randint(1, 400)]
    return body[:at] + piece * chance.randint(2, 30) + body[at:]


def _odd(body: bytes, chance: random.Random) -> bytes:
    odd = [
        b"&x;",
        b"&#0;",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?p ",
        b"?>",
        b"\xff\xfe",
        b"\0",
        b"<a:b/>",
    ]
    at = chance.choice([m.start() for m in re.finditer(b"[<>]", body)] or [0])
    return body[:at] + chance.choice([*odd, b"%", b'"', b"'", b"\xc3", "𝄞".encode()]) + body[at:]


def _renamed(body: bytes, chance: random.Random) -> bytes:
    names = re.findall(rb"[A-Za-z]{3,}", body) or [b"x"]
    return body.replace(chance.choice(names), chance.choice(names), chance.choice([1, 2, -1]))


def _respaced(body: bytes, chance: random.Random) -> bytes:
    spaces = re.findall(rb'"[^"]*"', body) or [b'"']
    return body.replace(chance.choice(spaces), chance.choice([*spaces, b'""', b'"urn:x"', b'" "']), 1)


def _recoded(body: bytes, chance: random.Random) -> bytes:
    codec = chance.choice(
        ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "utf-8-sig", "latin-1"]
    )
    return body.decode("utf-8", "replace").encode(codec, "replace")


def _pressed(body: bytes, chance: random.Random) -> bytes:
    return zlib.compress(body) if chance.random() < 0.2 else body


def _emptied(body: bytes, chance: random.Random) -> bytes:
    texts = re.findall(rb">[^<]+<", body) or [b"><"]
    new = [
        b"><",
        b">NaN<",
        b">-1<",
        b">2027-02-30<",
        b">" + b"x" * 5_000 + b"<",
        b">" + b"9" * 50 + b"<",
        b"> \t<",
    ]
    return body.replace(chance.choice(texts), chance.choice(new), 1)


MUTATIONS = (
    _cut, _left_out, _left_out, _noise, _repeated, _odd, _odd, _renamed, _renamed, _respaced, _recoded,
    _pressed, _emptied, _emptied,
)  # fmt: skip
