"""Thousands of processes that share one table, in virtual time and in this one thread."""
