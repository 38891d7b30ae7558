"""Each property: changed behind the library's back, and named; a clean table is silent."""

from __future__ import annotations

import pytest

from dynoresilience.tables import Label, verify_table
from tests.support.backends import Backend
from tests.support.drifts import DRIFTS, FORGETS, LOST_BY_THIS_MOTO, Drift, create


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_a_change_is_named_and_nothing_else(backend: Backend, drift: Drift) -> None:
    if backend.name == "moto" and drift.needs & LOST_BY_THIS_MOTO:
        pytest.skip("this moto forgets it")
    client, spec = backend.client(), drift.spec()
    create(client, spec, FORGETS[backend.name])

    before = verify_table(client, spec)
    assert before.clean, str(before)
    if not drift.is_kept_by(backend.name):
        assert {note.label for note in before.notes} <= {Label.UNSUPPORTED}
        assert before.complete is (not before.notes)
        return
    assert str(before) == "orders: as declared"

    drift.change(client, spec)
    report = verify_table(client, spec)
    assert [(each.path, each.declared, each.found) for each in report.differences] == [
        (drift.path, drift.declared, drift.found)
    ]
    assert report.notes == ()
