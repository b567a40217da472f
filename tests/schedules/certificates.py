"""Certificates made on the spot, for servers of this machine and for others."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from tests.conftest import lack


def make_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate and its key in one file, for `name` (IP:127.0.0.1 or DNS:mail.example.org)."""
    program = shutil.which("openssl")
    if program is None:
        lack("the openssl command")
    path = folder / f"{name.replace(':', '-')}.pem"
    key = folder / f"{name.replace(':', '-')}.key"
    command = [str(program), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=van-service-test", "-keyout", str(key), "-out", str(path)]
    command += ["-addext", f"subjectAltName={name}", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    """What a server needs to show this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
