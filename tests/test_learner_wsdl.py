"""The questions about learners and their answers, typed in foreign clients from the contract on disk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from offered import OPERATIONS
from test_wsdl import complaints, service_schema, suds_client, zeep_client

LEARNER_ROW = {"ActivityId": "202600001", "LearnerId": "900001", "BirthDate": "02-29"}
QUESTIONS: list[tuple[str, str, dict[str, Any]]] = [
    *((version, "GetLearnerStatusByLearner", LEARNER_ROW) for version in OPERATIONS),
    *((version, "GetLearnerStatusByCreditId", {"CreditId": "ccid:demo:1"}) for version in OPERATIONS),
    ("v2", "GetLearnerMatch", {"Learner": [{"LastName": "Quimby-Torres", "NPI": "1234567893"}, {}]}),
    ("v2", "FindLearners", {"LastName": "Quimby-Torres", "Status": "Submitted", "PageSize": 500}),
]


@pytest.mark.parametrize(("version", "operation", "asked"), QUESTIONS)
def test_a_question_about_learners_is_valid(version: str, operation: str, asked: dict[str, Any]) -> None:
    """zeep and suds make valid calls of the operations that read, with nothing but what must stand."""
    client = zeep_client(version)
    assert [] == complaints(version, client.create_message(client.service, operation, **asked))
    request = getattr(suds_client(version).service, operation)(**asked)
    assert [] == complaints(version, etree.fromstring(request.envelope))


@pytest.mark.parametrize("size", [0, 501])
def test_a_page_has_bounds(size: int) -> None:
    """Negative control: a page of none or of too many rows is complained of."""
    client = zeep_client("v2")
    message = client.create_message(client.service, "FindLearners", LastName="A", PageSize=size)
    assert complaints("v2", message)


@pytest.mark.parametrize("version", OPERATIONS)
def test_an_answer_about_credits_is_typed(version: str) -> None:
    """zeep reads a credit's status as a record of plain values; an answer without one is none."""
    client = zeep_client(version)
    answer = etree.fromstring(f"""
      <GetLearnerStatusByCreditIdResponse xmlns="urn:cme-gateway:service:{version}">
        <GetLearnerStatusByCreditIdResult><LearnerCredit>
          <ActivityId>202600001</ActivityId><CreditId>ccid:demo:1</CreditId><Board>ABIM</Board>
          <CreditType>Medical Knowledge</CreditType><Amount>0.25</Amount>
          <CompletionDate>2026-03-10</CompletionDate><Status>Rejected</Status><Reason>A</Reason>
          <SubmittedAt>2026-03-11T00:00:00Z</SubmittedAt>
        </LearnerCredit></GetLearnerStatusByCreditIdResult>
      </GetLearnerStatusByCreditIdResponse>""")
    schema = service_schema(version)
    schema.assertValid(answer)
    read = client.get_element(answer.tag).parse(answer, client.wsdl.types)
    (credit,) = read.GetLearnerStatusByCreditIdResult.LearnerCredit
    assert ("Rejected", Decimal("0.25")) == (credit.Status, credit.Amount)
    assert (date(2026, 3, 10), None) == (credit.CompletionDate, credit.MatchedFrom)
    answer[0].remove(answer[0][0])
    assert not schema.validate(answer)
