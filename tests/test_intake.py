"""The rim: what is too large, in another encoding, nested or armed never becomes a tree to work on."""

from __future__ import annotations

import io
from typing import Any

import pytest
from lxml import etree

from gateway import intake
from gateway.errors import NotAuthenticated, TextTooLong, TooLarge, Unreadable, UnsupportedMedia
from gateway.intake import Limits, document
from gateway.records import Credentials

LIMITS = Limits(max_call_bytes=100, max_elements=10, max_depth=4)
WIDE = Limits()


class Body(io.BytesIO):
    """A body that knows how much of it was asked for."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and remember how much was wanted."""
        self.asked += len(self.getbuffer()) if size is None or size < 0 else size
        return super().read(size)


def environ(body: bytes, **headers: Any) -> dict[str, Any]:
    """A request's surroundings, its length announced unless a header says otherwise."""
    return {"wsgi.input": Body(body), "CONTENT_LENGTH": str(len(body))} | headers


# --- the body -----------------------------------------------------------------------------------------


def test_a_body_is_read_whole() -> None:
    """Announced or in chunks, a body up to the limit arrives whole."""
    body = b"x" * LIMITS.max_call_bytes
    assert body == intake.read_body(environ(body), LIMITS)
    chunked = environ(body, CONTENT_LENGTH="", **{"wsgi.input_terminated": True})
    assert body == intake.read_body(chunked, LIMITS)


@pytest.mark.parametrize("length", ["101", "1073741824", "9" * 30])
def test_an_announced_length_beyond_the_limit_is_refused_unread(length: str) -> None:
    """Not a byte is read of a body that says it is too large."""
    request = environ(b"x", CONTENT_LENGTH=length)
    with pytest.raises(TooLarge, match="larger than the 100 bytes"):
        intake.read_body(request, LIMITS)
    assert 0 == request["wsgi.input"].asked


def test_a_chunked_body_is_read_one_byte_beyond_the_limit_at_most() -> None:
    """What announces no length cannot fill the memory."""
    request = environ(b"x" * 1_000, CONTENT_LENGTH="", **{"wsgi.input_terminated": True})
    with pytest.raises(TooLarge):
        intake.read_body(request, LIMITS)
    assert LIMITS.max_call_bytes + 1 == request["wsgi.input"].asked


def test_nothing_announced_is_not_waited_for() -> None:
    """Without a length and without chunks there is no body, and nobody waits for one."""
    request = environ(b"x", CONTENT_LENGTH="")
    assert b"" == intake.read_body(request, LIMITS)
    assert 0 == request["wsgi.input"].asked


@pytest.mark.parametrize("length", ["abc", "-5", "1.5", "+3", " 3", "0x3"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    """An odd Content-Length is a refusal, not an exception of Python's."""
    with pytest.raises(Unreadable, match="Content-Length"):
        intake.read_body(environ(b"abc", CONTENT_LENGTH=length), LIMITS)


def test_a_body_that_ends_early_is_refused() -> None:
    """Half a message is no message."""
    with pytest.raises(Unreadable, match="ended before"):
        intake.read_body(environ(b"<a/>", CONTENT_LENGTH="50"), LIMITS)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    """Nothing is inflated, so that nothing can burst; it is read, so that the connection can go on."""
    request = environ(b"\x1f\x8b", HTTP_CONTENT_ENCODING=encoding)
    with pytest.raises(UnsupportedMedia, match="compressed"):
        intake.read_body(request, LIMITS)
    assert b"" == request["wsgi.input"].read()


def test_a_body_that_breaks_off_is_refused() -> None:
    """Whatever a server says of a bad chunk or of a caller who is gone: it is the caller's, not ours."""

    class Broken(Body):
        def read(self, size: int | None = -1, /) -> bytes:
            raise RuntimeError("chunk")

    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": Broken(b"x")}
    with pytest.raises(Unreadable, match="cannot be read to its end"):
        intake.read_body(chunked, LIMITS)


def test_identity_is_no_compression() -> None:
    """The encoding `identity` says that there is none."""
    assert b"x" == intake.read_body(environ(b"x", HTTP_CONTENT_ENCODING=" Identity "), LIMITS)


# --- the encoding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (None, None),
        ("text/xml", None),
        ("text/xml; charset=utf-8", "utf-8"),
        ('application/xml; charset="UTF-8"', "utf-8"),
        ("TEXT/XML;charset=utf-16", "utf-16"),
        ("text/xml; charset=UTF-16BE", "utf-16be"),
        ("text/xml; charset=UTF-16LE", "utf-16le"),
        ("text/xml; charset=utf16-le", "utf-16le"),
        ("text/xml; charset=us-ascii", "us-ascii"),
    ],
)
def test_the_header_tells_the_encoding(header: str | None, encoding: str | None) -> None:
    """A charset of the Content-Type is taken in any spelling; without one nothing is declared."""
    assert encoding == intake.read_media(header).encoding


