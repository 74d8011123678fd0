"""The audit log's other half: rows are chained so that tampering shows, and the chain is looked through.

Rows are written in the transactions they tell of (gateway/store.py); here they are sealed, the end of
the chain is noted outside the database, failed attempts are kept together, and all of it is verified.
"""

from gateway.audit.chain import Chain
from gateway.audit.heads import Heads, Noted
from gateway.audit.refusals import Refusals, attempting
from gateway.audit.sealer import Sealer
from gateway.audit.trail import Trail
from gateway.audit.verifying import Verified, overdue, verify

__all__ = [
    "Chain",
    "Heads",
    "Noted",
    "Refusals",
    "Sealer",
    "Trail",
    "Verified",
    "attempting",
    "overdue",
    "verify",
]
