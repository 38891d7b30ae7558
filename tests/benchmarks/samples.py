"""What the benchmarks save, made up and short."""

from __future__ import annotations

from typing import Any

MACHINE = {"date": "2026-01-31", "processor": "Abacus 9", "python": "CPython 3.11.7", "load": 0.1}


def a_run(**figures: Any) -> dict[str, Any]:
    """A run of an alternative in virtual time: ten calls in 10 s, as quick and cheap as can be."""
    return {
        "calls": 10,
        "finished": 10,
        "failures": {},
        "makespan": 10.0,
        "least_makespan": 10.0,
        "unit_hours": 100.0,
        "least_unit_hours": 100.0,
        "held": 5.0,
        "least_held": 5.0,
        "dollars": 0.065,
        "on_demand_dollars": 0.0004,
        "requests": 12,
        "wasted": 2,
        "update_tables": 2,
        "describe_tables": 3,
        "decreases": 1,
        "increases": 1,
        "fairness": 0.9,
        "p50": 1.0,
        "p99": 2.0,
        "back_at_base": True,
    } | figures


def throttled(**workloads: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = workloads or {"burst": {"boto3": [a_run(finished=4)], "ours": [a_run()]}}
    names = {name for alternatives in found.values() for name in alternatives}
    return {
        "environment": MACHINE,
        "rows": [],
        "alternatives": {name: f"about {name}" for name in sorted(names)},
        "workloads": {
            name: {"about": f"{name} of puts", "alternatives": alternatives}
            for name, alternatives in found.items()
        },
    }


def overhead(ratio: float = 1.01) -> dict[str, Any]:
    spread = {"median": ratio, "low": ratio - 0.01, "high": ratio + 0.01}
    measured = spread | {"added_us": 2.0, "plain_us": 200.0, "processes": [ratio]}
    entry = {
        "call": "client.put_item",
        "layer": "canned",
        "threads": 16,
        "variant": "attach",
        "wall": measured,
        "cpu": measured,
    }
    return {"environment": MACHINE, "rows": [], "aim": 1.02, "calls": [entry]}


def throttled_real(**seconds: float) -> dict[str, Any]:
    def run(took: float) -> dict[str, Any]:
        return {
            "failed": 0,
            "seconds": took,
            "bound": 5.0,
            "wasted": 7,
            "updates": [{}, {}],
            "updates_of": {"orders": 2, "by-customer": 1},
            "describes": 4,
            "fairness": 0.99,
            "peak_write": 200,
        }

    row = {
        "benchmark": "throttled_real",
        "case": "ours: seconds / bound",
        "ratio": seconds["ours"] / 5.0,
        "quartiles": None,
        "figures": "",
        "aim": 1.25,
    }
    return {
        "environment": MACHINE,
        "rows": [row],
        "about": {name: f"about {name}" for name in seconds},
        "results": {name: [run(took)] for name, took in seconds.items()},
    }


def coldstart() -> dict[str, Any]:
    row = {
        "benchmark": "coldstart",
        "case": "import, in one interpreter",
        "ratio": 1.2,
        "quartiles": [1.1, 1.3],
        "figures": "+20.00 ms on 100.0 ms; fastest by fastest 1.2",
        "aim": 1.1,
    }
    return {
        "environment": MACHINE,
        "rows": [row],
        "share": {"asked": 1 / 14, "had": 0.07},
        "engine_seconds": 0.05,
        "loaded": {
            "import: ours": ["dynoresilience", "dynoresilience.client"],
            "first throttle: ours": ["dynoresilience.engine"],
            "unwanted, loaded by ours": [],
            "unwanted, loaded by boto3 itself": ["asyncio"],
        },
    }


def footprint() -> dict[str, Any]:
    return {
        "environment": MACHINE,
        "rows": [],
        "calls": 300,
        "memory": {"plain": 262_144.0, "used": 5_120.0, "busy": 92_160.0},
        "threads": {"before": [], "most": ["dynoresilience"], "errors": [], "clients": 8},
    }
