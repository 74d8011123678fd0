"""Sealing: what is stored of secrets is read with a key only, and the key is no part of the database."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Failed

# First byte of all that is sealed, and proven with it, so that another cipher can take over one day.
VERSION = b"\x01"
NONCE_BYTES = 12
KEY_BITS = 256
DIGEST_BYTES = 16
# What the key of digests is derived for; another text makes every digest another one.
DIGEST_PURPOSE = b"cme-gateway digest 1"
PROOF_PURPOSE = b"cme-gateway proof 1"
PROOF_BYTES = 32
# First word of a key file, so that no other file is ever taken for one.
HEADING = "cme-gateway-key-1"


class Key:
    """The key that seals secrets, by AES-256-GCM with a fresh nonce each time.

    What is only ever compared is kept as a digest instead, and what must be ours is proven: each by a key
    of its own that is derived from it.
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)
        self._hash = _keyed(secret, DIGEST_PURPOSE, DIGEST_BYTES)
        self._proof = _keyed(secret, PROOF_PURPOSE, PROOF_BYTES)

    def digest(self, text: str) -> bytes:
        """16 bytes that are always the same for `text`, and that tell nothing without this key."""
        keyed = self._hash.copy()  # twice as fast as to key it anew
        keyed.update(text.encode())
        return keyed.digest()

    def prove(self, content: bytes) -> bytes:
        """32 bytes that only who has this key can make of `content` (keyed BLAKE2b, a message
        authentication code)."""
        keyed = self._proof.copy()
        keyed.update(content)
        return keyed.digest()

    def seal(self, plain: bytes) -> bytes:
        """Make `plain` unreadable without this key: 29 bytes longer, and never the same twice."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, VERSION)

    def unseal(self, sealed: bytes) -> bytes:
        """Give back what was sealed; raises Failed if it was sealed with another key, or changed since."""
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, sealed[:1])
        except (InvalidTag, ValueError):
            raise Failed(
                "What is stored was sealed with another key, or was changed since.",
                remedy="Name the key file that belongs to this database by CME_GATEWAY_KEY_FILE.",
            ) from None


def _keyed(secret: bytes, purpose: bytes, size: int) -> hashlib.blake2b:
    """A hash with a key of its own for each purpose."""
    derived = HKDF(SHA256(), KEY_BITS // 8, salt=None, info=purpose).derive(secret)
    return hashlib.blake2b(key=derived, digest_size=size)


def make_key(path: str | Path) -> Key:
    """Make a new key file that only its owner may read, and never write over one that exists.

    Raises Failed where the file exists or cannot be written.
    """
    secret = AESGCM.generate_key(KEY_BITS)
    try:
        with contextlib.suppress(FileExistsError):  # what stands there is found out by opening
            Path(path).parent.mkdir(mode=0o700, parents=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{HEADING} {base64.b64encode(secret).decode()}\n")
            file.flush()
            os.fsync(file.fileno())  # what is sealed from now on must not outlive its key
    except FileExistsError:
        raise Failed(
            f"There is a key file {path} already; without it nothing sealed could be read again.",
            remedy="Use it, or name another file by CME_GATEWAY_KEY_FILE.",
        ) from None
    except OSError as error:
        raise _unusable(path, error) from None
    return Key(secret)


def load_key(path: str | Path) -> Key:
    """Read the key file; raises Failed where it is missing, unreadable or something else."""
    try:
        heading, text = Path(path).read_text("ascii").split()
        secret = base64.b64decode(text, validate=True)
        if heading != HEADING or len(secret) * 8 != KEY_BITS:
            raise ValueError
    except FileNotFoundError:
        raise Failed(
            f"There is no key file {path}.",
            remedy="Run `cme-gateway migrate`, which makes one, or name it by CME_GATEWAY_KEY_FILE.",
        ) from None
    except OSError as error:
        raise _unusable(path, error) from None
    except ValueError:
        raise Failed(
            f"The file {path} is not a key file.", remedy="Name the right one by CME_GATEWAY_KEY_FILE."
        ) from None
    return Key(secret)


def _unusable(path: str | Path, error: OSError) -> Failed:
    return Failed(
        f"The key file {path} cannot be used: {error.strerror}.",
        remedy="Correct its permissions, or name another file by CME_GATEWAY_KEY_FILE.",
    )
