"""Where a call comes from, as far as the proxies in between are trusted to say so."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.records import Origin

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The proxies whose X-Forwarded headers count: addresses or networks separated by commas, `*` for all.

    With `plain`, passwords may come over plain HTTP from anywhere.
    """

    def __init__(self, trusted: str = "127.0.0.1,::1", *, plain: bool = False) -> None:
        named = [name.strip() for name in trusted.split(",") if name.strip()]
        every = ["0.0.0.0/0", "::/0"] if "*" in named else named
        self._networks = tuple(ipaddress.ip_network(name) for name in every)
        self._plain = plain

    def origin(self, environ: Mapping[str, Any]) -> Origin:
        """Where a WSGI request comes from. What has no address came by a socket of this machine.

        The scheme is what the server made of X-Forwarded-Proto, which it takes from the same proxies; who
        sends that is a proxy, even where it does not say for whom.
        """
        peer = str(environ.get("REMOTE_ADDR") or "")
        address = _read(peer)
        if address is not None and self.trusts(peer):
            address = self._before(address, str(environ.get("HTTP_X_FORWARDED_FOR") or ""))
        own = (address is None or address.is_loopback) and not environ.get("HTTP_X_FORWARDED_PROTO")
        private = own or self._plain or environ.get("wsgi.url_scheme") == "https"
        return Origin("" if address is None else str(address), _source(address), private)

    def trusts(self, address: str) -> bool:
        """Whether it is the address of one of them."""
        read = _read(address)
        return read is not None and any(read in network for network in self._networks)

    def _before(self, proxy: Address, forwarded: str) -> Address:
        """Who called the first of our proxies: the last one named whom we do not trust to name others."""
        last = proxy
        for name in reversed(forwarded.split(",")):
            address = _read(name)
            if address is None:
                return last
            last = address
            if not self.trusts(name):
                return last
        return last


def _source(address: Address | None) -> str:
    """What counts as one source: whoever has an IPv6 address has 2^64 of them."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return "" if address is None else str(address)


@lru_cache(1024)
def _read(text: str) -> Address | None:
    """An address, maybe with a port; an IPv4 one that is dressed as IPv6 is itself."""
    text = text.strip()
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
