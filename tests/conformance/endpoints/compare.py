"""What of a conformance suite an endpoint passes alone, and not with the simulator in front.

python -m tests.conformance.endpoints.compare SUITE [--only REGEX] [--alone URL --through URL]

Without URLs it starts DynamoDB Local, and a server of ``dynoresilience.testing`` in front of it.
Every test runs alone first. Those that pass run once more by themselves, so that neither chance nor
the leavings of a test that failed are taken for a loss, and then through the simulator. The exit
status is 1 if something was lost.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dynoresilience.testing.server.server import SimulatorServer
from tests.conformance.endpoints.suites import SuiteError, exactly, run
from tests.support.dynamodb_local import DynamoDBLocal, Unavailable, fetch


@dataclass(frozen=True, slots=True)
class Comparison:
    """The names of the tests that pass: ``alone``, of these ``again``, of those ``through``."""

    alone: frozenset[str]
    again: frozenset[str]
    through: frozenset[str]

    @property
    def lost(self) -> list[str]:
        return sorted(self.again - self.through)

    def report(self) -> str:
        lines = [f"passed alone: {len(self.alone)}"]
        lines += [f"  only sometimes: {name}" for name in sorted(self.alone - self.again)]
        lines += [f"passed through the simulator: {len(self.again & self.through)}"]
        lines += [f"  LOST: {name}" for name in self.lost]
        return "\n".join([*lines, f"lost: {len(self.lost)}"])


def compare(suite: Path, alone: str, through: str, only: str, timeout: float) -> Comparison:
    """Run the suite on both endpoints.

    Raises:
        SuiteError: it can't be run.
    """
    first = run(suite, alone, "COMPAREALONE", only=only, timeout=timeout)
    if not first:
        raise SuiteError(f"no test passes at {alone}: there is nothing to compare")
    again = run(suite, alone, "COMPAREAGAIN", only=exactly(first), timeout=timeout)
    last = run(suite, through, "COMPARETHROUGH", only=exactly(again), timeout=timeout)
    return Comparison(frozenset(first), frozenset(again & first), frozenset(last))


def main() -> None:
    """Compare, and print what was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path, help="a checkout, after `npm install`")
    parser.add_argument("--only", default="", metavar="REGEX", help="tests to begin with")
    parser.add_argument("--alone", metavar="URL", help="the endpoint by itself")
    parser.add_argument("--through", metavar="URL", help="the simulator in front of it")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for each of 3 runs")
    options = parser.parse_args()
    if (options.alone is None) != (options.through is None):
        parser.error("give both --alone and --through, or neither")
    with ExitStack() as stack:
        try:
            alone = options.alone or stack.enter_context(DynamoDBLocal(fetch())).url
            through = options.through or stack.enter_context(SimulatorServer(alone)).url
            suite = options.suite.resolve()
            found = compare(suite, alone, through, options.only, options.timeout)
        except (SuiteError, Unavailable) as why:
            sys.exit(f"{why}.")
    print(found.report())
    sys.exit(bool(found.lost))


if __name__ == "__main__":
    main()
