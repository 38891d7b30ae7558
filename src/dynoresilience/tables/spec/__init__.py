"""What a table should be: `TableSpec`, in DynamoDB's own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from os import PathLike
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool

from dynoresilience.tables.spec.check import all_faults_of, faults_in, faults_of
from dynoresilience.tables.spec.faults import Fault, SpecError
from dynoresilience.tables.spec.values import (
    Attributes,
    AttributeType,
    BillingMode,
    Days,
    InsightsMode,
    KeyAttributes,
    KeyId,
    Listed,
    Maximum,
    Off,
    ProjectionType,
    StreamViewType,
    TableClass,
    Units,
)

__all__ = ["Fault", "GlobalIndex", "LocalIndex", "SpecError", "TableSpec"]


_WITHOUT_ORDER = ("global_secondary_indexes", "local_secondary_indexes", "non_key_attributes")


def _by_name(entry: Any) -> str:
    """An index, or the name of an attribute."""
    return str(getattr(entry, "name", entry))


class _Checked(BaseModel):
    """Says what is wrong in our words, never in pydantic's.

    Indexes, and the attributes that they show, have no order: in another one they are equal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str

    def __init__(self, /, **given: Any) -> None:
        try:
            super().__init__(**given)
        except (ValueError, TypeError):  # TypeError: a mapping inside has a key that is no text
            raise SpecError(self._called(given), self._faults_of(given)) from None

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(self._sorted(field) == other._sorted(field) for field in type(self).model_fields)

    def __hash__(self) -> int:
        return hash(self.name)

    def _sorted(self, field: str) -> Any:
        value = getattr(self, field)
        return sorted(value, key=_by_name) if field in _WITHOUT_ORDER else value

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What is declared, and nothing else."""
        for name, value in self:
            if value != type(self).model_fields[name].default:
                yield name, value

    @classmethod
    def _faults_of(cls, given: Mapping[str, Any]) -> list[Fault]:
        return faults_of(cls, given)

    @classmethod
    def _called(cls, given: Mapping[str, Any]) -> str:
        name = given.get("name")
        return name if isinstance(name, str) and name else cls.__name__


class _Throughput(_Checked):
    """What tables and global indexes have alike.

    Attributes:
        read_capacity_units: provisioned read units a second.
        write_capacity_units: provisioned write units a second.
        max_read_request_units: of an on-demand table, the most read units a second; -1: no maximum.
        max_write_request_units: the same for write units.
        warm_read_units_per_second: what it can serve at once without warming up; it only grows.
        warm_write_units_per_second: the same for write units.
        contributor_insights: on (True: for accessed and throttled keys), or off.
    """

    read_capacity_units: Units | None = None
    write_capacity_units: Units | None = None
    max_read_request_units: Maximum | None = None
    max_write_request_units: Maximum | None = None
    warm_read_units_per_second: Units | None = None
    warm_write_units_per_second: Units | None = None
    contributor_insights: StrictBool | InsightsMode | None = None


class GlobalIndex(_Throughput):
    """A global secondary index: up to four attributes in either part of its key."""

    hash_key: KeyAttributes
    range_key: KeyAttributes = ()
    projection_type: ProjectionType = "ALL"
    non_key_attributes: Attributes = ()


class LocalIndex(_Checked):
    """A local secondary index: the table's partition key with another sort key."""

    range_key: str
    projection_type: ProjectionType = "ALL"
    non_key_attributes: Attributes = ()


