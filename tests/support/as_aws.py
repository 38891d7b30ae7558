"""The answers that AWS would give of a table that is as its spec says; no code of the library's.

Orders are shuffled, members that may be missing are missing at times, and what AWS computes is
there although nobody declared it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timezone
from random import Random
from typing import Any

from dynoresilience.ports import TableNotFound
from dynoresilience.tables import GlobalIndex, LocalIndex, TableSpec

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/"
KEYS = "arn:aws:kms:us-east-1:123456789012:key/"
WHEN = datetime(2025, 11, 21, 12, tzinfo=timezone.utc)


class AsAws:
    """A `ports.tables.TableAdmin` with one table; the answers may be changed.

    ``table``, ``time_to_live``, ``tags``, ``backups``: as in the answers; ``insights``: by index,
    the table's under None. ``refuse``: by operation, what to raise instead.
    """

    region = "us-east-1"
    endpoint = "https://dynamodb.us-east-1.amazonaws.com"
    cannot_keep: frozenset[str] = frozenset()

    def __init__(self, spec: TableSpec, random: Random) -> None:
        self._random = random
        self.asked: Counter[str] = Counter()
        self.refuse: dict[str, Exception] = {}
        self.aliases = {f"alias/{name}": f"{KEYS}behind-{name}" for name in ("orders", "others")}
        self.table = self._table(spec)
        self.time_to_live = (
            {"TimeToLiveStatus": "ENABLED", "AttributeName": spec.time_to_live}
            if spec.time_to_live
            else {"TimeToLiveStatus": "DISABLED"}
        )
        self.tags = {
            **(spec.tags or {}),
            "aws:cloudformation:stack-name": "orders",
            "dynoresilience:due": "1",
        }
        self.backups = self._backups(spec)
        self.insights: dict[str | None, dict[str, Any]] = {None: self._insights(spec)}
        for index in spec.global_secondary_indexes:
            self.insights[index.name] = self._insights(index)

    def ask(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked[operation] += 1
        if operation in self.refuse:
            raise self.refuse[operation]
        if operation == "ListTagsOfResource":
            assert request["ResourceArn"] == self.table["TableArn"]
            return self._page(int(request.get("NextToken", 0)))
        if request["TableName"] != self.table["TableName"]:
            raise TableNotFound(request["TableName"])
        return deepcopy(
            {
                "DescribeTable": lambda: {"Table": self.table},
                "DescribeTimeToLive": lambda: {"TimeToLiveDescription": self.time_to_live},
                "DescribeContinuousBackups": lambda: {"ContinuousBackupsDescription": self.backups},
                "DescribeContributorInsights": lambda: self.insights[request.get("IndexName")],
            }[operation]()
        )

    def arn_of(self, alias: str) -> str | None:
        """As `ports.tables.KeyNames` has it."""
        return self.aliases.get(alias)

    def index(self, name: str) -> dict[str, Any]:
        """An index in the answer of DescribeTable, to be changed."""
        lists = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        every = [each for which in lists for each in self.table.get(which, ())]
        return next(each for each in every if each["IndexName"] == name)

    def _page(self, start: int) -> dict[str, Any]:
        """Ten tags at a time, as AWS does it."""
        tags = [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]
        more = {"NextToken": str(start + 10)} if tags[start + 10 :] else {}
        return {"Tags": tags[start : start + 10], **more}

    def _at_times(self, **members: Any) -> dict[str, Any]:
        return members if self._random.random() < 0.5 else {}

    def _shuffled(self, entries: Any) -> list[Any]:
        return self._random.sample(list(entries), len(entries))

    def _table(self, spec: TableSpec) -> dict[str, Any]:
        types = [
            {"AttributeName": name, "AttributeType": kind} for name, kind in spec.attributes.items()
        ]
        ranges = (spec.range_key,) if spec.range_key is not None else ()
        summary = {"BillingMode": spec.billing_mode, "LastUpdateToPayPerRequestDateTime": WHEN}
        always = spec.billing_mode == "PAY_PER_REQUEST"
        table = {
            "TableName": spec.name,
            "TableArn": ARN + spec.name,
            "TableId": "00000000-0000-4000-8000-000000000000",
            "TableStatus": "ACTIVE",
            "CreationDateTime": WHEN,
            "TableSizeBytes": 0,
            "ItemCount": 0,
            "AttributeDefinitions": self._shuffled(types),
            "KeySchema": _schema((spec.hash_key,), ranges),
            "DeletionProtectionEnabled": bool(spec.deletion_protection),
            **({"BillingModeSummary": summary} if always else {}),
            **({} if always else self._at_times(BillingModeSummary=summary)),
            **self._units(spec, always),
            **self._stream(spec),
            **self._encryption(spec),
            **self._table_class(spec),
        }
        lists = {
            "GlobalSecondaryIndexes": [
                self._global(index, always) for index in spec.global_secondary_indexes
            ],
            "LocalSecondaryIndexes": [
                self._local(index, spec) for index in spec.local_secondary_indexes
            ],
        }
        return table | {name: self._shuffled(each) for name, each in lists.items() if each}

    def _global(self, index: GlobalIndex, on_demand: bool) -> dict[str, Any]:
        return {
            "IndexName": index.name,
            "IndexArn": f"{ARN}orders/index/{index.name}",
            "IndexStatus": "ACTIVE",
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "KeySchema": _schema(index.hash_key, index.range_key),
            **self._projection(index),
            **self._units(index, on_demand),
        }

    def _local(self, index: LocalIndex, spec: TableSpec) -> dict[str, Any]:
        return {
            "IndexName": index.name,
            "IndexArn": f"{ARN}orders/index/{index.name}",
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "KeySchema": _schema((spec.hash_key,), (index.range_key,)),
            **self._projection(index),
        }

    def _projection(self, index: GlobalIndex | LocalIndex) -> dict[str, Any]:
        projection: dict[str, Any] = {"ProjectionType": index.projection_type}
        if index.projection_type == "INCLUDE":
            projection["NonKeyAttributes"] = self._shuffled(index.non_key_attributes)
        return {"Projection": projection}

    def _units(self, of: TableSpec | GlobalIndex, on_demand: bool) -> dict[str, Any]:
        """Capacity reads 0 on demand; warm throughput is always there, and may have grown."""
        read, write = of.read_capacity_units or 0, of.write_capacity_units or 0
        least = (12_000, 4_000) if on_demand else (read, write)
        grown = [units + self._random.choice((0, 0, 1, 10_000)) for units in least]
        found: dict[str, Any] = {
            "ProvisionedThroughput": {
                "ReadCapacityUnits": read,
                "WriteCapacityUnits": write,
                "NumberOfDecreasesToday": self._random.randrange(5),
                **self._at_times(LastIncreaseDateTime=WHEN),
            },
            "WarmThroughput": {
                "ReadUnitsPerSecond": of.warm_read_units_per_second or grown[0],
                "WriteUnitsPerSecond": of.warm_write_units_per_second or grown[1],
                "Status": "ACTIVE",
            },
        }
        maxima = {
            "MaxReadRequestUnits": of.max_read_request_units or -1,
            "MaxWriteRequestUnits": of.max_write_request_units or -1,
        }
        if any(units > 0 for units in maxima.values()):
            found["OnDemandThroughput"] = maxima
        elif on_demand:
            found |= self._at_times(OnDemandThroughput=maxima)
        return found

    def _stream(self, spec: TableSpec) -> dict[str, Any]:
        was = {"LatestStreamArn": f"{ARN}{spec.name}/stream/1", "LatestStreamLabel": "1"}
        if not spec.stream_view_type:
            return self._at_times(**was)  # the last one stays readable for a day
        shown = {"StreamEnabled": True, "StreamViewType": spec.stream_view_type}
        return {"StreamSpecification": shown, **was}

    def _encryption(self, spec: TableSpec) -> dict[str, Any]:
        if not spec.sse:
            return self._at_times(SSEDescription={"Status": "DISABLED"})
        named = spec.kms_key or "managed-by-aws"
        key = self.aliases.get(named, named if named.startswith("arn:") else KEYS + named)
        shown = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
        return {"SSEDescription": shown}

    def _table_class(self, spec: TableSpec) -> dict[str, Any]:
        shown = {"TableClass": spec.table_class or "STANDARD", "LastUpdateDateTime": WHEN}
        if shown["TableClass"] != "STANDARD":
            return {"TableClassSummary": shown}
        return self._at_times(TableClassSummary=shown)

    def _backups(self, spec: TableSpec) -> dict[str, Any]:
        found: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if spec.point_in_time_recovery:
            found = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": spec.recovery_period_days or 35,
                "EarliestRestorableDateTime": WHEN,
                "LatestRestorableDateTime": WHEN,
            }
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": found}

    def _insights(self, of: TableSpec | GlobalIndex) -> dict[str, Any]:
        wanted = of.contributor_insights
        mode = wanted if isinstance(wanted, str) else "ACCESSED_AND_THROTTLED_KEYS"
        if not wanted:
            return {"ContributorInsightsStatus": "DISABLED"}
        answer = {"ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": mode}
        if mode == "ACCESSED_AND_THROTTLED_KEYS" and self._random.random() < 0.5:
            del answer["ContributorInsightsMode"]  # an older botocore does not show it
        return answer


def _schema(hashes: tuple[str, ...], ranges: tuple[str, ...]) -> list[dict[str, str]]:
    schema = [{"AttributeName": name, "KeyType": "HASH"} for name in hashes]
    return schema + [{"AttributeName": name, "KeyType": "RANGE"} for name in ranges]
