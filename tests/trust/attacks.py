"""The attacks of the catalogue as messages, each with the answer it has to get. Imports nothing of the
gateway.

A builder takes a `Ground` and a size from 1 up, and gives the body. What it tries is its own business;
what has to come of it stands beside it: our code of the fault, or TAKEN where the message is harmless
and answered like any other, its value as it was sent or refused by a finding.
"""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field

from trust.canary import Canary

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SVC = "urn:cme-gateway:service:v2"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
XINCLUDE = "http://www.w3.org/2001/XInclude"
XML = {"Content-Type": "text/xml; charset=utf-8"}
PLAIN = {"Content-Type": "text/xml"}
TAKEN = "taken"
TITLE = "@TITLE@"


@dataclass(frozen=True, slots=True)
class Ground:
    """What an attack works with: a good SaveActivity with TITLE for its title, and a canary."""

    save: bytes
    canary: Canary

    def titled(self, title: str, start: str = "") -> bytes:
        """The good call with another title, and something before its envelope."""
        return start.encode() + self.save.replace(TITLE.encode(), title.encode())

    def headed(self, header: str) -> bytes:
        """The good call with a header."""
        return self.save.replace(b"<s:Body>", f"<s:Header>{header}</s:Header><s:Body>".encode(), 1)


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack: its id in the catalogue, what it is, and the codes that answer it."""

    id: str
    name: str
    build: Callable[[Ground, int], bytes]
    codes: tuple[str, ...]
    http: dict[str, str] = field(default_factory=lambda: XML)

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


def _of(id: str, name: str, build: Callable[[Ground, int], bytes], *codes: str, **http: str) -> Attack:
    headers = {name.replace("_", "-"): value for name, value in http.items()}
    return Attack(id, name, build, codes, {**XML, **headers})


def _doctype(declarations: str, use: str = "&x;") -> Callable[[Ground, int], bytes]:
    def build(ground: Ground, size: int) -> bytes:
        told = declarations.replace("URL", ground.canary.url).replace("FILE", ground.canary.file.as_uri())
        return ground.titled(use, f"<!DOCTYPE x [{told}]>")

    return build


def _laughs(size: int, sign: str = "&") -> str:
    """The billion laughs, by general or parameter entities."""
    kind = "" if sign == "&" else "% "
    rows = [f'<!ENTITY {kind}l{n} "{f"{sign}l{n - 1};" * 10}">' for n in range(1, 9 + size)]
    return f'<!ENTITY {kind}l0 "ha">' + "".join(rows)


def _envelope(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def _operation(content: str = "", attributes: str = "") -> bytes:
    return _envelope(f'<SaveActivity xmlns="{SVC}"{attributes}>{content}</SaveActivity>')


def _inside(content: Callable[[int], str], *, record: bool = False) -> Callable[[Ground, int], bytes]:
    """The good call, credentials and all, with more in it: in the operation, or beside its record."""
    end = b"</act:ACCMEActivities>" if record else b"</SaveActivity>"
    return lambda ground, size: ground.titled("t").replace(end, content(size).encode() + end)


def _many(form: str, count: int) -> str:
    return "".join(form.format(number) for number in range(count))


def _recoded(codec: str, mark: bytes = b"") -> Callable[[Ground, int], bytes]:
    return lambda ground, size: mark + ground.titled("Ascii").decode().encode(codec)


def _labelled(label: str, codec: str = "utf-8") -> Callable[[Ground, int], bytes]:
    start = f'<?xml version="1.0" encoding="{label}"?>'
    return lambda ground, size: ground.titled("Ärzte", start).decode().encode(codec, "replace")


def _with(raw: bytes) -> Callable[[Ground, int], bytes]:
    """Bytes in the title as they are."""
    return lambda ground, size: ground.save.replace(TITLE.encode(), b"a" + raw * size + b"b")


def _security(token: str) -> Callable[[Ground, int], bytes]:
    header = f'<w:Security xmlns:w="{WSSE}">{token}</w:Security>'
    return lambda ground, size: ground.headed(header)


def _wsa(flag: str) -> Callable[[Ground, int], bytes]:
    form = '<a:{0} xmlns:a="http://www.w3.org/2005/08/addressing"{1}><a:Address>{2}</a:Address></a:{0}>'
    return lambda ground, size: ground.headed(
        "".join(form.format(name, flag, ground.canary.url) for name in ("ReplyTo", "FaultTo", "From"))
    )


def _multipart(parts: int) -> bytes:
    part = "--cut\r\nContent-Type: text/xml\r\nContent-ID: <a>\r\n\r\n<a/>\r\n"
    return (part * parts + "--cut--").encode()


MTOM = 'multipart/related; type="application/xop+xml"; start="<a>"; boundary="cut"'
DS = "http://www.w3.org/2000/09/xmldsig#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
SOAPENC = "http://schemas.xmlsoap.org/soap/encoding/"

METRICS = "http://ns.medbiq.org/metrics/v1/"
RECORD = f"<m:MedicalEducationMetrics xmlns:m='{METRICS}'/>"

ATTACKS = (
    _of("A01", "entity of a file", _doctype('<!ENTITY x SYSTEM "FILE">'), "X001"),
    _of("A01", "entity of a URL", _doctype('<!ENTITY x SYSTEM "URL">'), "X001"),
    _of("A01", "entity by FTP", _doctype('<!ENTITY x SYSTEM "ftp://127.0.0.1:9/x">'), "X001"),
    _of("A01", "entity of a PHP filter", _doctype('<!ENTITY x SYSTEM "php://filter/resource=FILE">'), "X001"),
    _of("A01", "parameter entity", _doctype('<!ENTITY % p SYSTEM "URL">%p;', "t"), "X001"),
    _of("A01", "public entity", _doctype('<!ENTITY x PUBLIC "-//P" "URL">'), "X001"),
    _of(
        "A01",
        "in UTF-16",
        lambda g, n: _doctype('<!ENTITY x SYSTEM "FILE">')(g, n).decode().encode("utf-16"),
        "X001",
        Content_Type="text/xml",
    ),
    _of(
        "A02",
        "laughs in a text",
        lambda g, n: g.titled(f"&l{8 + n};", f"<!DOCTYPE x [{_laughs(n)}]>"),
        "X001",
    ),
    _of(
        "A02",
        "laughs in an attribute",
        lambda g, n: f"<!DOCTYPE x [{_laughs(n)}]>".encode() + _operation("", f' a="&l{8 + n};"'),
        "X001",
    ),
    _of(
        "A02",
        "laughs of parameters",
        lambda g, n: g.titled("t", f"<!DOCTYPE x [{_laughs(n, '%')}%l{8 + n};]>"),
        "X001",
    ),
    _of(
        "A02",
        "attribute declarations",
        lambda g, n: g.titled(
            "t", f"<!DOCTYPE x [{_many('<!ATTLIST x a{} CDATA ' + chr(39) * 2 + '>', 15_000 * n)}]>"
        ),
        "X001",
    ),
    _of(
        "A03",
        "quadratic blow-up",
        lambda g, n: g.titled("&q;" * 20_000 * n, f'<!DOCTYPE x [<!ENTITY q "{"q" * 20_000 * n}">]>'),
        "X001",
    ),
    _of("A04", "external DTD", lambda g, n: g.titled("t", f'<!DOCTYPE x SYSTEM "{g.canary.url}">'), "X001"),
    _of(
        "A04",
        "stylesheet",
        lambda g, n: g.titled("t", f'<?xml-stylesheet href="{g.canary.url}" type="text/xsl"?>'),
        TAKEN,
    ),
    _of(
        "A05",
        "XInclude",
        lambda g, n: g.titled(
            f'<i:include xmlns:i="{XINCLUDE}" parse="text" href="{g.canary.file.as_uri()}"/>'
        ),
        TAKEN,
    ),
    _of(
        "A06",
        "schemaLocation",
        lambda g, n: g.save.replace(
            b"<s:Body>", f'<s:Body xmlns:i="{XSI}" i:schemaLocation="{SVC} {g.canary.url}">'.encode()
        ),
        TAKEN,
    ),
    _of(
        "A06",
        "schemaLocation of the payload",
        lambda g, n: g.save.replace(
            b"<act:ACCMEActivities",
            f'<act:ACCMEActivities xmlns:i="{XSI}" i:noNamespaceSchemaLocation="{g.canary.url}"'.encode(),
        ),
        TAKEN,
    ),
    _of("A07", "another SOAPAction", lambda g, n: g.titled("t"), "X011", SOAPAction=f'"{SVC}/GetActivity"'),
    _of("A08", "ReplyTo", _wsa(""), TAKEN),
    _of("A08", "ReplyTo that must be understood", _wsa(' s:mustUnderstand="1"'), "X005"),
    _of(
        "A09",
        "signature",
        _security(f'<d:Signature xmlns:d="{DS}"><d:Reference URI="#b"/></d:Signature>'),
        "S007",
    ),
    _of("A09", "encrypted key", _security(f'<e:EncryptedKey xmlns:e="{ENC}"/>'), "S007"),
    _of("A09", "encrypted body", lambda g, n: _envelope(f'<e:EncryptedData xmlns:e="{ENC}"/>'), "X011"),
    _of("A09", "wrapped body", lambda g, n: g.headed(f"<x:W xmlns:x='urn:x'>{g.save.decode()}</x:W>"), TAKEN),
    _of(
        "A10",
        "deep nesting",
        lambda g, n: _operation("<a>" * 50_000 * n + "</a>" * 50_000 * n),
        "X001",
        "X002",
    ),
    _of("A10", "unclosed", lambda g, n: _operation("<a>" * 65_000 * n), "X001", "X002"),
    _of("A10", "one level too deep", lambda g, n: _operation("<a>" * (61 + n) + "</a>" * (61 + n)), "X001"),
    _of("A11", "attributes", lambda g, n: _operation("", _many(' a{}="1"', 25_000 * n)), "X002"),
    _of("A11", "one attribute too many", lambda g, n: _operation("", _many(' a{}="1"', 64 + n)), "X002"),
    _of("A11", "namespaces", lambda g, n: _operation("", _many(' xmlns:a{0}="urn:{0}"', 50_000 * n)), "X002"),
    _of(
        "A11",
        "one namespace too many",
        lambda g, n: _operation("", _many(' xmlns:a{0}="urn:{0}"', 32 + n)),
        "X002",
    ),
    _of(
        "A11",
        "namespaces in scope",
        lambda g, n: _operation(
            f"<a{_many(' xmlns:a{}=' + chr(34) + 'u' + chr(34), 30)}>" * (8 + n) + "</a>" * (8 + n)
        ),
        "X002",
    ),
    _of("A11", "long name", lambda g, n: _operation(f"<{'n' * 100_000 * n}/>"), "X001", "X002"),
    _of("A11", "long attribute name", lambda g, n: _operation("", f" {'n' * 300 * n}='1'"), "X002"),
    _of("A11", "long prefix", lambda g, n: _operation("", f" xmlns:{'n' * 300 * n}='urn:x'"), "X002"),
    _of(
        "A11",
        "long namespace",
        lambda g, n: _operation("<h:a/>" * 1_000, f' xmlns:h="urn:{"n" * 100_000 * n}"'),
        "X002",
    ),
    _of(
        "A11",
        "namespace used everywhere",
        lambda g, n: _operation("<h:a/>" * 20_000 * n, f' xmlns:h="urn:{"n" * 380}"'),
        "X002",
    ),
    _of(
        "A12", "instructions", lambda g, n: g.titled("t" + "<?a?>" * 40_000 * n), TAKEN, "X001"
    ),  # in SOAP 1.2
    _of("A12", "tags in a comment", lambda g, n: g.titled(f"t<!-- {'<a>' * 210_000 * n} -->"), TAKEN),
    _of(
        "A11",
        "crowded elements",
        _inside(lambda n: f"<a{_many(' b{}=' + chr(39) * 2, 64)}/>" * 4_000 * n),
        "X002",
        "X012",
    ),
    _of("A12", "elements", lambda g, n: _operation("<a/>" * (200_000 * n + 1)), "X002"),
    _of("A12", "elements before they are counted", _inside(lambda n: "<a/>" * 190_000), "X012"),
    _of("A12", "records", _inside(lambda n: RECORD * 2_000 * n, record=True), "X012"),
    _of("A12", "bad records", _inside(lambda n: RECORD * 600 * n, record=True), TAKEN),
    _of(
        "A12",
        "a record of many elements",
        _inside(
            lambda n: (
                f"<m:MedicalEducationMetrics xmlns:m='{METRICS}'>"
                + "<m:x/>" * 20_000 * n
                + "</m:MedicalEducationMetrics>"
            ),
            record=True,
        ),
        TAKEN,
    ),
    _of(
        "A12",
        "a record of many errors",
        _inside(
            lambda n: (
                f"<m:MedicalEducationMetrics xmlns:m='{METRICS}'>"
                + "<m:x/>" * 9_990
                + "</m:MedicalEducationMetrics>"
            ),
            record=True,
        ),
        TAKEN,
    ),
    _of(
        "A12",
        "SOAP array",
        _inside(
            lambda n: (
                f'<q:Array xmlns:q="{SOAPENC}" q:arrayType="x[{n}999]">{"<i>1</i>" * 50_000 * n}</q:Array>'
            )
        ),
        "X012",
    ),
    _of("A13", "huge text", lambda g, n: g.titled("x" * 2_000_000 * n), "X006"),
    _of("A13", "text beyond the field", lambda g, n: g.titled("x" * (4_096 + n)), TAKEN),
    _of("A13", "text in pieces", lambda g, n: g.titled("x<!-- -->" * 140_000 * n), "X006"),
    _of("A13", "digits", lambda g, n: _operation(f"<ProviderId>{'9' * 140_000 * n}</ProviderId>"), "X006"),
    _of(
        "A13", "a few digits less", lambda g, n: _operation(f"<ProviderId>{'9' * 4_000}</ProviderId>"), "S001"
    ),
    _of("A13", "exponent", lambda g, n: _operation(f"<ProviderId>1E{'9' * 9 * n}</ProviderId>"), "S001"),
    _of("A14", "like names", _inside(lambda n: _many("<a{0} Aa{0}='1' BB{0}='2'/>", 15_000 * n)), "X012"),
    _of("A15", "UTF-7 in the header", _recoded("utf-7"), "X003", Content_Type="text/xml; charset=utf-7"),
    _of("A15", "UTF-7 in the label", _labelled("utf-7", "utf-7"), "X001", Content_Type="text/xml"),
    _of("A15", "UTF-16", _recoded("utf-16"), TAKEN, Content_Type="text/xml"),
    _of(
        "A15", "UTF-16 in the header", _recoded("utf-16-be"), TAKEN, Content_Type="text/xml; charset=utf-16be"
    ),
    _of("A15", "UTF-16 against the header", _recoded("utf-16"), "X001"),
    _of("A15", "UTF-32", _recoded("utf-32"), "X001", Content_Type="text/xml"),
    _of("A15", "UTF-32 without a mark", _recoded("utf-32-le"), "X001", Content_Type="text/xml"),
    _of("A15", "EBCDIC", _recoded("cp037"), "X001", Content_Type="text/xml"),
    _of("A15", "EBCDIC in the label", _labelled("ebcdic-cp-us", "cp037"), "X001", Content_Type="text/xml"),
    _of("A15", "Latin-1 in the label", _labelled("iso-8859-1", "latin-1"), "X001", Content_Type="text/xml"),
    _of("A15", "Latin-1 against the header", _labelled("utf-8", "latin-1"), "X001"),
    _of("A15", "UTF-8 labelled UTF-16", _labelled("utf-16"), "X001", Content_Type="text/xml"),
    _of("A15", "the header against the label", _labelled("iso-8859-1"), TAKEN),
    _of("A15", "byte order mark", _recoded("utf-8", codecs.BOM_UTF8), TAKEN),
    _of("A15", "an unknown label", _labelled("klingon"), "X001", Content_Type="text/xml"),
    _of("A16", "NUL", _with(b"\0"), "X001"),
    _of("A16", "NUL by reference", _with(b"&#0;"), "X001"),
    _of("A16", "U+FFFE", _with("\ufffe".encode()), "X001"),
    _of("A16", "control characters", _with(b"\x01\x1b"), "X001"),
    _of("A16", "lone surrogate", _with(b"\xed\xa0\x80"), "X001"),
    _of("A16", "lone surrogate by reference", _with(b"&#xD800;"), "X001"),
    _of("A16", "overlong UTF-8", _with(b"\xc0\xaf"), "X001"),
    _of("A16", "right-to-left override", _with("\u202e\u0430".encode()), TAKEN),
    _of(
        "A17", "gzip bomb", lambda g, n: gzip.compress(b" " * 20_000_000 * n), "X003", Content_Encoding="gzip"
    ),
    _of(
        "A17",
        "gzip in gzip",
        lambda g, n: gzip.compress(gzip.compress(b"x" * 1_000_000 * n)),
        "X003",
        Content_Encoding="gzip, gzip",
    ),
    _of("A17", "half a gzip", lambda g, n: gzip.compress(g.save)[: 40 * n], "X003", Content_Encoding="gzip"),
    _of("A17", "gzip without a word", lambda g, n: gzip.compress(g.save), "X001"),
    _of("A17", "deflate", lambda g, n: b"x", "X003", Content_Encoding="deflate"),
    _of("A22", "50,000 parts", lambda g, n: _multipart(50_000), "X003", Content_Type=MTOM),
    _of("A22", "no boundary", lambda g, n: _multipart(n), "X003", Content_Type="multipart/related"),
    _of(
        "A22",
        "nested parts",
        lambda g, n: _multipart(n),
        "X003",
        Content_Type="multipart/mixed; boundary=cut",
    ),
    _of(
        "A22",
        "xop:Include of a file",
        lambda g, n: g.titled(
            f'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="{g.canary.file.as_uri()}"/>'
        ),
        TAKEN,
    ),
    _of(
        "A22",
        "xop:Include of a part",
        lambda g, n: g.titled('<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>'),
        TAKEN,
    ),
    _of("A22", "href and id of SOAP encoding", lambda g, n: g.titled('<v href="#k"/><v id="k">x</v>'), TAKEN),
)
