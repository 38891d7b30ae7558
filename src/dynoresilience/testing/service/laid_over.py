"""Requests as the backend gets them: without what the simulation keeps itself.

moto and DynamoDB Local forget it, or refuse a request that has nothing else.
"""

from __future__ import annotations

from dynoresilience.testing.replies import Body

_OWN = {"OnDemandThroughput", "SSESpecification", "TableClass", "WarmThroughput"}


def for_backend(body: Body) -> Body:
    """A CreateTable or UpdateTable request without our own part."""
    rest = _without(body)
    if "GlobalSecondaryIndexes" in rest:
        rest["GlobalSecondaryIndexes"] = [
            _without(index) for index in rest["GlobalSecondaryIndexes"]
        ]
    if "GlobalSecondaryIndexUpdates" in rest:
        actions = [
            {verb: _without(index) for verb, index in action.items()}
            for action in rest["GlobalSecondaryIndexUpdates"]
        ]
        rest["GlobalSecondaryIndexUpdates"] = [each for each in actions if not _says_nothing(each)]
    return rest


def _without(part: Body) -> Body:
    return {name: value for name, value in part.items() if name not in _OWN}


def _says_nothing(action: Body) -> bool:
    return action.keys() == {"Update"} and action["Update"].keys() <= {"IndexName"}
