"""Whatever our activity schemas accept is valid against the official MedBiquitous schemas too."""

from __future__ import annotations

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
VERSIONS = sorted(path.parent.name for path in OURS.glob("activity/*/activity.xsd"))
RECORD = "{http://ns.medbiq.org/metrics/v1/}MedicalEducationMetrics"
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
def official(medbiq: Path) -> etree.XMLSchema:
    """The official schema of an activity record, compiled by the checker that comes with it."""
    spec = importlib.util.spec_from_file_location("medbiq_check", medbiq / "check.py")
    assert spec is not None and spec.loader is not None
    checker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checker)
    schema: etree.XMLSchema = checker.schema("activity/v1")
    return schema


def generator(root: Path, version: str) -> Callable[[int], etree._Element]:
    """Makes the document of a seed from the schemas under `root`."""
    model = xmlschema.XMLSchema(root / "activity" / version / "activity.xsd")
    return lambda seed: instances.instance(model, "ACCMEActivities", Random(seed))


def officially(schema: etree.XMLSchema, document: etree._Element) -> list[str]:
    """What the official schema has against the records of a document; each stands on its own."""
    records = [etree.fromstring(etree.tostring(record)) for record in document.iter(RECORD)]
    return [str(schema.error_log) for record in records if not schema.validate(record)]


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_instances_are_ours_and_official(version: str, official: etree.XMLSchema) -> None:
    """A thousand random documents per version are valid by libxml2 against ours and the official."""
    make, ours = generator(OURS, version), compiled(OURS, version)
    documents = [make(seed) for seed in range(COUNT)]
    assert [] == [str(ours.error_log) for document in documents if not ours.validate(document)]
    assert [] == [fault for document in documents for fault in officially(official, document)]


@pytest.mark.parametrize("version", VERSIONS)
def test_instances_are_valid_by_a_second_opinion(version: str) -> None:
    """xmlschema, which shares no code with libxml2, accepts the generated documents as well."""
    make = generator(OURS, version)
    ours = xmlschema.XMLSchema(OURS / "activity" / version / "activity.xsd")
    assert [] == [error for seed in range(SAMPLE) for error in ours.iter_errors(make(seed))]


@pytest.mark.parametrize("version", VERSIONS)
def test_instances_use_every_element(version: str) -> None:
    """The generator leaves no declared element out, else the promise would be empty."""
    model = xmlschema.XMLSchema(OURS / "activity" / version / "activity.xsd")
    schemas = [schema for schema in model.maps.iter_schemas() if "w3.org" not in schema.target_namespace]
    declared = {part.name for schema in schemas for part in schema.iter_components(xmlschema.XsdElement)}
    make = generator(OURS, version)
    seen = {node.tag for seed in range(SAMPLE) for node in make(seed).iter()}
    assert declared == seen


@pytest.mark.parametrize("version", VERSIONS)
def test_a_loosened_schema_is_caught(version: str, official: etree.XMLSchema, tmp_path: Path) -> None:
    """Negative control: where ours accepts more than yes and no, the official schema refuses."""
    loose = shutil.copytree(OURS, tmp_path / "xsd")
    healthcare = loose / "medbiq" / "healthcare.xsd"
    text = healthcare.read_text("utf-8")
    strict = 'name="commercialSupport" type="hx:yesNoType"'
    assert 1 == text.count(strict)
    healthcare.write_text(text.replace(strict, 'name="commercialSupport" type="xs:string"'), "utf-8")
    make = generator(loose, version)
    documents = [make(seed) for seed in range(20)]
    assert all(compiled(loose, version).validate(document) for document in documents)
    assert any("commercialSupport" in fault for doc in documents for fault in officially(official, doc))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_published_example_is_valid(version: str, medbiq: Path) -> None:
    """The example that lies beside the official schemas is valid against ours as it is."""
    name = f"activity-{version.removeprefix('v').replace('_', '.')}.xml"
    example = medbiq.parent / "examples" / name
    if not example.exists():
        pytest.skip(f"not run: there is no {name} beside the official schemas")
    compiled(OURS, version).assertValid(etree.parse(str(example)))


def compiled(root: Path, version: str) -> etree.XMLSchema:
    """One of our activity schemas under `root`, compiled by libxml2."""
    return etree.XMLSchema(etree.parse(str(root / "activity" / version / "activity.xsd")))
