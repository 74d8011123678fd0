"""Messages kept as files: each is read and written today as it was when it was put there."""

from __future__ import annotations

from pathlib import Path

import golden
import pytest
from lxml import etree
from payloads import V1, V2, entry, read
from property.test_official import medbiq, official, officially  # noqa: F401  fixtures

from gateway.version import ACTIVITY_FIELDS

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
    refused = None in [one.activity for one in reading.entries]
    assert message.stem.endswith("_refused") is refused


@pytest.mark.contract
@by_message
def test_all_golden_xml_is_official(message: Path, official: etree.XMLSchema) -> None:  # noqa: F811
    """What goes out is valid against the official schema, and what comes in but from odd clients."""
    sent = () if message.stem.startswith("odd_") else (message,)
    for path in (*sent, *(path for path in golden.outcomes(message) if path.suffix == ".xml")):
        document = etree.parse(str(path), etree.XMLParser(remove_comments=True)).getroot()
        assert [] == officially(official, document), path.name


@by_message
def test_what_was_written_is_accepted_as_it_is(message: Path) -> None:
    """A golden answer can be sent back: its own version's judge finds nothing wrong in it."""
    for suffix, version in ((".as_1_0.xml", V1), (".as_2_0.xml", V2)):
        reading = read(message.with_suffix(suffix).read_bytes())
        assert (version.name, ()) == (reading.version.name, reading.notices)
        assert {"X033"} >= {one.code for each in reading.entries for one in each.findings}


def test_no_golden_file_is_without_its_message() -> None:
    """A file that no message makes is left over, and each version has at least four messages."""
    made = {path for message in golden.MESSAGES for path in golden.outcomes(message)} | {*golden.MESSAGES}
    assert made == set(golden.FOLDER.glob("*/*"))
    for folder in ("activity_v1_0", "activity_v2_0"):
        assert 4 <= sum(message.parent.name == folder for message in golden.MESSAGES)


@pytest.mark.parametrize(
    ("version", "path"), [(V1, "activity_v1_0/everything.xml"), (V2, "activity_v2_0/everything.xml")]
)
def test_the_full_messages_are_full(version: object, path: str) -> None:
    """The messages called everything fill every field their version can hold."""
    activity = entry((golden.FOLDER / path).read_bytes()).activity
    assert activity is not None
    held = (V1 if version is V1 else V2).table.fields
    assert [] == [name for name in ACTIVITY_FIELDS & set(held) if getattr(activity, name) in (None, ())]


def test_a_changed_message_would_be_seen(tmp_path: Path) -> None:
    """Negative control: another title makes another record and another answer."""
    message = golden.FOLDER / "activity_v2_0" / "everything.xml"
    changed = tmp_path / "everything.xml"
    changed.write_text(
        message.read_text("utf-8").replace("<lom:title><lom:string>", "<lom:title><lom:string>X"), "utf-8"
    )
    before, after = golden.outcomes(message), golden.outcomes(changed)
    assert [".as_1_0.xml", ".as_2_0.xml", ".record.json"] == sorted(
        path.name.removeprefix("everything")
        for path, text in before.items()
        if text != after[tmp_path / path.name]
    )