@pytest.mark.parametrize(
    "header", ["text/xml; charset=iso-8859-1", "text/xml; charset=utf-7", "application/json", "text/html"]
)
def test_other_media_and_charsets_are_refused(header: str) -> None:
    """What is no XML, or in a charset that is not taken, is refused before it is read."""
    with pytest.raises(UnsupportedMedia):
        intake.read_media(header)


DECLARED = "<?xml version='1.0' encoding='{}'?><a>\u00e9</a>"


@pytest.mark.parametrize(
    ("body", "header"),
    [
        ("<a>\u00e9</a>".encode(), None),
        ("\ufeff<a>\u00e9</a>".encode(), None),
        ("\ufeff<a>\u00e9</a>".encode(), "utf-8"),
        ("<a>\u00e9</a>".encode("utf-16"), None),
        ("<a>\u00e9</a>".encode("utf-16"), "utf-16"),
        ("<a>\u00e9</a>".encode("utf-16-le"), "utf-16"),
        ("<a>\u00e9</a>".encode("utf-16-be"), "utf-16be"),
        ("\ufeff<a>\u00e9</a>".encode("utf-16-be"), "utf-16be"),
        ("\ufeff<a>\u00e9</a>".encode("utf-16-be"), "utf-16"),
        ("\ufeff<a>\u00e9</a>".encode("utf-16-le"), "utf-16le"),
        ("<a>\u00e9</a>".encode("utf-16-le"), "utf-16le"),
        ("<a>\u00e9</a>".encode("utf-16-be"), "utf-16"),
        (DECLARED.format("utf-16").encode("utf-16-be"), None),
        (DECLARED.format("iso-8859-1").encode(), "utf-8"),
        (DECLARED.format("utf-16").encode(), "utf-8"),
    ],
)
def test_encodings_that_are_taken(body: bytes, header: str | None) -> None:
    """UTF-8 and UTF-16 are read with and without mark; what the header says wins over the document."""
    assert "\u00e9" == intake.parse(body, WIDE, header).root.text


@pytest.mark.parametrize(
    "body",
    [
        DECLARED.format("iso-8859-1").encode("latin-1"),
        DECLARED.format("windows-1252").encode("latin-1"),
        b"<?xml version='1.0' encoding='utf-7'?><a>+AOk-</a>",
        b"<?xml version='1.0' encoding='klingon'?><a/>",
        "<a/>".encode("utf-32"),
        DECLARED.format("utf-16").encode(),
        b"<a>\xff\xfe</a>",
    ],
)
def test_encodings_that_are_not_taken(body: bytes) -> None:
    """Any other encoding, and bytes that are not in theirs, are unreadable and no exception of lxml's."""
    with pytest.raises(Unreadable):
        intake.parse(body, WIDE)


@pytest.mark.parametrize("header", [None, "utf-8", "utf-16", "utf-16le", "utf-16be"])
def test_two_byte_order_marks_are_one_too_many(header: str | None) -> None:
    """One is no part of the document, a second one is, and nothing may stand before its root."""
    for order in ("utf-8", "utf-16-le", "utf-16-be") if header is None else (header,):
        codec = {"utf-16": "utf-16-le"}.get(order, order)
        assert "x" == intake.parse("\ufeff<a>x</a>".encode(codec), WIDE, header).root.text
        with pytest.raises(Unreadable):
            intake.parse("\ufeff\ufeff<a>x</a>".encode(codec), WIDE, header)


def test_a_header_that_does_not_fit_the_bytes_is_refused() -> None:
    """The header wins also where it is wrong, of the order of the bytes too."""
    for order, header in (("utf-16-be", "utf-16le"), ("utf-16-le", "utf-16be")):
        for text in ("<a>\u00e9</a>", "\ufeff<a>\u00e9</a>"):
            with pytest.raises(Unreadable):
                intake.parse(text.encode(order), WIDE, header)
    for header in ("us-ascii", "utf-16"):
        with pytest.raises(Unreadable):
            intake.parse("<a>\u00e9</a>".encode(), WIDE, header)


