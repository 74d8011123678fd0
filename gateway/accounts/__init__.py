"""Accounts: who is calling, how they prove it, and how often they may.

`showing` reads what a caller shows by HTTP, `token` what stands in a WS-Security header; `gatekeeper` holds
it against the store, `secret` is what the store keeps; `origin` tells where a call comes from, `rate` counts
how often someone comes.
"""

from gateway.accounts.gatekeeper import Counters, Gatekeeper, Guard, Limits
from gateway.accounts.origin import Proxies
from gateway.accounts.rate import Rate, Rates
from gateway.accounts.secret import Seal, hash_secret, new_secret, seal_secret
from gateway.accounts.showing import combine, from_basic, from_http
from gateway.accounts.token import SECURITY, WSSE, read_security

__all__ = [
    "SECURITY",
    "WSSE",
    "Counters",
    "Gatekeeper",
    "Guard",
    "Limits",
    "Proxies",
    "Rate",
    "Rates",
    "Seal",
    "combine",
    "from_basic",
    "from_http",
    "hash_secret",
    "new_secret",
    "read_security",
    "seal_secret",
]
