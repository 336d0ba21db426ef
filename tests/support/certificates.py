"""Makes the certificates of the tests, into the directory that it is given.

A program of its own, for a Python that has trustme: cryptography, which that is built on, cannot be
had for every free-threaded one.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import trustme

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
