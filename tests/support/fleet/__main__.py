"""A fleet of any size, and what it asked of the control plane.

python -m tests.support.fleet 10000
"""

from __future__ import annotations

import argparse
import time

from dynoresilience.config import ScalingConfig
from tests.support.fleet.fleet import Fleet


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.fleet", description=__doc__)
    parser.add_argument("clients", type=int)
    parser.add_argument("--fleet-size", type=int, help="what they are told [as many as they are]")
    parser.add_argument("--writes", type=int, default=1, help="of each client [1]")
    parser.add_argument("--cap", type=int, default=640)
    parser.add_argument("--update-seconds", type=float, default=2.0)
    parser.add_argument("--tag-seconds", type=float, default=2.0)
    parser.add_argument("--skew", type=float, default=0.0, help="seconds that a wall clock may err")
    parser.add_argument("--ledger", default="tags")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    config = ScalingConfig(
        max_write_capacity=options.cap,
        ledger=options.ledger,
        fleet_size=options.fleet_size or options.clients,
    )
    began = time.perf_counter()
    fleet = Fleet(
        options.clients,
        config,
        writes=options.writes,
        seed=options.seed,
        skew=options.skew,
        update_seconds=options.update_seconds,
        tag_seconds=options.tag_seconds,
    )
    print(fleet.run())
    print(dict(fleet.events))
    print(f"{time.perf_counter() - began:.1f} real seconds")


if __name__ == "__main__":
    main()
