"""A year lived through by a zeep client that knows nothing but the served contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zeep
from served import OTHER_ACCOUNT, Served

pytestmark = [pytest.mark.network, pytest.mark.contract]


@pytest.fixture
def call(served: Served) -> Iterator[Any]:
    """A function that calls an operation with the account of a provider that reports nothing else here."""
    transport = zeep.Transport(timeout=10, operation_timeout=30)
    client = zeep.Client(served.wsdl("v2"), transport=transport)
    yield lambda operation, **given: getattr(client.service, operation)(**OTHER_ACCOUNT, **given)
    transport.session.close()


def test_a_year_is_reported(call: Any) -> None:
    """Refused with each open step, then agreed to, submitted with the contacts, and told so."""
    refused = call("SubmitProgramSummary", Year=2019)
    assert ("Failure", ["P901", "P905"]) == (
        refused.Outcome,
        [finding.Code for finding in refused.Result[0].Finding],
    )
    assert "Added" == call("AcceptAgreement", Year=2019).Result[0].Action
    late = call("SubmitProgramSummary", Year=2019, ContactsReviewed=True).Result[0]
    assert ("Added", ["P909"]) == (late.Action, [finding.Code for finding in late.Finding])
    summary = call("GetProgramSummary", Year=2019)
    assert (2019, "2020-03-31", False) == (summary.Year, str(summary.DueDate), summary.Overdue)
    assert (OTHER_ACCOUNT["User"], [True] * 5) == (summary.SubmittedBy, [step.Done for step in summary.Step])
    assert (0, 0, []) == (summary.Figures.Activities, summary.Figures.Physicians, summary.Figures.Format)


def test_a_year_that_is_none_is_refused(call: Any) -> None:
    """The control: a year is four digits."""
    with pytest.raises(zeep.exceptions.Fault) as caught:
        call("GetProgramSummary", Year=19)
    assert "X012" in str(caught.value.message)