class TableSpec(_Throughput):
    """What a table should be. It is checked when it is made: all faults are told at once.

    Keys, billing mode and indexes are always declared, an index that is not listed should not be
    there. Any other setting may be left out (None): then it is left as it is found.

    Attributes:
        name: of the table, 3 to 255 of ``a-zA-Z0-9_.-``.
        attributes: the types of all key attributes: "S", "N" or "B".
        hash_key: the partition key.
        range_key: the sort key, if it has one.
        billing_mode: PROVISIONED (DynamoDB's default) needs capacity for the table and each global
            index; PAY_PER_REQUEST allows none.
        global_secondary_indexes: up to 20.
        local_secondary_indexes: up to 5; they come and go with the table only.
        stream_view_type: what the stream shows; False: no stream.
        time_to_live: the attribute with the time at which an item expires; False: none does.
        tags: by key. Others on the table are left alone.
        point_in_time_recovery: continuous backups.
        recovery_period_days: how far back, 1 to 35.
        deletion_protection: DeleteTable is refused.
        table_class: STANDARD or STANDARD_INFREQUENT_ACCESS.
        sse: encryption with a key in KMS; False: with a key that DynamoDB owns.
        kms_key: id, ARN or alias of that key; None: ``alias/aws/dynamodb``.

    Raises:
        SpecError: with every fault, its field, its value and the remedy.
    """

    attributes: Mapping[str, AttributeType]
    hash_key: str
    range_key: str | None = None
    billing_mode: BillingMode = "PROVISIONED"
    global_secondary_indexes: Listed[GlobalIndex] = ()
    local_secondary_indexes: Listed[LocalIndex] = ()
    stream_view_type: StreamViewType | Off | None = None
    time_to_live: str | Off | None = None
    tags: Mapping[str, str] | None = None
    point_in_time_recovery: StrictBool | None = None
    recovery_period_days: Days | None = None
    deletion_protection: StrictBool | None = None
    table_class: TableClass | None = None
    sse: StrictBool | None = None
    kms_key: KeyId | None = None

    def __init__(self, /, **given: Any) -> None:
        super().__init__(**given)
        if faults := faults_in(self):
            raise SpecError(self.name, faults)

    @classmethod
    def _faults_of(cls, given: Mapping[str, Any]) -> list[Fault]:
        return all_faults_of(cls, given)

    @classmethod
    def from_boto3(cls, request: Mapping[str, Any]) -> TableSpec:
        """The spec in the arguments of boto3's ``create_table``.

        What CreateTable has no member for may stand beside them as CloudFormation spells it:
        ``TimeToLiveSpecification``, ``PointInTimeRecoverySpecification`` and
        ``ContributorInsightsSpecification``.

        Raises:
            SpecError: something is wrong. A value is named by its field in a `TableSpec`, what is
                wrong with the form of the arguments by DynamoDB's names of their members.
        """
        from dynoresilience.tables.sources.boto3 import fields_of

        return cls(**fields_of(request))

    def to_boto3(self) -> dict[str, Any]:
        """The arguments of boto3's ``create_table``: everything that can be said at a creation.

        Time to live, point-in-time recovery and contributor insights can't; `ensure_table` sees
        to them afterwards.
        """
        from dynoresilience.tables.sources.boto3 import create_request

        return create_request(self)

    @classmethod
    def from_toml(cls, path: str | PathLike[str], name: str | None = None) -> TableSpec:
        """The spec in a TOML file; ``name``: which one, if there are several.

        Raises:
            SpecError: the file can't be read, or is wrong, or has several and no name is given.
        """
        from dynoresilience.tables.sources.toml import read_one

        return read_one(path, name)

    def to_toml(self) -> str:
        """The text of a TOML file that `from_toml` reads."""
        from dynoresilience.tables.sources.toml import write

        return write([self])

    @classmethod
    def from_cloudformation(
        cls,
        path: str | PathLike[str],
        name: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        leave_out: Collection[str] = (),
    ) -> TableSpec:
        """The spec in a CloudFormation or SAM template, JSON or YAML.

        YAML needs PyYAML: ``pip install 'dynoresilience[cloudformation]'``.

        Args:
            path: of the template.
            name: the logical id, or the name of the table, if there are several.
            parameters: what ``Ref``, ``Sub`` and ``GetAtt`` stand for, by what they name:
                ``{"Stage": "prod", "Key.Arn": "arn:aws:kms:..."}``; defaults of the template's
                parameters need not be given. The logical id of a table stands for its
                name.
            leave_out: properties that are passed over, by name, wherever they stand: those that a
                spec can't say, such as ``ResourcePolicy``, or that nothing here can resolve.

        Raises:
            SpecError: the template can't be read, is wrong, says what a spec can't, or leaves a
                value to a function; every such value is named.
        """
        from dynoresilience.tables.sources.cloudformation import read_one

        return read_one(path, name, parameters, leave_out)

    @classmethod
    def from_table(cls, client: Any, name: str | None = None) -> TableSpec:
        """The spec of a table that exists; settings at AWS's defaults are left out.

        Args:
            client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
            name: of the table. None: that of the Table.

        Raises:
            ConfigError: ``name`` is none, or missing.
            TableNotFound, AccessDenied, ControlPlaneError: it could not be read.
        """
        from dynoresilience.tables.live import read

        return read(client, name)

    def named(self, name: str) -> TableSpec:
        """The same table under another name.

        Raises:
            SpecError: it is no table name.
        """
        return type(self)(**{**self.declared(), "name": name})

    def declared(self) -> dict[str, Any]:
        """The fields that are set, as plain data: what `TableSpec` takes."""
        return self.model_dump(exclude_defaults=True, mode="python")

    @property
    def indexes(self) -> dict[str, GlobalIndex | LocalIndex]:
        """All indexes by name."""
        found: dict[str, GlobalIndex | LocalIndex] = {}
        found |= {index.name: index for index in self.global_secondary_indexes}
        found |= {index.name: index for index in self.local_secondary_indexes}
        return found

    @property
    def is_on_demand(self) -> bool:
        return self.billing_mode == "PAY_PER_REQUEST"
