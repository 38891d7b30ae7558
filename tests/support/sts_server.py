"""An STS on loopback that answers what a test orders."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AIDEXAMPLE</UserId><Account>{account}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""


class StsServer:
    """Answers GetCallerIdentity, once `refuse` was called with an error."""

    account = "123456789012"
    arn = "arn:aws:iam::123456789012:user/deployer"

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        """Body and Authorization header of each."""
        self._answer = (200, _IDENTITY.format(arn=self.arn, account=self.account))
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.requests.append((body, self.headers.get("Authorization", "")))
                status, text = server._answer
                text = text.replace("{authorization}", server.requests[-1][1])
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def refuse(self, status: int, code: str, message: str = "no") -> None:
        """``{authorization}`` in the message is what the client has sent."""
        self._answer = (status, _ERROR.format(code=code, message=message).replace("\n", ""))

    def __enter__(self) -> StsServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
