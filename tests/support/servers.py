"""Real servers, on loopback ports of their own."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Nginx", "free_port", "needed", "running"]


def needed(program: str) -> str:
    """Where a program is; an error that says what to do where it is not."""
    # Debian keeps servers out of a user's PATH.
    found = shutil.which(program, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/bin")
    if found is None:
        message = f"these tests need {program}: apt-get install nginx-light tinyproxy microsocks"
        raise RuntimeError(message)
    return found


def free_port() -> int:
    """A port that no server listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A server, from when it listens until the block is left."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            with (
                contextlib.suppress(ConnectionRefusedError),
                socket.create_connection(("127.0.0.1", port)),
            ):
                break
        else:
            message = f"{command[0]} ended with {process.returncode}"
            raise RuntimeError(message)
        yield
    finally:
        process.terminate()
        process.wait()


CONFIGURATION = """
daemon off; pid {home}/pid; error_log {home}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
    log_format connections '$connection $server_protocol $request_uri';
    access_log {home}/access.log connections;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    keepalive_requests 10000;
    root {root};
    server {{
        # By both addresses of localhost: a SOCKS proxy may be given either.
        listen 127.0.0.1:{plain};
        listen [::1]:{plain};
        location /no-ranges/ {{ alias {root}/; max_ranges 0; }}
        location /gzip/ {{ alias {root}/; gzip on; gzip_types *; gzip_min_length 1; }}
        location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
        location /away/ {{ rewrite ^/away/(.*)$ http://127.0.0.1:{plain}/moved/$1 permanent; }}
        location /logged {{ access_log off; return 204; }}
        location /metadata/ {{ return 302 http://169.254.169.254/latest/; }}
    }}
    server {{
        listen 127.0.0.1:{secure} ssl http2;
        ssl_certificate {home}/server.pem; ssl_certificate_key {home}/server.key;
    }}
    server {{
        listen 127.0.0.1:{expired} ssl;
        ssl_certificate {home}/expired.pem; ssl_certificate_key {home}/expired.key;
    }}
    server {{
        # Serves only clients that show a certificate of their own authority.
        listen 127.0.0.1:{mutual} ssl;
        ssl_certificate {home}/server.pem; ssl_certificate_key {home}/server.key;
        ssl_client_certificate {home}/other.pem; ssl_verify_client on;
        location /who {{ return 200 $ssl_client_s_dn; }}
        location /away/ {{ return 302 https://127.0.0.1:{asking}/; }}
    }}
    server {{
        # Takes any certificate, or none, and says whether there was one.
        listen 127.0.0.1:{asking} ssl;
        ssl_certificate {home}/server.pem; ssl_certificate_key {home}/server.key;
        ssl_verify_client optional_no_ca;
        location / {{ return 200 "shown: $ssl_client_s_dn"; }}
    }}
}}
"""


class Nginx:
    """nginx, serving the files in ``root`` in several ways."""

    def __init__(self, home: Path) -> None:
        """Choose ports, and make room below ``home``."""
        self.home = home
        self.root = home / "root"
        self.root.mkdir()
        self._putting = threading.Lock()
        names = ("plain", "secure", "expired", "mutual", "asking")
        self.ports = {name: free_port() for name in names}
        self.plain = f"http://127.0.0.1:{self.ports['plain']}"
        self.secure = f"https://127.0.0.1:{self.ports['secure']}"
        self.expired = f"https://127.0.0.1:{self.ports['expired']}"
        self.mutual = f"https://127.0.0.1:{self.ports['mutual']}"
        # Its worker is another user, who must be able to come here.
        for directory in (home, *home.parents):
            with contextlib.suppress(PermissionError):
                directory.chmod(directory.stat().st_mode | 0o011)

    def command(self) -> list[str]:
        """Write the configuration; how to start nginx with it."""
        path = self.home / "nginx.conf"
        path.write_text(CONFIGURATION.format(home=self.home, root=self.root, **self.ports))
        return [needed("nginx"), "-c", str(path), "-e", str(self.home / "error.log")]

    def put(self, name: str, content: bytes) -> Path:
        """Serve a file under a name; where it lies."""
        path = self.root / name
        # What another thread of the same test serves already is not disturbed.
        with self._putting:
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                path.chmod(0o644)
        return path

    def log(self) -> list[tuple[str, str, str]]:
        """Connection, protocol and path of every request so far."""
        # Its one worker writes the line of a request after the answer, and before it looks on.
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["plain"])
        connection.request("GET", "/logged")
        connection.getresponse().read()
        connection.close()
        lines = (self.home / "access.log").read_text().splitlines()
        return [(a, b, c) for a, b, c in (line.split(" ", 2) for line in lines)]
