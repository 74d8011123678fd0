"""WS-Security as zeep and suds write it, against a served gateway on each database."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import suds
import suds.client
import suds.wsse
import zeep
from served import PASSWORD, PROVIDER, USER, Served
from zeep.wsse.username import UsernameToken

from gateway import assembly
from gateway.accounts import seal_secret
from gateway.errors import Refused
from gateway.records import Account
from gateway.sealing import load_key

pytestmark = [pytest.mark.network, pytest.mark.contract]

SECRET = "generated-secret-of-the-contract"
MACHINE = f"{PROVIDER}/machine"


@pytest.fixture
def machine(served: Served) -> Served:
    """A gateway with a machine user too."""
    configured = served.configured
    key = load_key(configured.key_file)
    # An earlier test on this gateway may have added it.
    with assembly.opened(configured) as store, suppress(Refused):
        store.accounts.add_user(Account(PROVIDER, "machine", seal_secret(SECRET, key)))
    return served


def _ask(served: Served, version: str, *shown: Any, **more: Any) -> str:
    """The code of the fault with which a call for an unknown activity is answered, and WS-Security's."""
    client = zeep.Client(served.wsdl(version), wsse=UsernameToken(*shown, **more))
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.GetActivity(ActivityId="209900077")
    detail = client.wsdl.types.deserialize(caught.value.detail[0])
    return f"{detail.Code} {caught.value.code}"


IN, OUT = "S003 soap:Client", "S001 wsse:FailedAuthentication"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_zeep(machine: Served, version: str) -> None:
    """Text and digest let in; a wrong secret, and the digest of a chosen password, do not."""
    assert IN == _ask(machine, version, MACHINE, SECRET)
    assert IN == _ask(machine, version, MACHINE, SECRET, use_digest=True)
    assert IN == _ask(machine, version, MACHINE, SECRET, use_digest=True, zulu_timestamp=True)
    assert IN == _ask(machine, version, f"{PROVIDER}/{USER}", PASSWORD)
    assert OUT == _ask(machine, version, MACHINE, "wrong", use_digest=True)
    assert OUT == _ask(machine, version, f"{PROVIDER}/{USER}", PASSWORD, use_digest=True)


def test_sixteen_with_one_nonce(machine: Served) -> None:
    """Of sixteen calls at once that bear the same token, whichever worker gets them, one is let in."""
    told: list[str] = []
    came = threading.Barrier(16)
    shown = {"use_digest": True, "nonce": "one-nonce-of-" + machine.url, "created": datetime.now(UTC)}

    def come() -> None:
        came.wait()
        told.append(_ask(machine, "v2", MACHINE, SECRET, **shown))

    threads = [threading.Thread(target=come) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [OUT] * 15 + [IN] == sorted(told, key=lambda one: one == IN)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # suds asks the time by it
def test_suds(machine: Served, tmp_path: Any) -> None:
    """An older toolkit, with nonce and created beside the text."""
    token = suds.wsse.UsernameToken(MACHINE, SECRET)
    token.setnonce()
    token.setcreated()
    security = suds.wsse.Security()
    security.tokens.append(token)
    client = suds.client.Client(machine.wsdl("v2"), cache=None, wsse=security)
    with pytest.raises(suds.WebFault, match="S003"):
        client.service.GetActivity(ActivityId="209900077")
