"""The baseline as gunicorn loads it; BASELINE_DATABASE is its SQLAlchemy URL."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.orm import sessionmaker

import gateway.spyne_shim  # noqa: F401  must come before spyne
from bench.baseline.models import SPACE, Activity, ActivityRow, Base, Completion, CompletionRow

from spyne import Application, Array, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

COMPLETION = {
    "activity_id": "ActivityId",
    "credit_id": "CreditId",
    "first_name": "FirstName",
    "last_name": "LastName",
    "birth_date": "BirthDate",
    "state": "State",
    "licence": "Licence",
    "npi": "Npi",
    "board": "Board",
    "board_id": "BoardId",
    "credit_type": "CreditType",
    "unit": "Unit",
    "amount": "Amount",
    "completed_on": "CompletedOn",
}
ACTIVITY = {
    "provider_activity_id": "ProviderActivityId",
    "title": "Title",
    "format": "Format",
    "start_date": "StartDate",
    "end_date": "EndDate",
    "description": "Description",
}


def opened(url: str) -> Engine:
    """An engine on the database, whose tables are made where they are missing."""
    engine = create_engine(url, connect_args={"timeout": 30} if url.startswith("sqlite") else {})
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

    Base.metadata.create_all(engine)
    return engine


class Baseline(Service):  # type: ignore[misc]  # spyne has no types
    """Its three operations."""

    @rpc(Activity, _returns=Activity)  # type: ignore[untyped-decorator]  # likewise
    def EchoActivity(ctx: Any, activity: Any) -> Any:  # noqa: N802, N805  spyne's way
        """Give back what came."""
        return activity

    @rpc(Activity, _returns=Unicode)  # type: ignore[untyped-decorator]  # likewise
    def SaveActivity(ctx: Any, activity: Any) -> str:  # noqa: N802, N805  spyne's way
        """Store one activity."""
        row = {column: getattr(activity, name) for column, name in ACTIVITY.items()}
        with sessions.begin() as session:
            session.execute(insert(ActivityRow), [row])
        return str(activity.ProviderActivityId)

    @rpc(Array(Completion), _returns=Integer)  # type: ignore[untyped-decorator]  # likewise
    def SaveCompletions(ctx: Any, completions: Any) -> int:  # noqa: N802, N805  spyne's way
        """Store a batch of completions."""
        rows = [{column: getattr(one, name) for column, name in COMPLETION.items()} for one in completions]
        with sessions.begin() as session:
            session.execute(insert(CompletionRow), rows)
        return len(rows)


sessions = sessionmaker(opened(os.environ["BASELINE_DATABASE"]))
application = WsgiApplication(
    Application([Baseline], SPACE, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
)
