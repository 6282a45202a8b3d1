"""The certificate of `--useHttps`: a PEM or PFX file, or one made here for this machine.

The server reads PEM files with an open PKCS#8 key; what is given in another form is brought into
that one, in files that only this user may read.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any

from lazulite.errors import UsageError

DAYS = 365
_KEY = re.compile(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", re.S)


@dataclass(frozen=True)
class Certificate:
    """Paths of PEM files: the certificate with its chain, and its key."""

    cert: str
    key: str


def certificate(given: str | None, password: str | None, folder: str, own: str) -> Certificate:
    """The certificate to serve with.

    given: a .pfx or .pem file, None for a self-signed one, which is kept in the folder `own`;
    password: that of the file, or the path of a file that holds it; folder: where converted files
    go. Raises UsageError.
    """
    if given is None:
        return _self_signed(own)
    try:
        with open(given, "rb") as file:
            data = file.read()
    except OSError as error:
        raise UsageError(f"The certificate {given} cannot be read: {error.strerror}") from error
    secret = _password(password)
    if b"-----BEGIN" not in data:
        return _write(folder, *_from_pfx(given, data, secret))
    return _from_pem(given, data, secret, folder)


def _password(text: str | None) -> bytes | None:
    if text is not None and os.path.isfile(text):
        with open(text, encoding="utf-8") as file:
            text = file.read().strip()
    return None if text is None else text.encode()


def _from_pem(path: str, data: bytes, password: bytes | None, folder: str) -> Certificate:
    """A PEM file; its key may be in a file beside it (`name.key`)."""
    key_path = path
    beside = os.path.splitext(path)[0] + ".key"
    if not _KEY.search(data) and os.path.isfile(beside):
        key_path = beside
        with open(beside, "rb") as file:
            data += b"\n" + file.read()
    found = _KEY.search(data)
    if found is None:
        raise UsageError(
            f"{path} holds no private key.",
            hint=f"Put the key into the same file, or into {beside}.",
        )
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, key_path, password or b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise _unusable(path, password, error) from error
    if found[1] == b"" and key_path == path:
        return Certificate(path, path)
    serialization = _cryptography("serialization", "A key in this form")
    key = serialization.load_pem_private_key(found[0], password)
    return _write(folder, _KEY.sub(b"", data), _open_key(key))


def _from_pfx(path: str, data: bytes, password: bytes | None) -> tuple[bytes, bytes]:
    pkcs12 = _cryptography("serialization.pkcs12", "A PFX certificate")
    serialization = _cryptography("serialization", "A PFX certificate")
    try:
        key, cert, chain = pkcs12.load_key_and_certificates(data, password)
    except ValueError as error:
        raise _unusable(path, password, error) from error
    if key is None or cert is None:
        raise UsageError(f"{path} holds no certificate with its private key.")
    pem = serialization.Encoding.PEM
    return b"".join(c.public_bytes(pem) for c in (cert, *chain)), _open_key(key)


def _open_key(key: Any) -> bytes:
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made


def _self_signed(folder: str) -> Certificate:
    """The certificate for this machine in `folder`, made anew when it is missing or expires."""
    made = Certificate(os.path.join(folder, "localhost.pem"), os.path.join(folder, "localhost.key"))
    try:
        fresh = os.path.getmtime(made.cert) > (datetime.now().timestamp() - (DAYS - 30) * 86400)
        if fresh and os.path.isfile(made.key):
            return made
    except OSError:
        pass
    serialization = _cryptography("serialization", "A self-signed certificate")
    ec = import_module("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = import_module("cryptography.hazmat.primitives.hashes")
    x509 = import_module("cryptography.x509")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    names = [x509.DNSName("localhost"), x509.DNSName(socket.gethostname())]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _write(folder, cert.public_bytes(serialization.Encoding.PEM), _open_key(key))


def _write(folder: str, cert: bytes, key: bytes) -> Certificate:
    made = Certificate(os.path.join(folder, "localhost.pem"), os.path.join(folder, "localhost.key"))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for path, data in ((made.cert, cert), (made.key, key)):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
    except OSError as error:
        raise UsageError(f"The certificate cannot be kept in {folder}: {error.strerror}") from error
    return made


def _cryptography(module: str, what: str) -> Any:
    try:
        return import_module(f"cryptography.hazmat.primitives.{module}")
    except ImportError:
        raise UsageError(
            f"{what} needs the package 'cryptography', which is not installed.",
            hint="Install it: pip install 'lazulite[crypto]'.",
        ) from None


def _unusable(path: str, password: bytes | None, error: Exception) -> UsageError:
    if password is None:
        hint = "If it is protected, give its password with --password."
    else:
        hint = "Is the password right?"
    return UsageError(f"The certificate {path} cannot be used: {error}", hint=hint)
