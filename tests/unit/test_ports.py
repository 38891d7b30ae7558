"""What the ports may raise, for whoever hands it on: to a handler, or to another process."""

from __future__ import annotations

import pickle

import pytest

from dynoresilience import DynoResilienceError
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    TableNotFound,
    TargetDenied,
)


@pytest.mark.parametrize(
    "error",
    [
        ControlPlaneError("no"),
        AccessDenied("dynamodb:UpdateTable", "not authorized"),
        TargetDenied("application-autoscaling:RegisterScalableTarget", "not authorized"),
        TableNotFound("no such table"),
        DecreaseRefused("no more today", 12.5),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_one_of_the_library_and_gets_to_another_process(
    error: ControlPlaneError,
) -> None:
    there = pickle.loads(pickle.dumps(error))

    assert isinstance(error, DynoResilienceError)
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))
