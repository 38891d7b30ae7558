"""Properties of `compare`: no false alarm, and a single change is named, alone."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.tables import DriftReport, TableSpec
from dynoresilience.tables.drift import compare
from dynoresilience.tables.seen.look import look
from tests.support.as_aws import AsAws
from tests.support.mutations import mutations
from tests.support.specs import specs

chance = st.randoms(use_true_random=False)


def seen(aws: AsAws, spec: TableSpec) -> DriftReport:
    return compare(spec, look(aws, spec.name), known_keys=aws.aliases)


@given(specs(), chance)
def test_the_table_that_aws_makes_of_a_spec_is_clean(spec: TableSpec, random: Random) -> None:
    report = seen(AsAws(spec, random), spec)
    assert str(report) == f"{spec.name}: as declared"
    assert report.clean
    assert report.complete


@given(specs(), chance, st.data())
def test_a_single_change_is_the_single_difference(
    spec: TableSpec, random: Random, data: st.DataObject
) -> None:
    aws = AsAws(spec, random)
    path, change = data.draw(st.sampled_from(list(mutations(spec))))
    change(aws)
    report = seen(aws, spec)
    assert [each.path for each in report.differences] == [path], str(report)
    assert report.notes == ()
    json.dumps([(each.declared, each.found) for each in report.differences])


@given(specs(), chance, chance, st.data())
def test_the_same_findings_read_the_same(
    spec: TableSpec, one: Random, another: Random, data: st.DataObject
) -> None:
    path, change = data.draw(st.sampled_from(list(mutations(spec))))
    reports = []
    for random in (one, another):
        aws = AsAws(spec, random)
        change(aws)
        reports.append(seen(aws, spec))
    assert reports[0].to_json() == reports[1].to_json()
    assert str(reports[0]) == str(reports[1])
    told = json.loads(reports[0].to_json())
    assert [each["path"] for each in told["differences"]] == [path]
