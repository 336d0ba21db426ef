"""A server that does what each test tells it to, byte by byte, however wrong."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Handler", "Hostile", "Request", "answer"]


@dataclass(frozen=True)
class Request:
    """What a client sent. Header names are in lower case."""

    path: str
    headers: dict[str, str] = field(hash=False)

    @property
    def range(self) -> tuple[int, int] | None:
        """First and last byte of the part that is asked for; None for the whole."""
        if "range" not in self.headers:
            return None
        first, last = self.headers["range"].removeprefix("bytes=").split("-")
        return int(first), int(last)


Handler = Callable[[socket.socket, Request], None]
"""Answers one request. The connection is closed after it."""


def answer(*headers: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """A response with these headers and nothing added."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


class Hostile:
    """Listens on a port of its own and answers every path by its own rule."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        """Start to listen."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self._routes: dict[str, Handler] = {}
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.authority = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.requests: list[Request] = []
        """Everything that was asked for, in order."""
        self.closing = threading.Event()
        """Set when the server ends: what a handler that says nothing more waits for."""
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str, handler: Handler | bytes | None = None) -> str:
        """The URL of a path, with the rule or the response that answers it."""
        if isinstance(handler, bytes):
            response = handler
            self._routes[path] = lambda connection, _: connection.sendall(response)
        elif handler is not None:
            self._routes[path] = handler
        return f"http://{self.authority}{path}"

    def close(self) -> None:
        """Stop, and close every connection."""
        self.closing.set()
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that has had enough closes the connection: most of these tests are about that.
        with contextlib.suppress(OSError), connection:
            data = b""
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            lines = data.decode("latin-1").split("\r\n")
            pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
            headers = {name.lower(): value.strip() for name, value in pairs}
            request = Request(lines[0].split(" ")[1], headers)
            self.requests.append(request)
            handler = self._routes.get(request.path)
            if handler is None:
                connection.sendall(answer("Content-Length: 0", status="404 Not Found"))
            else:
                handler(connection, request)
