"""``dynoresilience demo``: one burst of writes, through boto3 alone and through `ScalingClient`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynoresilience.cli.demo.view import View

INSTALL = "pip install 'dynoresilience[demo]'"

_ABOUT = """\
Send one burst of writes at a table that is far too small for it, twice: through boto3 alone, and
through ScalingClient on a fresh table. DynamoDB is simulated in this process and in real time: no
AWS account, no server, no cost. Takes about half a minute."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "demo",
        help="see the same burst of writes with and without ScalingClient; no AWS account needed",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--writes",
        type=_count,
        metavar="N",
        help="items to write, each time (default: 640, or 100 with a boto3 that still retries in "
        "its slow legacy mode)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo. 0: ScalingClient failed no write and the table is back at base; else 1."""
    try:
        from dynoresilience.cli.demo.programme import play
    except ImportError as error:
        missing = _missing(error)
        if missing is None:
            raise
        print(f"The demo needs {missing}, which is not installed: {INSTALL}", file=sys.stderr)
        return 1
    with _view() as view:
        return play(view, args.writes)


def _view() -> View:
    from dynoresilience.cli.demo.plain import PlainView

    if not sys.stdout.isatty():
        return PlainView()
    try:
        from dynoresilience.cli.demo.live import LiveView, can_show
    except ModuleNotFoundError as error:
        if _missing(error) is None:
            raise
        print(f"For the live view: {INSTALL}", file=sys.stderr)
        return PlainView()
    return LiveView() if can_show() else PlainView()


def _missing(error: ImportError) -> str | None:
    """The package that is not installed; None if the error is another one."""
    cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    package = (cause.name or "").partition(".")[0]
    is_ours = package in ("", "dynoresilience")
    return None if is_ours or not isinstance(cause, ModuleNotFoundError) else package


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, 1 or more")
    return number
