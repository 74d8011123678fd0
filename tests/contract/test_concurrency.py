"""Many clients at once: what was sent once is done once, and nothing that was sent is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from served import Served
from wire import Answer, course, envelope, parameters, post, saving

pytestmark = [pytest.mark.network, pytest.mark.contract]

TOGETHER = 16
CLIENTS, EACH = 8, 25


def at_once(served: Served, bodies: list[bytes], clients: int) -> list[Answer]:
    """Send bodies from several clients at the same time; the answers in their order."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda body: post(served, "v2", body), bodies))


def test_one_key_is_done_once(served: Served, own_id: str) -> None:
    """Sixteen identical submissions under one key make one activity and one receipt; one is the first."""
    answers = at_once(served, [saving("v2", course(own_id), SubmissionKey=own_id)] * TOGETHER, TOGETHER)
    assert {(200, "Added")} == {answer.told for answer in answers}
    assert 1 == len({tuple(answer.texts("ReceiptId")) for answer in answers})
    assert 1 == len({tuple(answer.texts("ActivityId")) for answer in answers})
    assert {tuple(answers[0].texts("ReceivedAt"))} == {
        tuple(answer.texts("ReceivedAt")) for answer in answers
    }
    assert ["false"] + ["true"] * (TOGETHER - 1) == sorted(answer.texts("Replayed")[0] for answer in answers)


def test_without_a_key_each_is_done(served: Served, own_id: str) -> None:
    """Negative control: without a key the same sixteen are sixteen calls, of which one adds."""
    answers = at_once(served, [saving("v2", course(own_id))] * TOGETHER, TOGETHER)
    actions = sorted(answer.texts("Action")[0] for answer in answers)
    assert ["Added"] + ["Unchanged"] * (TOGETHER - 1) == actions
    assert TOGETHER == len({answer.texts("ReceiptId")[0] for answer in answers})
    assert 1 == len({answer.texts("ActivityId")[0] for answer in answers})


def test_a_key_with_different_contents_takes_one(served: Served, new_id: Callable[[], str]) -> None:
    """Of different contents under one key, sent at once, one is done and all others are refused."""
    key, own_ids = new_id(), [new_id() for _ in range(TOGETHER)]
    bodies = [saving("v2", course(own_id), SubmissionKey=key) for own_id in own_ids]
    told = sorted(answer.told for answer in at_once(served, bodies, TOGETHER))
    assert [(200, "Added")] + [(500, "S004")] * (TOGETHER - 1) == told
    assert 1 == sum(answer.status == 200 for answer in at_once(served, [*map(asking, own_ids)], TOGETHER))


@pytest.mark.slow
def test_nothing_is_lost_among_many_clients(served: Served, new_id: Callable[[], str]) -> None:
    """Eight clients with 25 activities each leave 200, under 200 ids, each with what was sent."""
    own_ids = [new_id() for _ in range(CLIENTS * EACH)]
    bodies = [saving("v2", course(own_id, f"Title of {own_id}")) for own_id in own_ids]
    saved = at_once(served, bodies, CLIENTS)
    assert {(200, "Added")} == {answer.told for answer in saved}
    assert own_ids == [answer.texts("ProviderActivityId")[0] for answer in saved]
    ids = [answer.texts("ActivityId")[0] for answer in saved]
    assert len(own_ids) == len(set(ids))
    read = at_once(served, [*map(asking, own_ids)], CLIENTS)
    assert [[f"Title of {own_id}"] for own_id in own_ids] == [answer.texts("string")[:1] for answer in read]
    assert ids == [answer.texts("ActivityId")[0] for answer in read]


def asking(own_id: str) -> bytes:
    """A GetActivity call."""
    return envelope("v2", "GetActivity", parameters(ProviderActivityId=own_id))
