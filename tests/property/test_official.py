"""Whatever our payload schemas accept is valid against the official MedBiquitous schemas too."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import instances
import pytest
import xmlschema
from lxml import etree

import xsd

OURS = Path(xsd.__file__).parent
BESIDE = Path(__file__).parents[3] / "shared" / "medbiq"
VERSIONS = sorted(
    f"{payload}/{path.parent.name}"
    for payload in ("activity", "learner")
    for path in OURS.glob(f"{payload}/*/{payload}.xsd")
)
WRAPPERS = {"activity": "ACCMEActivities", "learner": "ACCMELearnerReports"}
REPORTS = "{{http://ns.medbiq.org/activityreport/{}/}}ActivityReports"
KINDS = {  # what of a document the official schemas know, by the checker's name for it
    "activity/v1_0": ("activity/v1", "{http://ns.medbiq.org/metrics/v1/}MedicalEducationMetrics"),
    "activity/v2_0": ("activity/v1", "{http://ns.medbiq.org/metrics/v1/}MedicalEducationMetrics"),
    "activity/v2_1": ("activity/v1", "{http://ns.medbiq.org/metrics/v1/}MedicalEducationMetrics"),
    "learner/v1_0": ("learner/v1", REPORTS.format("v1")),
    "learner/v2_0": ("learner/v2", REPORTS.format("v2")),
}
LOOSENED = {  # what each payload's control takes any text for: file, element, type
    "activity/v1_0": ("healthcare.xsd", "commercialSupport", "hx:yesNoType"),
    "activity/v2_0": ("healthcare.xsd", "commercialSupport", "hx:yesNoType"),
    "activity/v2_1": ("healthcare.xsd", "commercialSupport", "hx:yesNoType"),
    "learner/v1_0": ("activityreport.xsd", "CompletedDateTime", "xs:dateTime"),
    "learner/v2_0": ("activityreport_v2.xsd", "Profession", "ar2:REMSProfessionType"),
}
COUNT = 1_000
SAMPLE = 100

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def medbiq() -> Path:
    """The folder of the official schemas, which are not part of this project."""
    folder = Path(os.environ.get("CME_GATEWAY_MEDBIQ") or BESIDE)
    if not (folder / "check.py").exists():
        pytest.skip("not run: CME_GATEWAY_MEDBIQ is not set")
    return folder


@pytest.fixture(scope="module")
def official(medbiq: Path) -> Callable[[str], etree.XMLSchema]:
    """A function that gives the official schema for one of our payload versions, compiled by the checker
    that comes with it."""
    spec = importlib.util.spec_from_file_location("medbiq_check", medbiq / "check.py")
    assert spec is not None and spec.loader is not None
    checker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checker)
    compile_kind: Callable[[str], etree.XMLSchema] = functools.cache(checker.schema)
    return lambda version: compile_kind(KINDS[version][0])


def entry(root: Path, version: str) -> Path:
    """The entry schema of a payload version, under `root`."""
    return root / version / f"{version.partition('/')[0]}.xsd"


def wrapper(version: str) -> str:
    """The name of the root element of a payload version."""
    return WRAPPERS[version.partition("/")[0]]


def generator(root: Path, version: str) -> Callable[[int], etree._Element]:
    """Makes the document of a seed from the schemas under `root`."""
    model = xmlschema.XMLSchema(entry(root, version))
    return lambda seed: instances.instance(model, wrapper(version), Random(seed))


def officially(schema: etree.XMLSchema, version: str, document: etree._Element) -> list[str]:
    """What the official schema has against what it knows of a document; each part stands on its own."""
    parts = [etree.fromstring(etree.tostring(part)) for part in document.iter(KINDS[version][1])]
    assert parts
    return [str(schema.error_log) for part in parts if not schema.validate(part)]


Official = Callable[[str], etree.XMLSchema]


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_instances_are_ours_and_official(version: str, official: Official) -> None:
    """A thousand random documents per version are valid by libxml2 against ours and the official."""
    make, ours, theirs = generator(OURS, version), compiled(OURS, version), official(version)
    documents = [make(seed) for seed in range(COUNT)]
    assert [] == [str(ours.error_log) for document in documents if not ours.validate(document)]
    assert [] == [fault for document in documents for fault in officially(theirs, version, document)]


@pytest.mark.parametrize("version", VERSIONS)
def test_instances_are_valid_by_a_second_opinion(version: str) -> None:
    """xmlschema, which shares no code with libxml2, accepts the generated documents as well."""
    make = generator(OURS, version)
    ours = xmlschema.XMLSchema(entry(OURS, version))
    assert [] == [error for seed in range(SAMPLE) for error in ours.iter_errors(make(seed))]


@pytest.mark.parametrize("version", VERSIONS)
def test_instances_use_every_element(version: str) -> None:
    """The generator leaves no declared element out, else the promise would be empty."""
    declared = instances.elements(xmlschema.XMLSchema(entry(OURS, version)), wrapper(version))
    make = generator(OURS, version)
    assert declared == {node.tag for seed in range(SAMPLE) for node in make(seed).iter()}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_loosened_schema_is_caught(version: str, official: Official, tmp_path: Path) -> None:
    """Negative control: where ours accepts any text for one element, the official schema refuses."""
    file, name, type = LOOSENED[version]
    loose = shutil.copytree(OURS, tmp_path / "xsd")
    text, strict = (loose / "medbiq" / file).read_text("utf-8"), f'name="{name}" type="{type}"'
    assert 1 == text.count(strict)
    (loose / "medbiq" / file).write_text(text.replace(strict, f'name="{name}" type="xs:string"'), "utf-8")
    make, theirs = generator(loose, version), official(version)
    documents = [make(seed) for seed in range(20)]
    assert all(compiled(loose, version).validate(document) for document in documents)
    assert any(name in fault for document in documents for fault in officially(theirs, version, document))


@pytest.mark.parametrize("version", ["activity/v1_0", "activity/v2_0", "learner/v1_0", "learner/v2_0"])
def test_the_published_example_is_valid(version: str, medbiq: Path) -> None:
    """The example that lies beside the official schemas is valid against ours as it is."""
    name = f"{version.replace('/v', '-').replace('_', '.')}.xml"
    compiled(OURS, version).assertValid(etree.parse(str(medbiq.parent / "examples" / name)))


def compiled(root: Path, version: str) -> etree.XMLSchema:
    """One of our payload schemas under `root`, compiled by libxml2."""
    return etree.XMLSchema(etree.parse(str(entry(root, version))))
