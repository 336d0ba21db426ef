"""A server of S3, and stores that lie in it."""

from __future__ import annotations

import os
import sys
import urllib.request
from functools import cached_property
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from servers import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["S3", "s3"]

#: What the server knows as the secret of all its access keys.
SECRET = "the secret"  # noqa: S105

_numbers = count()


class S3:
    """A server of S3 on loopback."""

    def __init__(self, port: int) -> None:
        """Take the server that listens there."""
        self.endpoint = f"http://127.0.0.1:{port}"

    @cached_property
    def client(self) -> Any:  # noqa: ANN401
        """What makes objects: boto3's client."""
        config = import_module("botocore.config").Config(
            s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
        )
        return import_module("boto3").client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="all",
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=config,
        )

    def bucket(self, objects: Mapping[str, bytes], name: str = "bucket", **how: str) -> str:
        """Make a bucket with these objects; its name."""
        bucket = f"{name}-{next(_numbers)}"
        self.client.create_bucket(Bucket=bucket)
        for key, body in objects.items():
            self.put(bucket, key, body, **how)
        return bucket

    def put(self, bucket: str, key: str, body: bytes, **how: str) -> None:
        """Make an object."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body, **how)

    def fill(self, bucket: str, number: int) -> None:
        """Make so many objects, 00000 and on, each with its number in it."""
        with urllib.request.urlopen(f"{self.endpoint}/fill/{bucket}/{number}"):  # noqa: S310
            pass

    def store(self, bucket: str, key: str = "all", secret: str = SECRET, **settings: Any) -> Any:  # noqa: ANN401
        """Open a store of obstore."""
        credentials = {"access_key_id": key, "secret_access_key": secret}
        if "skip_signature" in settings:
            credentials = {}
        return import_module("obstore.store").S3Store(
            bucket,
            endpoint=self.endpoint,
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
            **credentials,
            **settings,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What texts take from the environment."""
        return {
            "AWS_ACCESS_KEY_ID": "all",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
        }

    def requests(self) -> list[str]:
        """Method and target of every request since this was asked last."""
        with urllib.request.urlopen(f"{self.endpoint}/requests") as answer:  # noqa: S310
            text: str = answer.read().decode()
        return text.splitlines()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """The server, for all tests."""
    port = free_port()
    program = str(Path(__file__).parent / "s3_server.py")
    with running([sys.executable, "-I", program, str(port)], port):
        yield S3(port)


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The server, which texts lead to."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server
