"""Where a call comes from, as far as proxies are trusted to say so."""

from __future__ import annotations

import pytest

from gateway.accounts import Proxies
from gateway.records import Origin

HERE, PROXY, OTHER_PROXY, CALLER = "127.0.0.1", "10.0.0.1", "10.0.0.2", "192.0.2.7"
BOTH = f"{PROXY},{OTHER_PROXY}"


def _origin(trusted: str, address: str, forwarded: str = "", scheme: str = "http") -> Origin:
    environ = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": forwarded, "wsgi.url_scheme": scheme}
    return Proxies(trusted).origin(environ)


@pytest.mark.parametrize(
    ("trusted", "address", "forwarded", "expected"),
    [
        (HERE, CALLER, "", CALLER),
        (HERE, HERE, "", HERE),
        (HERE, HERE, CALLER, CALLER),
        (HERE, CALLER, "198.51.100.1", CALLER),  # whom nobody trusts names nobody
        (PROXY, PROXY, f"198.51.100.1, {CALLER}", CALLER),  # the caller may have named others itself
        (BOTH, PROXY, f"{CALLER}, {OTHER_PROXY}", CALLER),
        (BOTH, PROXY, f"198.51.100.1, {CALLER}, {OTHER_PROXY}", CALLER),
        (BOTH, PROXY, OTHER_PROXY, OTHER_PROXY),
        (PROXY, PROXY, "unknown", PROXY),
        (PROXY, PROXY, f"{CALLER}, nonsense", PROXY),
        ("10.0.0.0/8", PROXY, CALLER, CALLER),
        ("*", PROXY, f"{CALLER}, 198.51.100.1", CALLER),
        (PROXY, PROXY, f"{CALLER}:4711", CALLER),
        (PROXY, f"::ffff:{PROXY}", CALLER, CALLER),
        (HERE, "", "", ""),
    ],
)
def test_address(trusted: str, address: str, forwarded: str, expected: str) -> None:
    """The first address, from our side, that is none of our proxies; and the whole of what counts."""
    origin = _origin(trusted, address, forwarded)
    assert (expected, expected) == (origin.address, origin.source)


@pytest.mark.parametrize(
    ("trusted", "address", "is_trusted"),
    [
        (PROXY, PROXY, True),
        (PROXY, f"::ffff:{PROXY}", True),
        ("*", CALLER, True),
        (PROXY, CALLER, False),
        ("*", "", False),
    ],
)
def test_who_is_trusted(trusted: str, address: str, is_trusted: bool) -> None:
    """Every door asks the same: an IPv4 address that is dressed as IPv6 is itself, a socket's is none."""
    assert is_trusted == Proxies(trusted).trusts(address)


@pytest.mark.parametrize("shown", ["2001:db8::1", "[2001:db8::1]:443", "2001:db8:0:0:5::%eth0"])
def test_a_network_of_ipv6_is_one_source(shown: str) -> None:
    """Whoever has one of its addresses has them all."""
    assert "2001:db8::/64" == _origin(PROXY, PROXY, shown).source


@pytest.mark.parametrize(
    ("address", "forwarded", "scheme", "private"),
    [
        (HERE, "", "http", True),
        ("::1", "", "http", True),
        ("", "", "http", True),
        (CALLER, "", "http", False),
        (CALLER, "", "https", True),
        (HERE, CALLER, "http", False),
        (HERE, CALLER, "https", True),
        (HERE, HERE, "http", True),
        (CALLER, HERE, "http", False),
    ],
)
def test_private(address: str, forwarded: str, scheme: str, private: bool) -> None:
    """Nobody listens on this machine, nor within TLS; an untrusted word about it counts nothing."""
    assert private == _origin(HERE, address, forwarded, scheme).private


def test_a_proxy_that_names_nobody_is_a_proxy() -> None:
    """Where one says by what scheme it was called, it is that which counts, and not that it is here."""
    environ = {"REMOTE_ADDR": HERE, "HTTP_X_FORWARDED_PROTO": "http", "wsgi.url_scheme": "http"}
    assert not Proxies().origin(environ).private
    assert Proxies().origin({**environ, "wsgi.url_scheme": "https"}).private


def test_plain_passwords_can_be_allowed() -> None:
    """Where the operator says so, plain HTTP will do."""
    assert Proxies(plain=True).origin({"REMOTE_ADDR": CALLER, "wsgi.url_scheme": "http"}).private
