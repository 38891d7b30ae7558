"""What goes together in a table, and what does not: what AWS refuses, and little more.

A rule looks at a spec, or at a draft of one, in which ``UNREAD`` stands for what could not be read;
of that it says nothing. What AWS takes, passes; what nobody knows, is left to AWS. Four go further,
because such a table is not what its owner means: a time to live on a key, a key in KMS or a period
of recovery for what is not on, and tags that begin like those in which this library keeps notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import Fault
from dynoresilience.tables.spec.rules.indexes import no_more_indexes_than, unique_index_names
from dynoresilience.tables.spec.rules.keys import (
    key_attributes_have_types,
    keys_of_global_indexes,
    keys_of_local_indexes,
    keys_of_the_table,
    typed_attributes_are_keys,
)
from dynoresilience.tables.spec.rules.names import names_of_attributes, names_of_indexes, table_name
from dynoresilience.tables.spec.rules.projections import (
    only_include_lists_attributes,
    projected_attributes,
    projected_in_all,
)
from dynoresilience.tables.spec.rules.settings import encryption, recovery, time_to_live
from dynoresilience.tables.spec.rules.tags import keys_of_tags, number_of_tags, values_of_tags
from dynoresilience.tables.spec.rules.throughput import (
    no_capacity_on_demand,
    no_maximum_where_provisioned,
    provisioned_capacity,
    warm_throughput,
)

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

Rule = Callable[["TableSpec"], Iterator[Fault]]

RULES: tuple[Rule, ...] = (
    table_name,
    keys_of_the_table,
    key_attributes_have_types,
    typed_attributes_are_keys,
    no_capacity_on_demand,
    provisioned_capacity,
    no_maximum_where_provisioned,
    warm_throughput,
    no_more_indexes_than,
    names_of_indexes,
    unique_index_names,
    keys_of_global_indexes,
    keys_of_local_indexes,
    names_of_attributes,
    only_include_lists_attributes,
    projected_attributes,
    projected_in_all,
    time_to_live,
    recovery,
    encryption,
    number_of_tags,
    keys_of_tags,
    values_of_tags,
)
"""In the order in which a report tells them."""
