"""docs/benchmarks.md, out of what the benchmarks have saved. Pure: dicts in, text out."""
