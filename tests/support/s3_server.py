"""A server of S3 for tests: moto, which keeps the objects, behind what moto leaves out.

moto takes any signature. This one computes each with botocore, as S3 would, and knows some access
keys: ``all`` may do everything, ``lister`` list, ``reader`` read; of ``short`` the session is over
after some objects.

A program of its own: ``s3_server.py PORT``.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, run_simple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: The secret of all access keys.
SECRET = "the secret"  # noqa: S105

#: What each access key may do.
RIGHTS = {
    "all": {"list", "read", "write"},
    "lister": {"list"},
    "reader": {"read"},
    "short": {"list", "read"},
}

#: Objects that ``short`` reads before its session is over.
READS = 3

Answer = tuple[str, str, str]


class Door:
    """Lets those requests through to moto that S3 would answer."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401
        """Stand before an application."""
        self._inner = inner
        self._left = READS
        self._lock = threading.Lock()
        self._requests: list[str] = []

    def __call__(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        target = environment["RAW_URI"]
        if target == "/requests":
            with self._lock:
                text, self._requests = "\n".join(self._requests), []
            start("200 OK", [("Content-Length", str(len(text)))])
            return [text.encode()]
        if target.startswith("/fill/"):
            _, _, bucket, number = target.split("/")
            for name in range(int(number)):
                s3_backends["123456789012"]["aws"].put_object(bucket, f"{name:05}", b"%d" % name)
            start("204 No Content", [("Content-Length", "0")])
            return []
        with self._lock:
            self._requests.append(f"{environment['REQUEST_METHOD']} {target}")
        refused = self._refused(environment, target)
        if refused is None:
            return self._inner(environment, start)  # type: ignore[no-any-return]
        status, code, message = refused
        # S3 tells what was signed, too.
        told = (
            f"<Code>{code}</Code><Message>{message}</Message><StringToSign>{target}</StringToSign>"
        )
        body = f"<Error>{told}</Error>".encode()
        start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    def _refused(self, environment: dict[str, Any], target: str) -> Answer | None:
        url = f"http://{environment['HTTP_HOST']}{target}"
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        method = environment["REQUEST_METHOD"]
        header = environment.get("HTTP_AUTHORIZATION")
        if header is None and "X-Amz-Signature" not in query:
            # An anonymous one may see what is public.
            is_public = urlsplit(url).path.startswith("/public")
            return None if is_public else ("403 Forbidden", "AccessDenied", "Access Denied")
        if header is None:
            key, is_good = query["X-Amz-Credential"].split("/")[0], _is_signed(method, url, query)
        else:
            key = header.partition("Credential=")[2].split("/")[0]
            is_good = _is_signed_by_header(method, url, environment, header, key)
        if key not in RIGHTS:
            return "403 Forbidden", "InvalidAccessKeyId", "There is no such key"
        if not is_good:
            return "403 Forbidden", "SignatureDoesNotMatch", "The signature is another one"
        is_listing = urlsplit(url).path.count("/") < 2 or urlsplit(url).path.endswith("/")
        wanted = "write" if method not in {"GET", "HEAD"} else "list" if is_listing else "read"
        if wanted not in RIGHTS[key]:
            return "403 Forbidden", "AccessDenied", "Access Denied"
        if key == "short" and wanted == "read":
            with self._lock:
                self._left -= 1
                if self._left < 0:
                    return "400 Bad Request", "ExpiredToken", "The provided token has expired."
        return None


def _is_signed(method: str, url: str, query: dict[str, str]) -> bool:
    """Whether a URL has the signature that its other parameters ask for, and is still valid."""
    when = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    valid = timedelta(seconds=int(query["X-Amz-Expires"]))
    if datetime.now(timezone.utc) > when + valid:
        return False
    key, _, region, *_ = query["X-Amz-Credential"].split("/")
    plain = url.partition("&X-Amz-Signature=")[0]
    request = AWSRequest(method, plain, headers={"Host": urlsplit(url).netloc})
    signer = S3SigV4QueryAuth(Credentials(key, SECRET), "s3", region)
    request.context["timestamp"] = query["X-Amz-Date"]
    signature = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    return bool(signature == query["X-Amz-Signature"])


def _is_signed_by_header(
    method: str, url: str, environment: dict[str, Any], header: str, key: str
) -> bool:
    fields = dict(part.strip().split("=", 1) for part in header.partition(" ")[2].split(","))
    region = fields["Credential"].split("/")[2]
    names = fields["SignedHeaders"].split(";")
    values = {name: environment.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in names}
    if "content-type" in values:
        values["content-type"] = environment.get("CONTENT_TYPE", "")
    if "content-length" in values:
        values["content-length"] = environment.get("CONTENT_LENGTH", "")
    request = AWSRequest(method, url, headers=values)
    request.context["timestamp"] = environment["HTTP_X_AMZ_DATE"]
    signer = S3SigV4Auth(Credentials(key, SECRET), "s3", region)
    signer.headers_to_sign = lambda _: request.headers
    signer.payload = lambda _: environment["HTTP_X_AMZ_CONTENT_SHA256"]
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    return bool(signature == fields["Signature"])


class _Quiet(WSGIRequestHandler):  # type: ignore[misc]
    """Writes no log, and keeps connections."""

    protocol_version = "HTTP/1.1"

    def log(self, kind: str, message: str, *arguments: object) -> None:
        """Write nothing."""


if __name__ == "__main__":
    application = Door(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True, request_handler=_Quiet)
