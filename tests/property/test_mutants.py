"""Requests that went wrong in a sender's program: however they did, they are answered, by the contract.

Requests to every operation are made up from its contract and from golden payloads, changed here and there,
and asked of a gateway on a real store: first as a dry run, where there is one, then in earnest.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from fakes import PASSWORD, PROVIDER, USER
from housed import gateway_of, housed
from lxml import etree
from messages import check_answer, text

import xsd
from gateway import assembly, explaining, intake
from gateway.errors import GatewayError, Refused
from gateway.service import V2, VERSIONS, Gateway, ServiceVersion

Element = etree._Element

COUNT, SEED = 1_200, 20261123
XS, XSI = "{http://www.w3.org/2001/XMLSchema}", "{http://www.w3.org/2001/XMLSchema-instance}"
GOLDEN = Path(__file__).parents[1] / "golden"
ACCOUNT = {"ProviderId": PROVIDER, "User": USER, "Password": PASSWORD}
RARE = {"SubmissionKey", "ValidateOnly", "AllOrNothing", "PageToken"}
CODES = {str(row["code"]) for row in assembly.catalogue()}
LIKELY = ("2026", "true", "5", "2026-03-10", "199900001", "ABIM", "Closed", "ccid:demo:1", "1.0", "Somebody")
ODD = (
    *(
        "",
        " ",
        "\u2028",
        "\ufeff",
        "\u202e",
        "é",
        "\U0001d518",
        "\uff12",
        "<b>",
        "&amp;",
        "' OR 1=1",
        "%",
        "_",
    ),
    *("-0", "+5", "1e9", "1e-7", "NaN", "INF", "=1+1", "1,200", "0" * 100, "9" * 20, "a" * 5_000),
    *("0000-01-01", "9999-12-31T24:00:00", "99999-12-31", f"{'9' * 20}-12-31", "2027-02-30", "--02-29"),
)


@dataclass
class Bench:
    """A gateway on a real store, and what was asked of it."""

    gateway: Gateway
    asked: set[tuple[str, str]]

    def breaches(self, count: int) -> Iterator[str]:
        """What is not as it has to be in the answers to so many requests."""
        chance = Random(SEED)
        for _ in range(count):
            version = chance.choice(VERSIONS)
            name = chance.choice([*version.operations, "SaveActivity", "SaveLearnerActivity"])
            sent = _changed(_request(version, name, chance), chance)
            self.asked.add((version.name, name))
            dry = self._answer(version, _dry(sent)) if _may_be_dry(sent, version) else None
            answer = self._answer(version, sent)
            for breach in _breaches(answer, dry, version):
                yield f"{breach}: {etree.tostring(sent).decode()}"

    def _answer(self, version: ServiceVersion, sent: Element) -> Element | GatewayError:
        try:
            request = intake.parse(etree.tostring(sent), self.gateway.limits).root
            return version.answer(request, self.gateway, None, "trace")
        except GatewayError as error:
            return error


def _breaches(
    answer: Element | GatewayError, dry: Element | GatewayError | None, version: ServiceVersion
) -> Iterator[str]:
    if isinstance(answer, GatewayError):
        if not isinstance(answer, Refused):
            yield f"a fault of ours, {answer.code}"
        if not answer.remedy:
            yield f"{answer.code} without a remedy"
        return
    check_answer(answer, version.name)
    for found in answer.iterfind(".//{*}Finding"):
        if text(found, "Code") not in CODES or not text(found, "Remedy"):
            yield f"{text(found, 'Code')} is not in the catalogue, or has no remedy"
    if dry is not None and (isinstance(dry, GatewayError) or _told(dry) != _told(answer)):
        yield "the dry run tells something else"


def _told(answer: Element) -> list[tuple[str | None, ...]]:
    """What an answer says of each record, but for what only what was stored can be told."""
    return [
        (text(one, "RecordNumber"), text(one, "Action"), *sorted(_findings(one)))
        for one in answer.iterfind(".//{*}Result")
    ]


def _findings(result: Element) -> Iterator[str]:
    for found in result.iterfind("{*}Finding"):
        if (code := text(found, "Code")) != "A910":
            yield f"{code} {text(found, 'Path')} {text(found, 'Text')}"


# --- requests that are made up -------------------------------------------------------------------------


def _request(version: ServiceVersion, name: str, chance: Random) -> Element:
    """A request as its contract has it, most of what may be left out left out now and then."""
    contract = etree.parse(Path(xsd.__file__).parent / "service" / version.name / "service.xsd").getroot()
    types = {one.get("name"): one for one in contract.iterfind(f"{XS}complexType")}
    declared = next(one for one in contract.iterfind(f"{XS}element") if one.get("name") == name)
    request = etree.Element(f"{{{version.namespace}}}{name}")
    _fill(request, declared, types, chance)
    return request


def _fill(parent: Element, declared: Element, types: dict[str | None, Element], chance: Random) -> None:
    for one in declared.iter(f"{XS}element"):
        name, kind = str(one.get("name")), types.get(str(one.get("type")).rpartition(":")[2])
        if one is declared or (name not in ACCOUNT and chance.random() < (0.9 if name in RARE else 0.2)):
            continue
        if ref := one.get("ref"):
            parent.append(_payload("activity" if ref.startswith("act:") else "learner", chance))
            continue
        for _ in range(chance.choice([1, 1, 2]) if kind is not None else 1):
            child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
            if kind is not None:
                _fill(child, kind, types, chance)
            else:
                child.text = ACCOUNT.get(name) or chance.choice(LIKELY)


def _payload(kind: str, chance: Random) -> Element:
    return etree.parse(chance.choice(sorted(GOLDEN.glob(f"{kind}_*/*.xml")))).getroot()


def _may_be_dry(sent: Element, version: ServiceVersion) -> bool:
    names = {etree.QName(child).localname for child in sent.iterchildren("*")}
    writes = etree.QName(sent).localname in WRITING
    return writes and version is V2 and not names & {"ValidateOnly", "SubmissionKey"}


WRITING = {
    *("SaveActivity", "SaveLearnerActivity", "UpdateLearnerCounts", "CloseActivity", "CopyActivity"),
    *("AcceptAgreement", "SubmitProgramSummary"),
}


def _dry(sent: Element) -> Element:
    """The same to be judged only; it comes last, so that all that is told has the same place."""
    dry = copy.deepcopy(sent)
    etree.SubElement(dry, f"{{{V2.namespace}}}ValidateOnly").text = "true"
    return dry


# --- what goes wrong with them -------------------------------------------------------------------------


def _changed(request: Element, chance: Random) -> Element:
    """A request with up to six changes below its parameters; its credentials stay."""
    for _ in range(chance.choice([0, 1, 1, 2, 3, 6])):
        inner = [one for child in request for one in child.iterdescendants("*")]
        single = [one for one in request if etree.QName(one).localname not in ACCOUNT]
        if inner or single:
            chance.choice(CHANGES)(chance.choice(inner or single), chance)
    return request


def _left_out(element: Element, chance: Random) -> None:
    element.getparent().remove(element)  # type: ignore[union-attr]  # the request itself is never changed


def _repeated(element: Element, chance: Random) -> None:
    for _ in range(chance.choice([1, 30])):
        element.addnext(copy.deepcopy(element))


def _said(element: Element, chance: Random) -> None:
    element.text = chance.choice(ODD)


def _followed(element: Element, chance: Random) -> None:
    element.tail = chance.choice(ODD)


def _attributed(element: Element, chance: Random) -> None:
    names = [*element.attrib, "x", f"{XSI}nil", f"{XSI}type", "moduleID", "domain"]
    element.set(chance.choice(names), chance.choice(ODD))


def _renamed(element: Element, chance: Random) -> None:
    name = etree.QName(element)
    near = [etree.QName(one).localname for one in element.itersiblings()] or ["x"]
    element.tag = chance.choice([f"{{urn:x}}{name.localname}", f"{{{name.namespace}}}{chance.choice(near)}"])


def _moved(element: Element, chance: Random) -> None:
    element.getparent().append(element)  # type: ignore[union-attr]  # as above


def _commented(element: Element, chance: Random) -> None:
    element.insert(0, chance.choice([etree.Comment("c"), etree.ProcessingInstruction("p", "q")]))


Change = Callable[[Element, Random], None]
CHANGES: tuple[Change, ...] = (
    *(_said, _said, _said, _left_out, _left_out, _repeated),
    *(_followed, _attributed, _renamed, _moved, _commented),
)


# --- the tests -----------------------------------------------------------------------------------------


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    """A gateway with one provider."""
    with housed(folder, {PROVIDER: PASSWORD}) as store:
        yield Bench(gateway_of(store), set())


@pytest.mark.slow
def test_whatever_went_wrong_is_answered(tmp_path: Path) -> None:
    """By an answer that its contract knows, in words that help; a dry run tells the same before."""
    with opened(tmp_path) as bench:
        assert not [*bench.breaches(COUNT)]
        assert {(one.name, name) for one in VERSIONS for name in one.operations} == bench.asked


def test_a_failure_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a judge who cannot count so far fails on some of them."""

    def overflow(simple: object, text: str) -> bool:
        raise OverflowError

    monkeypatch.setattr(explaining, "fits", overflow)
    with opened(tmp_path) as bench:
        assert next(bench.breaches(COUNT)).startswith("a fault of ours, S900")
