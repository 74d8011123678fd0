"""Messages kept as files: each is read and written today as it was when it was put there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import golden
import pytest
from lxml import etree
from payloads import READER, TODAY, parse, read
from property.test_official import Official, medbiq, official, officially  # noqa: F401  fixtures

from gateway.fields import Field
from gateway.version import EMPTY

by_message = pytest.mark.parametrize(
    "message", golden.MESSAGES, ids=lambda path: f"{path.parent.name}/{path.stem}"
)


@by_message
def test_a_message_is_read_and_written_as_it_was(message: Path) -> None:
    """Record, findings and both ways of writing it are what the files hold."""
    for path, text in golden.outcomes(message).items():
        assert path.read_text("utf-8") == text, path.name


@by_message
def test_a_message_is_found_to_be_of_its_folder(message: Path) -> None:
    """Each version has its own messages; only in those called refused a record is."""
    reading = read(message.read_bytes())
    assert golden.version_of(message) is reading.version
    refused = None in [golden.noun(one) for one in reading.entries]
    assert message.stem.endswith("_refused") is refused


SPELLED = {version.namespace: name.replace("_", "/", 1) for name, version in golden.VERSIONS.items()}


@pytest.mark.contract
@by_message
def test_all_golden_xml_is_official(message: Path, official: Official) -> None:  # noqa: F811  a fixture
    """What goes out is valid against the official schema, and what comes in but from odd clients."""
    sent = () if message.stem.startswith("odd_") else (message,)
    for path in (*sent, *(path for path in golden.outcomes(message) if path.suffix == ".xml")):
        document = etree.parse(str(path), etree.XMLParser(remove_comments=True)).getroot()
        version = SPELLED[etree.QName(document).namespace or ""]
        if any(True for _ in document.iter("{*}MedicalEducationMetrics", "{*}ActivityReport")):
            assert [] == officially(official(version), version, document), path.name


@by_message
def test_what_was_written_is_accepted_as_it_is(message: Path) -> None:
    """A golden answer can be sent back: its own version's judge finds nothing wrong in it."""
    for version in golden.others(golden.version_of(message)):
        written = message.with_suffix(f".as_{version.name.replace('.', '_')}.xml").read_bytes()
        if etree.fromstring(written).find(f".//{version.record}") is None:
            continue  # nothing could be written
        reading = read(written)
        assert (version, ()) == (reading.version, reading.notices)
        assert {"X033"} >= {one.code for each in reading.entries for one in golden.found(each)}


def _names(fields: Iterable[Field]) -> Iterator[str]:
    """What rules may call these fields: by name, of a list an entry that is there or not, and each part."""
    for field in fields:
        for name in (field.name, f"{field.name}[0]", f"{field.name}[999]"):
            yield name
            yield from (f"{name}.{part}" for part in _names(field.parts))


@by_message
def test_every_place_is_an_xpath(message: Path) -> None:
    """The path of whatever field is an XPath of elements, which finds the element of a field that is said."""
    root, version = parse(message.read_bytes()), golden.version_of(message)
    entries, names = READER.read(root, TODAY).entries, [*_names(version.table.fields.values())]
    for entry, record in zip(entries, root.iter(version.record), strict=True):
        spots = [version.table.find(record, name) for name in names]
        found = [root.xpath(entry.place(name).path, namespaces=version.table.namespaces) for name in names]
        assert {list} == {type(one) for one in found}  # a star in it would be a product
        if not message.stem.startswith("odd_"):  # what those sent is tidied since
            said = [([spot.element], one) for spot, one in zip(spots, found, strict=True) if not spot.path]
            assert [] == [pair for pair in said if pair[0] != pair[1]]


def test_no_golden_file_is_without_its_message() -> None:
    """A file that no message makes is left over, and each version has at least four messages."""
    made = {path for message in golden.MESSAGES for path in golden.outcomes(message)} | {*golden.MESSAGES}
    assert made == set(golden.FOLDER.glob("*/*"))
    for folder in golden.VERSIONS:
        assert 4 <= sum(message.parent.name == folder for message in golden.MESSAGES)


@pytest.mark.parametrize("folder", golden.VERSIONS)
def test_the_full_messages_are_full(folder: str) -> None:
    """The messages called everything fill every field their version can hold."""
    version = golden.VERSIONS[folder]
    records = [
        golden.noun(one) for one in read((golden.FOLDER / folder / "everything.xml").read_bytes()).entries
    ]
    full = {name for name in version.fields if any(getattr(one, name) not in EMPTY for one in records)}
    assert set() == version.fields & set(version.table.fields) - full


def test_a_changed_message_would_be_seen(tmp_path: Path) -> None:
    """Negative control: another title makes another record and another answer."""
    message = golden.FOLDER / "activity_v2_0" / "everything.xml"
    changed = tmp_path / "everything.xml"
    changed.write_text(
        message.read_text("utf-8").replace("<lom:title><lom:string>", "<lom:title><lom:string>X"), "utf-8"
    )
    before, after = golden.outcomes(message), golden.outcomes(changed)
    assert [".as_1_0.xml", ".as_2_0.xml", ".as_2_1.xml", ".record.json"] == sorted(
        path.name.removeprefix("everything")
        for path, text in before.items()
        if text != after[tmp_path / path.name]
    )
