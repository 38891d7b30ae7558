"""`compare` by examples: what is no drift, what is not known, and the states of a table."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dynoresilience.model import Dimension
from dynoresilience.ports import AccessDenied
from dynoresilience.ports.tables import NotSupported
from dynoresilience.tables import DriftReport, Label, Severity, TableSpec
from dynoresilience.tables.drift import compare
from dynoresilience.tables.seen.found import Unseen
from dynoresilience.tables.seen.look import look
from tests.support.as_aws import KEYS, AsAws
from tests.support.drifts import by_customer, table
from tests.support.mutations import mutations

READ = (None, Dimension.READ)


def aws(spec: TableSpec) -> AsAws:
    return AsAws(spec, Random(0))


def told(spec: TableSpec, answers: AsAws, **known: Any) -> DriftReport:
    return compare(spec, look(answers, spec.name), **known)


def labels(report: DriftReport) -> dict[str, Label]:
    return {note.path: note.label for note in report.notes}


EVERYTHING: dict[str, Any] = {
    "stream_view_type": "NEW_IMAGE",
    "time_to_live": "expires",
    "tags": {"team": "billing"},
    "point_in_time_recovery": True,
    "recovery_period_days": 7,
    "deletion_protection": True,
    "table_class": "STANDARD_INFREQUENT_ACCESS",
    "sse": True,
    "kms_key": "1234abcd-12ab-34cd-56ef",
    "contributor_insights": True,
}
WARM = {"warm_read_units_per_second": 13000, "warm_write_units_per_second": 5000}
MAXIMA = {"max_read_request_units": 100, "max_write_request_units": -1}
FULL = [
    table(**EVERYTHING),
    table(
        on_demand=True,
        **EVERYTHING,
        **WARM,
        **MAXIMA,
        global_secondary_indexes=[by_customer(**WARM, **MAXIMA, contributor_insights=True)],
    ),
]


@pytest.mark.parametrize("spec", FULL, ids=["provisioned", "on demand"])
def test_each_property_is_named_alone(spec: TableSpec) -> None:
    paths = [path for path, _ in mutations(spec)]
    for number, path in enumerate(paths):
        answers = aws(spec)
        _, change = list(mutations(spec))[number]
        change(answers)
        report = told(spec, answers)
        assert [each.path for each in report.differences] == [path]
        assert report.notes == ()
    declared = {name for name in TableSpec.model_fields if getattr(spec, name)}
    assert declared - {"name"} <= {path.partition("[")[0] for path in paths}


def test_no_table_is_the_one_difference() -> None:
    report = compare(table(), None)
    assert report.missing
    assert "check region and account" in str(report)
    assert [each.path for each in report.differences] == ["table"]


def test_a_table_that_is_being_deleted_counts_as_gone() -> None:
    spec = table(stream_view_type="NEW_IMAGE")
    answers = aws(spec)
    answers.table["TableStatus"] = "DELETING"
    report = told(spec, answers)
    assert report.missing
    assert [(each.path, each.found) for each in report.differences] == [("table", "DELETING")]


@pytest.mark.parametrize(
    "status", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED"]
)
def test_a_table_whose_calls_fail_is_told(status: str) -> None:
    answers = aws(table())
    answers.table["TableStatus"] = status
    (only,) = told(table(), answers).differences
    assert (only.path, only.found, only.severity) == ("status", status, Severity.ERROR)


def test_the_old_capacity_of_a_table_that_is_updating_is_no_drift_and_not_known() -> None:
    answers = aws(table())
    answers.table["TableStatus"] = "UPDATING"
    answers.table["ProvisionedThroughput"]["ReadCapacityUnits"] = 4
    report = told(table(), answers)
    assert report.clean
    assert not report.complete
    assert labels(report) == {"status": Label.UNDER_WAY, "read_capacity_units": Label.UNDER_WAY}


def test_what_an_update_does_not_touch_is_drift_meanwhile() -> None:
    spec = table(deletion_protection=True)
    answers = aws(spec)
    answers.table["TableStatus"] = "UPDATING"
    answers.table["DeletionProtectionEnabled"] = False
    report = told(spec, answers)
    assert [each.path for each in report.differences] == ["deletion_protection"]
    assert report.complete


def test_the_old_capacity_of_an_index_that_is_updating_is_not_known() -> None:
    answers = aws(table())
    answers.index("by-customer")["IndexStatus"] = "UPDATING"
    answers.index("by-customer")["ProvisionedThroughput"]["ReadCapacityUnits"] = 4
    answers.table["ProvisionedThroughput"]["ReadCapacityUnits"] = 4
    report = told(table(), answers)
    assert [each.path for each in report.differences] == ["read_capacity_units"]
    place = "global_secondary_indexes[by-customer]"
    assert labels(report) == {
        f"{place}.read_capacity_units": Label.UNDER_WAY,
        f"{place}.status": Label.UNDER_WAY,
    }


def test_an_index_that_is_missing_stays_drift_while_the_table_is_updating() -> None:
    answers = aws(table())
    answers.table["TableStatus"] = "UPDATING"
    answers.table["GlobalSecondaryIndexes"] = []
    place = "global_secondary_indexes[by-customer]"
    assert [each.path for each in told(table(), answers).differences] == [place]


def test_an_index_that_is_being_created_is_there_and_told() -> None:
    spec = table(global_secondary_indexes=[by_customer(contributor_insights=True, **FIVE)])
    answers = aws(spec)
    answers.index("by-customer")["IndexStatus"] = "CREATING"
    report = told(spec, answers)
    assert report.clean
    assert not report.complete  # its insights can't be asked for yet
    place = "global_secondary_indexes[by-customer]"
    assert set(labels(report)) == {f"{place}.status", f"{place}.contributor_insights"}


FIVE = {"read_capacity_units": 5, "write_capacity_units": 5}


def test_an_index_that_is_being_deleted_is_gone() -> None:
    answers = aws(table())
    answers.index("by-customer")["IndexStatus"] = "DELETING"
    report = told(table(), answers)
    place = "global_secondary_indexes[by-customer]"
    assert [(each.path, each.found) for each in report.differences] == [(place, None)]
    without = table(global_secondary_indexes=[], attributes={"id": "S", "day": "N", "total": "N"})
    assert told(without, answers).clean


def test_a_local_index_in_the_place_of_a_global_one_is_two_differences() -> None:
    answers = aws(table())
    index = answers.index("by-customer")
    answers.table["GlobalSecondaryIndexes"] = []
    answers.table["LocalSecondaryIndexes"].append(index)
    assert {each.path for each in told(table(), answers).differences} == {
        "global_secondary_indexes[by-customer]",
        "local_secondary_indexes[by-customer]",
    }


def test_a_key_and_warmth_that_are_changing_are_not_known() -> None:
    spec = table(on_demand=True, sse=True, kms_key=f"{KEYS}mine", warm_read_units_per_second=13000)
    answers = aws(spec)
    answers.table["SSEDescription"].update(Status="UPDATING", KMSMasterKeyArn=f"{KEYS}old")
    answers.table["WarmThroughput"].update(Status="UPDATING", ReadUnitsPerSecond=12000)
    report = told(spec, answers)
    assert report.clean
    assert set(labels(report).values()) == {Label.UNDER_WAY}
    assert set(labels(report)) == {
        "kms_key",
        "sse",
        "warm_read_units_per_second",
        "warm_throughput",
    }


def test_while_a_table_is_created_its_settings_are_not_known() -> None:
    spec = table(tags={"team": "billing"}, time_to_live="expires", point_in_time_recovery=True)
    answers = aws(spec)
    answers.table["TableStatus"] = "CREATING"
    report = told(spec, answers)
    assert report.clean
    assert not report.complete
    assert answers.asked.total() == 1
    assert set(labels(report)) == {"status", "tags", "time_to_live", "point_in_time_recovery"}


def test_what_is_not_declared_is_left_alone_and_told() -> None:
    everything = table(
        on_demand=True,
        stream_view_type="NEW_IMAGE",
        time_to_live="expires",
        tags={"team": "billing"},
        point_in_time_recovery=True,
        recovery_period_days=7,
        deletion_protection=True,
        table_class="STANDARD_INFREQUENT_ACCESS",
        sse=True,
        contributor_insights=True,
        max_read_request_units=100,
    )
    report = told(table(on_demand=True), aws(everything))
    assert report.clean
    assert report.complete
    assert labels(report) == dict.fromkeys(
        [
            "contributor_insights",
            "deletion_protection",
            "max_read_request_units",
            "point_in_time_recovery",
            "recovery_period_days",
            "sse",
            "stream_view_type",
            "table_class",
            "tags[team]",
            "time_to_live",
        ],
        Label.AWS_DEFAULT,
    )


def test_warm_throughput_that_has_grown_is_aws_s() -> None:
    spec = table(on_demand=True, warm_read_units_per_second=13000)
    answers = aws(spec)
    answers.table["WarmThroughput"]["ReadUnitsPerSecond"] = 20000
    report = told(spec, answers)
    assert labels(report) == {"warm_read_units_per_second": Label.AWS_COMPUTED}
    assert report.clean
    assert report.complete


@pytest.mark.parametrize("label", [Label.AUTOSCALING, Label.RAISED])
def test_a_number_that_is_somebody_s_is_no_drift(label: Label) -> None:
    answers = aws(table())
    answers.table["ProvisionedThroughput"].update(ReadCapacityUnits=80, WriteCapacityUnits=80)
    report = told(table(), answers, owners={READ: (label, "why")})
    assert labels(report) == {"read_capacity_units": label}
    assert [each.path for each in report.differences] == ["write_capacity_units"]
    assert report.complete


def test_what_may_not_be_seen_is_not_permitted_and_never_missing() -> None:
    spec = table(tags={"team": "billing"}, time_to_live="expires")
    answers = aws(spec)
    for action in ("ListTagsOfResource", "DescribeTimeToLive", "DescribeContinuousBackups"):
        answers.refuse[action] = AccessDenied(f"dynamodb:{action}", "not authorized")
    report = told(spec, answers)
    assert report.clean
    assert not report.complete
    assert labels(report) == {"tags": Label.NOT_PERMITTED, "time_to_live": Label.NOT_PERMITTED}
    assert "allow dynamodb:ListTagsOfResource" in str(report)
    assert "DescribeContinuousBackups" not in str(report)  # nothing of it is declared
    assert told(table(), answers).notes == ()


def test_what_an_endpoint_does_not_have_can_only_be_off() -> None:
    on = table(point_in_time_recovery=True, contributor_insights=True)
    off = table(point_in_time_recovery=False, contributor_insights=False)
    for spec, silent in ((on, False), (off, True)):
        answers = aws(spec)
        for operation in ("DescribeContinuousBackups", "DescribeContributorInsights"):
            answers.refuse[operation] = NotSupported("unknown operation")
        report = told(spec, answers)
        assert report.clean
        assert report.complete is silent
        assert (report.notes == ()) is silent
        assert set(labels(report).values()) <= {Label.UNSUPPORTED}


def test_what_an_emulator_forgets_is_unsupported_unless_it_did_keep_it() -> None:
    spec = table(
        on_demand=True,
        table_class="STANDARD_INFREQUENT_ACCESS",
        warm_read_units_per_second=13000,
        max_read_request_units=100,
        sse=True,
        kms_key=f"{KEYS}mine",
    )
    answers = aws(spec)
    answers.cannot_keep = frozenset(
        {"table_class", "warm_read_units_per_second", "max_read_request_units", "kms_key"}
    )
    assert told(spec, answers).notes == ()
    answers.table["TableClassSummary"] = {"TableClass": "STANDARD"}
    answers.table["WarmThroughput"]["ReadUnitsPerSecond"] = 12000
    answers.table["OnDemandThroughput"] = {}
    answers.table["SSEDescription"]["KMSMasterKeyArn"] = f"{KEYS}other"
    report = told(spec, answers)
    assert labels(report) == dict.fromkeys(sorted(answers.cannot_keep), Label.UNSUPPORTED)


def test_what_was_not_asked_is_not_known() -> None:
    spec = table(tags={"team": "billing"}, time_to_live="expires")
    answers = aws(spec)
    report = compare(spec, look(answers, spec.name, {"time_to_live"}))
    assert labels(report) == {"tags": Label.NOT_ASKED}
    assert not report.complete
    assert answers.asked == {"DescribeTable": 1, "DescribeTimeToLive": 1}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, Label.UNSUPPORTED),
        ({"alias/orders": Unseen("denied", "no", "kms:DescribeKey")}, Label.NOT_PERMITTED),
    ],
)
def test_an_alias_that_nobody_resolves_is_a_note(known: Any, expected: Label) -> None:
    spec = table(sse=True, kms_key="alias/orders")
    report = told(spec, aws(spec), known_keys=known)
    assert labels(report) == {"kms_key": expected}
    assert report.clean
    assert not report.complete


def test_an_alias_of_the_key_that_is_there_is_silent() -> None:
    spec = table(sse=True, kms_key="alias/orders")
    report = told(spec, aws(spec), known_keys={"alias/orders": f"{KEYS}behind-orders"})
    assert str(report) == "orders: as declared"


@pytest.mark.parametrize("known", [f"{KEYS}another", ""])
def test_an_alias_of_another_key_or_of_none_is_drift(known: str) -> None:
    spec = table(sse=True, kms_key="alias/orders")
    report = told(spec, aws(spec), known_keys={"alias/orders": known})
    assert [each.path for each in report.differences] == ["kms_key"]


def test_a_key_of_which_nothing_is_told_is_drift() -> None:
    spec = table(sse=True, kms_key=f"{KEYS}mine")
    answers = aws(spec)
    del answers.table["SSEDescription"]["KMSMasterKeyArn"]
    assert [each.path for each in told(spec, answers).differences] == ["kms_key"]


def test_a_maximum_that_must_not_be_may_read_as_minus_one_or_nothing() -> None:
    spec = table(on_demand=True, max_read_request_units=-1, max_write_request_units=-1)
    answers = aws(spec)
    answers.table["OnDemandThroughput"] = {"MaxReadRequestUnits": -1}
    assert told(spec, answers).notes == told(spec, answers).differences == ()


def test_the_worst_comes_first() -> None:
    spec = table(deletion_protection=True)
    answers = aws(spec)
    answers.table["DeletionProtectionEnabled"] = False
    answers.table["LocalSecondaryIndexes"] = []
    severities = [each.severity for each in told(spec, answers).differences]
    assert severities == [Severity.ERROR, Severity.WARNING]


GRAVE = {"hash_key", "range_key", "attributes", "projection_type", "non_key_attributes"}
"""Fields without which calls fail, or answer something else."""


@pytest.mark.parametrize("spec", FULL, ids=["provisioned", "on demand"])
def test_what_makes_calls_fail_is_an_error(spec: TableSpec) -> None:
    for number in range(len(list(mutations(spec)))):
        answers = aws(spec)
        list(mutations(spec))[number][1](answers)
        (only,) = told(spec, answers).differences
        is_gone = only.field == "index" and only.found is None
        grave = is_gone or only.field in GRAVE
        assert only.severity is (Severity.ERROR if grave else Severity.WARNING), only.path


def test_no_table_is_an_error_and_what_is_under_way_is_not() -> None:
    assert compare(table(), None).differences[0].severity is Severity.ERROR
    answers = aws(table())
    answers.table["TableStatus"] = "UPDATING"
    answers.table["ProvisionedThroughput"]["ReadCapacityUnits"] = 4
    assert {note.severity for note in told(table(), answers).notes} == {Severity.INFO}


@pytest.mark.parametrize(
    ("attribute", "remedy"),
    [("day", "another name"), ("total", "another name"), ("customer", "delete the indexes")],
)
def test_the_way_out_of_a_wrong_type_depends_on_whose_key_it_is(
    attribute: str, remedy: str
) -> None:
    answers = aws(table())
    for entry in answers.table["AttributeDefinitions"]:
        if entry["AttributeName"] == attribute:
            entry["AttributeType"] = "B"
    (only,) = told(table(), answers).differences
    assert remedy in only.remedy


def test_a_missing_index_is_told_by_its_keys_and_projection() -> None:
    answers = aws(table())
    answers.table["LocalSecondaryIndexes"] = answers.table["GlobalSecondaryIndexes"] = []
    told_of = {each.index: each.declared for each in told(table(), answers).differences}
    assert told_of == {"by-total": "id, total (ALL)", "by-customer": "customer, total (INCLUDE)"}
