"""`ensure_table`: a table is there as declared when it returns, whoever else is at it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dynoresilience.events import TableDrifted
from dynoresilience.ports import EventSink
from dynoresilience.tables.access import Access
from dynoresilience.tables.ensure.arrival import Arrival
from dynoresilience.tables.ensure.finish import Finish
from dynoresilience.tables.ensure.repair import repair
from dynoresilience.tables.ensured import Ensured, Outcome
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import DriftError
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.wanted import OnDrift, Wanted, wanted

TIMEOUT = 900.0
"""Seconds that `ensure_table` waits at most. A new table takes less than one minute as a rule; a
repair that adds an index, some more than ten."""


def ensure_table(
    client: Any,
    spec: TableSpec,
    *,
    on_drift: OnDrift = "raise",
    timeout: float = TIMEOUT,
    allow: Collection[str] = (),
    sinks: Sequence[EventSink] | None = None,
) -> Ensured:
    """Create the table if there is none, wait until it and its indexes are ready, and verify it.

    Safe to call at every start, from any number of processes at once: one of them creates the
    table, the others join. If it is there already as declared, this costs a DescribeTable and one
    request for each declared setting that it does not tell (time to live, tags, point-in-time
    recovery, contributor insights).

    A creation whose process died before time to live, point-in-time recovery or contributor
    insights were switched on is finished, whatever ``on_drift`` says. It is told by a tag,
    ``dynoresilience:creating``, that is on such a table until it is finished; where there are no
    tags (DynamoDB Local), or they may not be used, it is drift once the table is 20 s old.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
        spec: what the table should be.
        on_drift: what to do about a table that is there and differs. "raise" a `DriftError`;
            "warn": emit `TableDrifted`, a warning in the log, and go on; "repair": what
            `plan_table` plans is applied.
        timeout: seconds for all of it. A request that is on its way by then may take 5 s more.
        allow: for "repair": what may be lost, words of `ALLOW` such as "delete_index".
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: an argument is wrong. No call has been made.
        NotAttachableError: ``client`` is not of DynamoDB.
        DriftError: the table differs, and may not or can't be repaired; it carries the report.
        EnsureTimeout: not in time; it says what is still under way. Run it again to join.
        TableUnusable: deleted by somebody meanwhile, or in a state that does not end by itself.
        AccessDenied: the credentials lack ``error.action``. That is never taken for "no table".
        CredentialsError: they are missing, expired or unknown.
        ControlPlaneError: DynamoDB refuses the table (`Refused`, `ServiceLimit`), or it does not
            answer.
    """
    decision = wanted("ensure_table", [spec], on_drift=on_drift, timeout=timeout, allow=allow)
    access = Access.of(client, sinks)
    return ensure(access, spec, decision, Patience(access.clock, access.chance, timeout))


def ensure(access: Access, spec: TableSpec, decision: Wanted, patience: Patience) -> Ensured:
    """The same, with arguments that are known to be right."""
    progress = Progress(spec.name, access.clock, access.sink)
    arrival = Arrival(access, spec, patience, progress)
    report = Finish(access, spec, arrival, progress).wait()
    outcome: Outcome = "created" if arrival.created else "joined" if arrival.joined else "verified"
    if not report.clean:
        match decision.on_drift:
            case "raise":
                raise DriftError(report)
            case "warn":
                outcome = "drifted"
                access.sink.emit(TableDrifted(spec.name, str(report)))
            case "repair":
                outcome = "repaired"
                report = repair(access, spec, decision.allow, patience, arrival)
    progress.tell(outcome)
    return Ensured(spec.name, outcome, report, progress.seconds)
