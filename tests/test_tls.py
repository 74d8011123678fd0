"""TLS that ends at the gateway itself, with a certificate of its own."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command import run_command
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from served import serving

pytest.importorskip("granian", reason="granian is not installed")
LOOPBACK = ipaddress.ip_address("127.0.0.1")
pytestmark = [pytest.mark.network, pytest.mark.slow]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "own.pem", folder / "own.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def test_tls_ends_at_the_gateway(tmp_path: Path) -> None:
    """The contract comes over TLS and names an https address; a client that does not trust it goes away, and
    one that speaks no TLS gets nothing."""
    own, key = certificate(tmp_path)
    told = {"SERVER": "granian", "TLS_CERTIFICATE": str(own), "TLS_KEY": str(key)}
    with serving(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, **told) as served:
        bind = served.configured.bind
        with closing(_connect(bind, ssl.create_default_context(cafile=own))) as connection:
            connection.request("GET", "/soap/v2?wsdl")
            contract = connection.getresponse().read()
        with pytest.raises(ssl.SSLError):  # what it says for itself is not enough
            _connect(bind, ssl.create_default_context()).connect()
        named = {"CME_GATEWAY_BIND": bind, "CME_GATEWAY_TLS_CERTIFICATE": str(own)}
        asked = run_command(tmp_path, "ready", environment=named)
        with closing(http.client.HTTPConnection(bind, timeout=10)) as plain:
            plain.request("GET", "/live")
            with pytest.raises((http.client.HTTPException, OSError)):
                plain.getresponse()
    assert (0, "Ready.\n") == (asked.code, asked.out), asked.err
    assert served.url == f"https://{bind}"
    assert f'location="https://{bind}/soap/v2"'.encode() in contract


def _connect(bind: str, trust: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(bind, timeout=10, context=trust)
