"""The key: what it seals only it can read, and its file is neither lost nor mistaken."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.errors import Failed
from gateway.sealing import Key, load_key, make_key

KEY = Key(bytes(range(32)))


@given(some.binary(max_size=200))
def test_what_is_sealed_can_be_unsealed(plain: bytes) -> None:
    """Seal and unseal give back every text, and the same text never looks the same twice."""
    first, second = KEY.seal(plain), KEY.seal(plain)
    assert (plain, plain) == (KEY.unseal(first), KEY.unseal(second))
    assert first != second


@given(some.integers(min_value=0, max_value=33), some.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(position: int, change: int) -> None:
    """Every byte counts, the version and the nonce too."""
    sealed = bytearray(KEY.seal(b"hello"))
    sealed[position] ^= change
    with pytest.raises(Failed, match="another key, or was changed"):
        KEY.unseal(bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_a_cut_text_is_noticed(length: int) -> None:
    """What is too short to be sealed at all is refused in the same words."""
    with pytest.raises(Failed, match="another key, or was changed"):
        KEY.unseal(KEY.seal(b"hello")[:length])


def test_another_key_reads_nothing() -> None:
    """The wrong key is named as such, with what to do."""
    with pytest.raises(Failed, match="another key") as caught:
        Key(bytes(32)).unseal(KEY.seal(b"hello"))
    assert "CME_GATEWAY_KEY_FILE" in caught.value.remedy


def test_a_key_file_serves_again(tmp_path: Path) -> None:
    """What the maker of a key sealed, the reader of its file unseals."""
    file = tmp_path / "gateway.key"
    sealed = make_key(file).seal(b"hello")
    assert b"hello" == load_key(file).unseal(sealed)


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read it, whatever the umask."""
    before = os.umask(0)
    try:
        make_key(tmp_path / "gateway.key")
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE((tmp_path / "gateway.key").stat().st_mode)


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    """A second key would make all that is sealed unreadable."""
    file = tmp_path / "gateway.key"
    make_key(file)
    before = file.read_bytes()
    with pytest.raises(Failed, match="already"):
        make_key(file)
    assert before == file.read_bytes()


def test_a_missing_key_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The operator reads which command makes a key."""
    with pytest.raises(Failed, match="There is no key file") as caught:
        load_key(tmp_path / "gateway.key")
    assert "cme-gateway migrate" in caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"cme-gateway-key-1 c2hvcnQ=",
        b"cme-gateway-key-1 ???",
        b"\xff\xfe",
        b"other-key-1 " + b"A" * 44,
    ],
)
def test_another_file_is_not_taken_for_a_key(tmp_path: Path, content: bytes) -> None:
    """Nothing but a key file is a key, and its content is never shown."""
    file = tmp_path / "gateway.key"
    file.write_bytes(content)
    with pytest.raises(Failed) as caught:
        load_key(file)
    assert f"The file {file} is not a key file." == caught.value.text


@pytest.mark.parametrize("work", [make_key, load_key])
def test_an_unusable_place_is_one_line(tmp_path: Path, work: object) -> None:
    """A folder that is none, or a key file that is a folder, is named in one line."""
    assert callable(work)
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="cannot be used: Not a directory"):
        work(tmp_path / "file" / "gateway.key")


def test_a_digest_is_always_the_same() -> None:
    """The same text has the same digest in every process that has the key; it is pinned, as it is stored."""
    assert "0d930136bc04bc710abec5529e97a24f" == Key(bytes(range(32))).digest("hello").hex()
    assert KEY.digest("hello") == KEY.digest("hello") == Key(bytes(range(32))).digest("hello")


texts = some.text(some.characters(exclude_categories=["Cs"]))


@given(texts, texts)
def test_digests_tell_texts_and_keys_apart(one: str, other: str) -> None:
    """Another text or another key has another digest, of sixteen bytes."""
    assert (one == other) == (KEY.digest(one) == KEY.digest(other))
    assert KEY.digest(one) != Key(bytes(32)).digest(one)
    assert 16 == len(KEY.digest(one))


def test_a_digest_is_made_by_a_key_of_its_own() -> None:
    """What seals is not what hashes: nothing can be learned of one by the other."""
    plain = hashlib.blake2b(b"hello", key=bytes(range(32)), digest_size=16).digest()
    assert plain != KEY.digest("hello")


def test_a_proof_needs_the_key() -> None:
    """The same of the same, 32 bytes; of other content, or by another key, another one."""
    one, other = Key(bytes(range(32))), Key(bytes(32))
    assert one.prove(b"row") == Key(bytes(range(32))).prove(b"row")
    assert 3 == len({one.prove(b"row"), one.prove(b"rows"), other.prove(b"row")})
    assert 32 == len(one.prove(b""))