# --- the tree -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"x", b"<a>", b"<a/><b/>", b"<a>\0</a>"])
def test_what_is_no_document_is_unreadable(body: bytes) -> None:
    """Nothing, something else or a broken document is refused in our words."""
    with pytest.raises(Unreadable) as refused:
        intake.parse(body, WIDE)
    assert refused.value.text.startswith(("The message is empty.", "The message is not well-formed XML"))


def test_an_unreadable_document_names_its_line() -> None:
    """A sender finds the broken place."""
    with pytest.raises(Unreadable, match="line 3"):
        intake.parse(b"<a>\n<b>\n</a>", WIDE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/hostname'>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/x'>%x;]>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]>",
    ],
)
def test_a_doctype_is_refused(doctype: str, encoding: str) -> None:
    """A DOCTYPE is refused in any encoding: a scan of bytes would miss UTF-16."""
    declared = "<?xml version='1.0' encoding='utf-16'?>" if "16" in encoding else ""
    with pytest.raises(Unreadable, match="DOCTYPE"):
        intake.parse(f"{declared}{doctype}<a/>".encode(encoding), WIDE)


def test_the_word_doctype_is_harmless() -> None:
    """Negative control: what looks like a DOCTYPE in a comment or a text is none."""
    parsed = intake.parse(b"<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a>]]></a>", WIDE)
    assert "<!DOCTYPE a>" == parsed.root.text


