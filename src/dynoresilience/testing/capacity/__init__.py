"""Pure: what requests cost, and what a table, an index, a partition can serve."""
