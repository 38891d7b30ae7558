"""The program ``dynoresilience``: reads its arguments and hands over to a command.

A command is a module with ``add_to(commands)``: it adds its parser, and names the function that
runs it by ``set_defaults(run=...)``. It imports what it needs only when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from dynoresilience import __version__
from dynoresilience.cli import demo, iam, reap

INTERRUPTED = 130
"""What shells expect of a program that was ended with Ctrl-C: 128 + SIGINT."""

_COMMANDS = (demo, reap, iam)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit code.

    Args:
        argv: the arguments after the program's name. None: those of this process.
    """
    parser = _parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as done:  # --help, --version, or a mistake that argparse has explained
        return int(done.code or 0)
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `dynoresilience ... | head`: nobody reads on
        # Or the interpreter would fail once more, with a traceback, when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dynoresilience",
        description="DynamoDB calls that survive throttling.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.add_to(commands)
    return parser
