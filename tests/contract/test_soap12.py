"""SOAP 1.2 as its clients speak it: zeep from the twin of the contract, and HTTP by hand."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import zeep
from lxml import etree
from served import ACCOUNT, Served
from wire import connect, course, envelope, exchange, parameters, post, saving

pytestmark = [pytest.mark.network, pytest.mark.contract]

ENV = "http://www.w3.org/2003/05/soap-envelope"
MEDIA = "application/soap+xml; charset=utf-8"
ZEEP: Any = zeep  # declares itself typed, but its functions are not


@pytest.fixture
def served(served_on_sqlite: Served) -> Served:
    """One database is enough: none of this reaches it."""
    return served_on_sqlite


@pytest.fixture
def client(served: Served) -> Any:
    """A zeep client of v2 in SOAP 1.2."""
    transport = ZEEP.Transport(timeout=10, operation_timeout=10)
    made = ZEEP.Client(f"{served.wsdl('v2')}&soap=1.2", transport=transport)
    yield made.service
    transport.session.close()


def in_12(body: bytes) -> bytes:
    """A call, in an envelope of SOAP 1.2."""
    return body.replace(b"http://schemas.xmlsoap.org/soap/envelope/", ENV.encode())


def test_zeep_calls(client: Any) -> None:
    """A client made from the twin calls, and is answered with typed objects."""
    assert "Soap12Binding" == type(client._binding).__name__
    assert "v2" == client.GetServiceInfo().ServiceVersion


def test_zeep_reads_a_fault(client: Any) -> None:
    """A refusal is zeep's own Fault: Sender, our code as its subcode, our detail."""
    with pytest.raises(zeep.exceptions.Fault) as refused:
        client.GetActivity(**ACCOUNT | {"Password": "wrong"}, ProviderActivityId="none")
    assert "env:Sender" == refused.value.code
    assert ["{urn:cme-gateway:fault:1}S001"] == [name.text for name in refused.value.subcodes]
    assert "S001" == refused.value.detail.findtext(".//{*}Code")


@pytest.mark.parametrize("action", ["", "; action=urn:cme-gateway:service:v2/SaveActivity"])
def test_both_kinds_share_a_connection(served: Served, own_id: str, action: str) -> None:
    """Calls in turn in both kinds of SOAP at one address: each is answered in its own."""
    body = saving("v2", course(own_id))
    connection = connect(served)
    try:
        for kind, told in zip(itertools.cycle(("1.1", "1.2")), ("Added", *["Unchanged"] * 3), strict=False):
            headers = {"Content-Type": f"{MEDIA}{action}"} if kind == "1.2" else {}
            answer = exchange(connection, "v2", in_12(body) if kind == "1.2" else body, headers)
            assert ((200, told), kind == "1.2") == (answer.told, etree.QName(answer.root).namespace == ENV)
    finally:
        connection.close()


def test_a_refused_call_is_400(served: Served) -> None:
    """Whoever must change something is told so by HTTP too."""
    asked = in_12(envelope("v2", "GetActivity", parameters(ActivityId="1")))
    assert (400, "S003") == (lambda answer: (answer.status, answer.texts("Code")[-1]))(
        post(served, "v2", asked, {"Content-Type": MEDIA})
    )
