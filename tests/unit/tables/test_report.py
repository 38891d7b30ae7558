"""A report as text and as JSON."""

from __future__ import annotations

import json
import pickle

from dynoresilience.tables import Difference, DriftError, DriftReport, Label, Severity

PLAN = "plan_table shows the way"


def difference(field: str, declared: object, found: object, **more: object) -> Difference:
    given = {"label": Label.DECLARED, "severity": Severity.WARNING, "remedy": PLAN, **more}
    return Difference(field, declared, found, **given)  # type: ignore[arg-type]


def test_a_clean_one_is_one_line() -> None:
    assert str(DriftReport("orders")) == "orders: as declared"


def test_a_remedy_is_said_once() -> None:
    report = DriftReport(
        "orders",
        (
            difference("range_key", "day", None, severity=Severity.ERROR, remedy="another table"),
            difference("read_capacity_units", 5, 7),
            difference("tags", "billing", None, key="team"),
            difference("non_key_attributes", ("a", "b"), (), index="by-day"),
        ),
        (
            difference(
                "point_in_time_recovery",
                None,
                True,
                label=Label.AWS_DEFAULT,
                severity=Severity.INFO,
                remedy="left alone",
            ),
            difference("status", None, "CREATING", label=Label.UNDER_WAY, remedy="it changes"),
        ),
    )
    assert str(report) == (
        "orders: 4 differences\n"
        "  error    range_key: declared day, found nothing\n"
        "           another table\n"
        "  warning  read_capacity_units: declared 5, found 7\n"
        "  warning  tags[team]: declared billing, found nothing\n"
        "  warning  global_secondary_indexes[by-day].non_key_attributes: "
        "declared a, b, found nothing\n"
        "           plan_table shows the way\n"
        "  note     point_in_time_recovery: declared nothing (AWS default), found on\n"
        "           left alone\n"
        "  note     status: found CREATING (under way)\n"
        "           it changes"
    )
    assert str(report.differences[1]) == f"read_capacity_units: declared 5, found 7; {PLAN}"


def test_the_whole_table_and_local_indexes_have_paths() -> None:
    assert difference("table", "orders", None).path == "table"
    local = difference("index", "day", None, index="by-day", local=True)
    assert local.path == "local_secondary_indexes[by-day]"


def test_what_others_have_written_stays_on_its_line() -> None:
    report = DriftReport(
        "orders",
        (difference("tags", "billing", 'x"\n  error    hash_key: \x1b[31m', key="a\nb"),),
        (difference("tags", {"a": "\n"}, None, label=Label.UNSUPPORTED, remedy="one\ntwo"),),
    )
    assert str(report).splitlines() == [
        "orders: 1 difference",
        r'  warning  "tags[a\nb]": declared billing, '
        r'found "x\"\n  error    hash_key: \u001b[31m"',
        f"           {PLAN}",
        r'  note     tags: declared {"a": "\n"} (unsupported here)',
        "           one two",
    ]
    found = json.loads(report.to_json())["differences"][0]["found"]
    assert found == 'x"\n  error    hash_key: \x1b[31m'


def test_json_has_these_keys() -> None:
    report = DriftReport("orders", (difference("non_key_attributes", ("a",), (), index="by-day"),))
    assert json.loads(report.to_json()) == {
        "table": "orders",
        "clean": False,
        "complete": True,
        "notes": [],
        "differences": [
            {
                "path": "global_secondary_indexes[by-day].non_key_attributes",
                "field": "non_key_attributes",
                "index": "by-day",
                "key": None,
                "declared": ["a"],
                "found": [],
                "label": "declared",
                "severity": "warning",
                "remedy": PLAN,
            }
        ],
    }


def test_an_error_carries_the_report_to_another_process() -> None:
    report = DriftReport("orders", (difference("hash_key", "id", "number"),))
    error = pickle.loads(pickle.dumps(DriftError(report)))
    assert error.report == report
    assert str(error) == str(report)
    assert not error.report.missing
