"""Whether another project's DynamoDB tests come out otherwise with our clients than with boto3's.

python -m tests.conformance.clients.compare SUITE [--throttle] [--timeout SECONDS]

The tests run with boto3's clients, with `ScalingClient` in their place (and resources attached),
and with `install` on every session; with --throttle also on sessions whose every data call is
refused once. Tests whose outcome differs run once more by themselves, with each kind of client:
one that fails by chance is no difference. The exit status is 1 if there is a difference, and if
the clients were not in effect.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.conformance.clients.suite import Outcome, Run, SuiteError, run

PLAIN = "boto3"
OURS = ("ScalingClient", "install")
THROTTLED = "install-throttled"
_RESULTS = ("passed", "failed", "skipped")
_COUNTS = ("clients", "requests", "hooked", "throttled")
_NOT_RUN = Outcome("not run", "")

RunTests = Callable[[str, Sequence[str]], Run]
"""Takes a kind of client (a mode of the plugin) and the tests to run (none: all)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A test whose outcome with a kind of client is not what it is with boto3's.

    ``lasting``: by itself it came out otherwise once more.
    """

    clients: str
    test: str
    plain: Outcome
    ours: Outcome
    lasting: bool

    def __str__(self) -> str:
        label = "DIFFERS" if self.lasting else "only sometimes"
        change = f"{self.plain.result} -> {self.ours.result}"
        return f"{label}: {self.clients}: {self.test}: {change}: {self.ours.why or self.plain.why}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of all tests, by kind of client, and what differs between them."""

    runs: Mapping[str, Run]
    differences: Sequence[Difference]

    @property
    def idle(self) -> list[str]:
        """Why this comparison shows nothing; empty if it does."""
        found = [] if self.runs[PLAIN].number("passed") else [f"{PLAIN}: no test passes"]
        for clients, made in self.runs.items():
            needed = [] if clients == PLAIN else ["clients", "hooked"]
            needed += ["throttled"] if clients == THROTTLED else []
            found += [f"{clients}: {what}: 0" for what in needed if not made.counts.get(what)]
        return found

    @property
    def holds(self) -> bool:
        return not self.idle and not any(found.lasting for found in self.differences)

    def report(self) -> str:
        rows = [("", "tests", *_RESULTS, *_COUNTS)]
        for clients, made in self.runs.items():
            numbers = [len(made.outcomes), *map(made.number, _RESULTS)]
            numbers += [made.counts.get(what, 0) for what in _COUNTS]
            rows.append((clients, *map(str, numbers)))
        lines = [f"{name:18}" + "".join(f"{cell:>10}" for cell in cells) for name, *cells in rows]
        lines += [f"SHOWS NOTHING: {why}" for why in self.idle]
        lines += map(str, self.differences)
        return "\n".join([*lines, f"differing: {sum(d.lasting for d in self.differences)}"])


def compare(run_tests: RunTests, ours: Sequence[str]) -> Comparison:
    """Run all tests with boto3's clients and with each of ``ours``, and what differs once more.

    Raises:
        SuiteError: the suite can't be run.
    """
    runs = {clients: run_tests(clients, ()) for clients in (PLAIN, *ours)}
    differing = {clients: _differing(runs[PLAIN], runs[clients]) for clients in ours}
    # By name a test can be run again only with clients with which it exists.
    common = set.intersection(*(set(made.outcomes) for made in runs.values()))
    doubted = sorted(common.intersection(set().union(*differing.values())))
    again = {clients: run_tests(clients, doubted) for clients in runs} if doubted else {}
    differences = [
        Difference(
            clients,
            test,
            plain,
            found,
            lasting=test not in common or test in _differing(again[PLAIN], again[clients]),
        )
        for clients, tests in differing.items()
        for test, (plain, found) in tests.items()
    ]
    return Comparison(runs, differences)


def _differing(plain: Run, ours: Run) -> dict[str, tuple[Outcome, Outcome]]:
    pairs = {
        test: (plain.outcomes.get(test, _NOT_RUN), ours.outcomes.get(test, _NOT_RUN))
        for test in sorted({*plain.outcomes, *ours.outcomes})
    }
    return {test: (a, b) for test, (a, b) in pairs.items() if a.result != b.result}


def main() -> None:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path, help="a checkout of moto, or what is laid out like it")
    parser.add_argument(
        "--throttle", action="store_true", help="and with every data call refused once"
    )
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for each run")
    options = parser.parse_args()
    suite = options.suite.resolve()

    def run_tests(clients: str, tests: Sequence[str]) -> Run:
        print(f"running {len(tests) or 'all'} tests: {clients} ...", file=sys.stderr, flush=True)
        return run(suite, clients, tests=tests, timeout=options.timeout)

    try:
        found = compare(run_tests, (*OURS, THROTTLED) if options.throttle else OURS)
    except SuiteError as why:
        sys.exit(f"{why}.")
    python = ".".join(map(str, sys.version_info[:3]))
    print(f"{suite.name}, boto3 {version('boto3')}, Python {python}")
    print(found.report())
    sys.exit(not found.holds)


if __name__ == "__main__":
    main()
