"""HTTP/1.1 on a socket: a thread for each connection, which is kept alive. Knows no DynamoDB."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from dynoresilience import fork_safe

MAX_CONTENT = 16 * 1024 * 1024
"""Bytes of the largest body that is taken, as on AWS."""

_AT_ONCE = 8192
"""Bytes of an answer that leave in one system call: such an answer is sent whole or not at all."""

_GRACE = 5.0
"""Seconds that `HttpListener.stop` gives to requests that are being worked on."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. ``headers`` has its names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer. ``missing``: so many more bytes are promised, and then the connection breaks."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    missing: int = 0


@dataclass(frozen=True, slots=True)
class BrokenConnection:
    """No answer: the connection is closed, or reset."""

    reset: bool = False


Answering = Callable[[HttpRequest], "HttpAnswer | BrokenConnection"]
Refusing = Callable[[int, str], HttpAnswer]
"""Words the answer to what is no HTTP request that can be served: its status and why."""


class HttpListener:
    """Listens as soon as it is made, answers between `start` and `stop`.

    A child of a fork closes its copies of the sockets: only the parent serves.

    Args:
        host: the address to listen on.
        port: 0 is any free one.
        answer: called in the thread of each connection. Must not raise.
        refuse: words the refusals of HTTP itself.

    Raises:
        OSError: the address can't be had, for example because it is in use.
    """

    def __init__(self, host: str, port: int, answer: Answering, refuse: Refusing) -> None:
        self._server = _Server((host, port), answer, refuse)
        self._accepting = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="simulator-accept",
            daemon=True,
        )
        _listening.add(self._server)

    @property
    def port(self) -> int:
        return self._server.port

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        """Take no more requests, let those that are being worked on end, close all connections.

        What is not done within 5 s loses its connection without an answer.
        """
        if os.getpid() != self._server.owner:
            return
        if self._accepting.is_alive():
            self._server.shutdown()
        self._server.server_close()
        _listening.discard(self._server)
        deadline = time.monotonic() + _GRACE
        served = self._server.served()
        for connection, _ in served:
            _shut(connection, socket.SHUT_RD)  # ends the wait for a next request
        for _, thread in served:
            thread.join(max(0.0, deadline - time.monotonic()))
        for connection, _ in self._server.served():
            _shut(connection, socket.SHUT_RDWR)


class _Server(TCPServer):
    request_queue_size = 1024
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port

    def __init__(self, address: tuple[str, int], answer: Answering, refuse: Refusing) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self.answer = answer
        self.refuse = refuse
        self.port: int = self.server_address[1]
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._served: dict[socket.socket, threading.Thread] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self._serve, args=(request, client_address), name="simulator", daemon=True
        )
        with self._lock:
            self._served[request] = thread
        thread.start()

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client has gone
        finally:
            with self._lock:
                self._served.pop(request, None)
            self.shutdown_request(request)

    def served(self) -> list[tuple[socket.socket, threading.Thread]]:
        """The open connections, each with its thread."""
        with self._lock:
            return list(self._served.items())

    def abandon(self) -> None:
        """In a forked child: close what the parent serves, without ending it for the parent."""
        for inherited in (self.socket, *self._served):
            if inherited.fileno() >= 0:
                os.close(inherited.detach())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 2 * _AT_ONCE  # so headers and content leave together
    server: _Server

    def _serve(self) -> None:
        content = self._read_content()
        if content is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(HttpRequest(self.command, self.path, headers, content))
        if isinstance(answer, HttpAnswer):
            self._send(answer)
        else:
            self._break_off(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _serve

    def _read_content(self) -> bytes | None:
        """The body; None if there is no going on, and the client has been told."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self._refuse(411, "a body must have a Content-Length")
            return None
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0:
            self._refuse(400, "Content-Length must be a number")
            return None
        if length > MAX_CONTENT:
            self._refuse(413, f"a body may have at most {MAX_CONTENT} bytes", unread=length)
            return None
        content = self.rfile.read(length)
        if len(content) < length:  # the client broke off
            self.close_connection = True
            return None
        return content

    def _refuse(self, status: int, why: str, *, unread: int = 0) -> None:
        """Answer with a refusal and close; an unread body is taken in first, or none would hear."""
        self.connection.settimeout(_GRACE)
        left = min(unread, 16 * MAX_CONTENT)
        while left > 0 and (chunk := self.rfile.read(min(left, 65536))):
            left -= len(chunk)
        self.close_connection = True
        self._send(self.server.refuse(status, why))

    def _send(self, answer: HttpAnswer) -> None:
        """Send it in one piece, or in a form in which no client takes a part for the whole.

        botocore doesn't mind a body that is shorter than its Content-Length. Were this process
        killed while it sends a long one, botocore would take what it got for the answer; a chunk
        that isn't complete is an error to everyone.
        """
        if answer.missing:
            self.close_connection = True
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        content, size = answer.content, len(answer.content) + answer.missing
        if self.request_version == "HTTP/1.1" and size > _AT_ONCE and not answer.missing:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%b\r\n0\r\n\r\n" % (size, content)
        else:
            self.send_header("Content-Length", str(size))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)
        self.wfile.flush()

    def _break_off(self, how: BrokenConnection) -> None:
        self.close_connection = True
        if how.reset:
            at_once = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class calls for a request that it can't read."""
        self.close_connection = True
        self.request_version = "HTTP/1.0"  # it may have none, and so no answer
        self._send(self.server.refuse(int(code), message or "the request can't be read"))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests have output of their own."""


def _shut(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # it may just have ended by itself
        connection.shutdown(how)


_listening: weakref.WeakSet[_Server] = weakref.WeakSet()


def _abandon_all() -> None:
    for server in list(_listening):
        server.abandon()


fork_safe.in_child(_abandon_all)