def test_entities_are_not_resolved() -> None:
    """Negative control of the DOCTYPE's refusal: the parser itself resolves no entity either."""
    parser = document._parser()
    armed = etree.fromstring(b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>", parser)
    assert not armed.text
    assert "&x;" == armed[0].text


def test_comments_and_instructions_leave_the_text_whole() -> None:
    """A text is one text, whatever was put in between."""
    assert "xyz<w>" == intake.parse(b"<a>x<!-- c -->y<?p i?>z<![CDATA[<w>]]></a>", WIDE).root.text


def test_depth_is_capped() -> None:
    """As deep as the limit is taken, one level more is not."""
    assert 4 == intake.parse(b"<a>" * 4 + b"</a>" * 4, LIMITS).elements
    with pytest.raises(Unreadable, match="deeper than 4"):
        intake.parse(b"<a>" * 5 + b"</a>" * 5, LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_elements_are_capped(encoding: str) -> None:
    """As many as the limit are taken, one more is not."""
    assert 10 == intake.parse(f"<a>{'<b>x</b>' * 9}</a>".encode(encoding), LIMITS).elements
    with pytest.raises(TooLarge, match="more than the 10 elements"):
        intake.parse(f"<a>{'<b>x</b>' * 10}</a>".encode(encoding), LIMITS)


def test_no_tree_is_made_of_far_too_many_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two million empty elements fit into 8 MB, and into 300 MB as a tree: they are refused as bytes."""
    monkeypatch.setattr(document, "_parsed", None)
    with pytest.raises(TooLarge, match="200,000 elements"):
        intake.parse(b"<a>" + b"<b/>" * 2_000_000 + b"</a>", WIDE)


def test_comments_do_not_count_as_elements() -> None:
    """Negative control: what is no element is not taken for one."""
    assert 1 == intake.parse(b"<a>" + b"<!-- x --><?p i?><![CDATA[]]>" * 50 + b"</a>", LIMITS).elements


def attributes(count: int, form: str = 'p{}="x"') -> str:
    """An element with so many attributes."""
    return f"<a {' '.join(form.format(number) for number in range(count))}/>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("form", "most", "what"),
    [
        ('p{}="x"', WIDE.max_attributes, "64 attributes"),
        ("p{} = '>'", WIDE.max_attributes, "64 attributes"),
        ('p{}="&lt;=&quot;"', WIDE.max_attributes, "64 attributes"),
        ('xmlns:p{}="urn:x"', WIDE.max_namespaces, "32 namespaces"),
        ("\nxmlns:p{}\n=\n'urn:x'", WIDE.max_namespaces, "32 namespaces"),
    ],
)
def test_an_element_is_weighed_before_a_tree_is_made(
    form: str, most: int, what: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many attributes or namespaces as the limit are taken, one more is not, however it is written."""
    assert 1 == intake.parse(attributes(most, form).encode(encoding), WIDE).elements
    monkeypatch.setattr(document, "_parsed", None)
    with pytest.raises(TooLarge, match=what):
        intake.parse(attributes(most + 1, form).encode(encoding), WIDE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("form", ["<{}/>", "<a {}='x'/>", "<{}:a xmlns:{}='urn:x'/>", "<a\n{}='x'\n/>"])
@pytest.mark.parametrize("letter", ["n", "\u00e9"])
def test_names_are_capped(form: str, letter: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of an element, an attribute or a prefix has 256 characters, whatever their bytes."""
    most = form.replace("{}", letter * WIDE.max_name)
    assert 1 == intake.parse(most.encode(encoding), WIDE).elements
    monkeypatch.setattr(document, "_parsed", None)
    with pytest.raises(TooLarge, match="name of the message has more than 256"):
        intake.parse(form.replace("{}", letter * (WIDE.max_name + 1)).encode(encoding), WIDE)


def test_long_values_are_no_long_names() -> None:
    """Negative control: a namespace, an attribute and a text may be longer than a name."""
    long = "x" * 300
    assert 2 == intake.parse(f"<a xmlns='urn:{long}' b='{long}'><b>{long}</b></a>".encode(), WIDE).elements


CROWD = " ".join(f'a{number}="x"' for number in range(70))
HARMLESS = (f"a<{'b' * 300} ", f"a<b {CROWD}>", f"<{'c' * 300}/>", "<b/>" * 11, "a='b' " * 11, "<!DOCTYPE")


@pytest.mark.parametrize("inside", HARMLESS, ids=range(len(HARMLESS)))
@pytest.mark.parametrize("form", ["<a><![CDATA[{}]]></a>", "<a><!-- {} --></a>", "<a><?p {}?></a>"])
def test_what_looks_like_markup_is_weighed_as_what_it_is(form: str, inside: str) -> None:
    """In a CDATA section, a comment or an instruction nothing is an element, an attribute or a name: it is
    judged like the same text in any other spelling."""
    body = form.replace("{}", inside)
    assert 1 == intake.parse(body.encode(), LIMITS).elements
    escaped = inside.replace("<", "&lt;")
    text = intake.parse(f"<a>{escaped}</a>".encode(), LIMITS).root.text
    assert text == (intake.parse(body.encode(), LIMITS).root.text or text)


@pytest.mark.parametrize("most", [LIMITS.max_elements, 11])
def test_equal_signs_are_counted_where_attributes_are(most: int) -> None:
    """As many attributes as the limit are taken, whatever else has the sign; one more is not."""
    many, other = "<b c='x = y' d = \"='='\"/>" * (most // 2), "x = y " * 20
    text = f"<a>{other}{many}{'<e f=' + repr(other) + '/>' if most % 2 else ''}</a>"
    if most > LIMITS.max_elements:
        with pytest.raises(TooLarge, match="10 attributes"):
            intake.parse(text.encode(), LIMITS)
    else:
        assert 6 == intake.parse(text.encode(), LIMITS).elements


@pytest.mark.parametrize("aside", ["<!-- {} -->", "<![CDATA[{}]]>", "<?p {}?>", "{}"])
@pytest.mark.parametrize("tag", [f"<b {CROWD}/>", f"<{'b' * 300}/>", "<b/>" * 11])
def test_nothing_is_hidden_by_what_is_no_markup(
    aside: str, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much is refused before a tree is made, also beside what only looks like it; and so is
    what begins a comment in a tag, which no parser takes for one."""
    monkeypatch.setattr(document, "_parsed", None)
    for body in (
        f"<a>{aside.replace('{}', tag)}{tag}</a>",
        f"<a><b c='{aside.split('{}')[0] or '<'}'/>{tag}{aside.split('{}')[-1]}</a>",
        f"<a b{aside.replace('{}', tag)} /></a>",
        f"<a>{tag}{aside.split('{}')[0]}",
    ):
        with pytest.raises((TooLarge, Unreadable)):
            intake.parse(body.encode(), LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("form", ["<a xmlns='{}'/>", '<a><b xmlns:p = "{}"/></a>', "<a xmlns:p='&#117;{}'/>"])
def test_namespaces_are_no_longer_than_any_is(form: str, encoding: str) -> None:
    """What is declared once may be written for every element: a namespace has 400 characters at most."""
    most = document.LONGEST_NAMESPACE - form.count("&")
    assert 2 >= intake.parse(form.replace("{}", "u" * most).encode(encoding), WIDE).elements
    with pytest.raises(TooLarge, match="namespace of the message has more than 400 characters"):
        intake.parse(form.replace("{}", "u" * (most + 1)).encode(encoding), WIDE)


def test_long_values_that_look_like_namespaces_are_none() -> None:
    """Negative control: a text, an attribute or a comment may hold a long one."""
    long = f'xmlns:a="urn:{"x" * 500}"'
    body = f"<a b='{long}'><!-- {long} --><![CDATA[{long}]]></a>"
    assert long == intake.parse(body.encode(), WIDE).root.text


SPACES = " ".join(f'xmlns:p{number}="urn:{number:0380}"' for number in range(20))


@pytest.mark.parametrize("child", ["<p1:b/>", "<b p1:c='' p2:c='' p3:c=''/>", "<c><p1:b/><p2:b/></c>"])
def test_what_is_declared_once_is_not_written_a_thousand_times(child: str) -> None:
    """In canonical form each namespace stands where it is used: no message is to grow without measure."""
    with pytest.raises(TooLarge, match="4 times as large"):
        intake.parse(f"<a {SPACES}>{child * 20_000}</a>".encode(), WIDE)


def test_what_grows_in_proportion_is_taken() -> None:
    """Negative control: namespaces of usual length, declared once and used everywhere; and long ones that
    are used beneath one another, where they are written once."""
    usual = "<p:record><q:field>a value</q:field><q:field>another</q:field></p:record>" * 30_000
    declared = "xmlns:p='http://ns.medbiq.org/metrics/v1/' xmlns:q='http://ns.medbiq.org/lom/extend/v1/'"
    assert 90_001 == intake.parse(f"<a {declared}>{usual}</a>".encode(), WIDE).elements
    beneath = "<p1:c>" + "<p1:b/>" * 20_000 + "</p1:c>"
    assert 20_002 == intake.parse(f"<a {SPACES}>{beneath}</a>".encode(), WIDE).elements


def test_a_relative_namespace_hides_no_growth() -> None:
    """What has no canonical form cannot be measured, and is refused where it would have to be."""
    body = f"<a {SPACES} xmlns:r='r' r:c=''>{'<p1:b/>' * 20_000}</a>"
    with pytest.raises(Unreadable, match="relative"):
        intake.parse(body.encode(), WIDE)


def test_equal_signs_in_a_text_are_no_attributes() -> None:
    """Negative control: a text full of what looks like attributes is a text."""
    text = " ".join(f'p{number}="x"' for number in range(300))
    assert text == intake.parse(f"<a>{text}</a>".encode(), WIDE).root.text


def test_attributes_of_a_call_are_capped() -> None:
    """Elements that are each just below the limit are too many together: no more than elements."""
    many = attributes(4, 'p{}="x"') * 3
    with pytest.raises(TooLarge, match="10 attributes"):
        intake.parse(f"<a>{many}</a>".encode(), LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_namespaces_in_scope_are_capped(encoding: str) -> None:
    """Many namespaces in one place are refused, also where each element has few of them."""
    level = " ".join(f'xmlns:p{number}="urn:x"' for number in range(30))
    nested = f"<a {level}>" * 9 + "</a>" * 9
    with pytest.raises(TooLarge, match="256 namespaces"):
        intake.parse(nested.encode(encoding), WIDE)


def test_namespaces_side_by_side_are_taken() -> None:
    """Negative control: clients that declare their namespaces on each element anew do no harm."""
    many = '<m:b xmlns:m="urn:m" xmlns:n="urn:n"/>' * 1_000
    assert 1_001 == intake.parse(f"<a>{many}</a>".encode(), WIDE).elements


LONG = "x" * WIDE.max_text


@pytest.mark.parametrize("form", ["<a>{}</a>", "<a b='{}'/>", "<a><b/>{}</a>", "<a><![CDATA[{}]]></a>"])
def test_texts_are_capped(form: str) -> None:
    """131,072 characters are a text, one more is none; the error names the element and its line."""
    assert 2 >= intake.parse(form.replace("{}", LONG).encode(), WIDE).elements
    with pytest.raises(TextTooLong, match="line 2, has more than 131,072 characters") as refused:
        intake.parse(b"\n" + form.replace("{}", LONG + "x").encode(), WIDE)
    assert "xxx" not in refused.value.text


def test_white_space_is_no_text() -> None:
    """Negative control: how far apart elements stand is the sender's own affair."""
    assert 2 == intake.parse(b"<a>" + b" \n" * WIDE.max_text + b"<b/></a>", WIDE).elements


def test_a_text_in_pieces_is_one_text() -> None:
    """Neither comments nor CDATA sections nor references hide how long a text is."""
    half = LONG[: len(LONG) // 2]
    for piece in (f"{half}<!-- -->", f"<![CDATA[{half}]]>", f"{half}<?p?>", "&#120;" * len(half)):
        assert len(LONG) == len(intake.parse(f"<a>{piece * 2}</a>".encode(), WIDE).root.text or "")
        with pytest.raises(TextTooLong):
            intake.parse(f"<a>{piece * 2}x</a>".encode(), WIDE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize(
    "start", ["", "<?xml version='1.0'?>", "<!-- <a> --> \n <?p <a> ?>", "<?xml version='1.0'>"]
)
def test_no_declaration_of_a_doctype_is_read(
    start: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libxml2 takes minutes for two megabytes of attribute declarations: it never sees them."""
    monkeypatch.setattr(document, "_parsed", None)
    with pytest.raises(Unreadable, match=r"DOCTYPE|well-formed"):
        intake.parse(f"{start}<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>".encode(encoding), WIDE)


def test_the_parse_result_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the search in bytes: if it fails, the DOCTYPE is refused all the same."""
    monkeypatch.setattr(document, "DOCTYPE", b"never there")
    with pytest.raises(Unreadable, match="DOCTYPE"):
        intake.parse(b"<!DOCTYPE a><a/>", WIDE)


def test_instructions_are_known_where_it_matters() -> None:
    """A document knows whether it has processing instructions; its tree has none."""
    for body in (
        b"<?p?><a/>",
        b"<a><?p i?></a>",
        b"<a/><?p?>",
        b"<?xml version='1.0'?><?xml-stylesheet?><a/>",
    ):
        parsed = intake.parse(body, WIDE)
        assert (True, 0) == (parsed.has_instructions(), len(parsed.root))
    for body in (b"<?xml version='1.0'?><a/>", b"<a><!-- <?p?> --><![CDATA[<?p?>]]></a>"):
        assert not intake.parse(body, WIDE).has_instructions()


# --- the credentials -----------------------------------------------------------------------------------


def test_credentials_leave_the_tree() -> None:
    """What user and password say is nowhere any more; the provider's id stays, and where they stood."""
    operation = etree.fromstring(
        "<Save xmlns='urn:s'><ProviderId> 0001234 </ProviderId><User> lms </User>"
        "<Password> pass word </Password><Rest>x</Rest></Save>"
    )
    assert Credentials("0001234", "lms", " pass word ") == intake.take_credentials(operation)
    kept = etree.tostring(operation, method="c14n", exclusive=True)
    assert b"lms" not in kept
    assert b"pass " not in kept
    assert b"0001234" in kept
    parts = ["ProviderId", "User", "Password", "Rest"]
    assert parts == [etree.QName(child).localname for child in operation]


@pytest.mark.parametrize(
    "shown",
    [
        "<Password>one</Password><x:Password xmlns:x='urn:x'>two</x:Password>",
        "<User>a</User><User>b</User>",
        "<ProviderId>0001234</ProviderId><ProviderId>0001234</ProviderId>",
        "<Password><q:x xmlns:q='urn:q'/></Password>",
    ],
)
def test_credentials_stand_once_and_as_texts(shown: str) -> None:
    """Two of a kind are refused, whatever their namespace, and so is what holds elements."""
    with pytest.raises(NotAuthenticated):
        intake.take_credentials(etree.fromstring(f"<Save>{shown}</Save>"))


def test_attributes_are_counted_in_every_encoding() -> None:
    """In UTF-16 the bytes of some signs look like those of others, which leads a scan of bytes astray."""
    crowd = " ".join(f'a{number}="\u3c3c"' for number in range(70))
    with pytest.raises(TooLarge, match="attributes"):
        intake.parse(f"<a><b {crowd}/></a>".encode("utf-16"), Limits())


def test_what_was_not_given_is_none() -> None:
    """Absent and empty credentials are the same."""
    operation = etree.fromstring("<Save><ProviderId> </ProviderId><User/><Password></Password></Save>")
    assert Credentials() == intake.take_credentials(operation)
