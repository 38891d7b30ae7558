"""``python -m dynoresilience.testing``: a simulated DynamoDB as a process of its own."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence
from typing import NoReturn

from dynoresilience.testing.server.options import add_options, settings_of
from dynoresilience.testing.server.server import SimulatorServer

_WRONG_USE = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_WRONG_USE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status.

    Once it answers, its URL is printed on a line of its own.
    """
    parser = _new_parser()
    parsed = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = SimulatorServer(
            parsed.backend,
            host=parsed.host,
            port=parsed.port,
            region=parsed.region,
            **settings_of(parsed),
        )
        server.start()
    except (ValueError, TypeError, ImportError) as wrong:
        parser.error(str(wrong))
    except OSError as failure:
        parser.error(f"can't listen on {parsed.host}:{parsed.port}: {failure.strerror or failure}")
    try:
        print(server.url, flush=True)
        ended.wait()
    finally:
        server.stop()
    return 0


def _new_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m dynoresilience.testing",
        description="A DynamoDB endpoint that enforces capacity, on top of moto or of any other "
        "DynamoDB endpoint. Prints its URL when it answers; ends with SIGTERM or Ctrl-C.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=8000, help="0 is any free one [8000]")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on [127.0.0.1]")
    parser.add_argument(
        "--backend",
        default="moto",
        metavar="moto|URL",
        help="what keeps the items: moto, in memory, or the URL of a DynamoDB endpoint that does "
        "not check signatures, such as DynamoDB Local [moto]",
    )
    parser.add_argument(
        "--region", default="us-east-1", help="of requests that are not signed [us-east-1]"
    )
    add_options(parser)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"must be 0 to 65535, got {port}")
    return port


_port.__name__ = "port"  # argparse names it where the text is no number
