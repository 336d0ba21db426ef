"""Makes the certificates of the tests, into the directory that it is given.

A program of its own, for a Python that has trustme: cryptography, which that is built on, cannot be
had for every free-threaded one.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

directory = Path(sys.argv[1])
authority = trustme.CA()
authority.cert_pem.write_to_path(str(directory / "authority.pem"))
past = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
good = authority.issue_cert("127.0.0.1")
expired = authority.issue_cert("127.0.0.1", not_before=past, not_after=past.replace(month=2))
for name, certificate in (("server", good), ("expired", expired)):
    certificate.private_key_pem.write_to_path(str(directory / f"{name}.key"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(directory / f"{name}.pem"), append=True)

# What clients show: by an authority that no client trusts, and a key that needs a password.
other = trustme.CA()
other.cert_pem.write_to_path(str(directory / "other.pem"))
client = other.issue_cert("client", common_name="client")
client.private_key_and_cert_chain_pem.write_to_path(str(directory / "client.pem"))
client.private_key_pem.write_to_path(str(directory / "client.key"))
client.cert_chain_pems[0].write_to_path(str(directory / "client.crt"))
key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
encrypted = key.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(b"secret"),
)
(directory / "encrypted.key").write_bytes(encrypted)
# A directory of authorities, as `openssl rehash` makes it.
(directory / "authorities").mkdir()
(directory / "authorities" / "authority.pem").write_bytes(authority.cert_pem.bytes())
