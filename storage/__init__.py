"""The doorway to the database: open a store, then read and write through units of work.

Nothing else of the gateway sees SQL, and only the assembly opens this door.
"""

from collections.abc import Callable

from gateway.records import Activity
from storage.callouts import Callouts
from storage.engine import Clock, open_engine
from storage.questions import Chunk
from storage.repositories import Lasting
from storage.sealed import Sealer
from storage.store import Store
from storage.unit import Unit

__all__ = ["Callouts", "Chunk", "Clock", "Sealer", "Store", "Unit", "open_store"]


def open_store(
    url: str,
    sealer: Sealer,
    clock: Clock,
    lasting: Callable[[Activity], Lasting],
    chunk: Chunk = lambda _: 100,
) -> Store:
    """Name the database to work with; no connection is opened yet.

    `url` is a SQLAlchemy URL of SQLite or PostgreSQL, `sealer` seals the payloads kept for proof,
    `clock` tells the aware time that rows are stamped with, `lasting` what of an activity's status does not
    hang on the day, by which a search by status finds it, `chunk` how many credits a question to a board
    may hold. Raises StoreUnavailable if the URL is not one this program knows.
    """
    return Store(open_engine(url), sealer, clock, lasting, chunk)
