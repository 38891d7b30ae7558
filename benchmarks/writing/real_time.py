"""What was measured in real time: overhead, footprint, cold start, and the main job over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from .svg import Bar, Column, Group, chart
from .text import listed, ratio, short, table
from .throttled import OURS, look_of

Content = Mapping[str, Any]
PLAIN_AGAIN = "plain again"


def overhead(content: Content) -> str:
    heads = ["call", "HTTP", "threads", "client", "wall", "quartiles", "CPU", "quartiles", "added"]
    rows = []
    for entry in content["calls"]:
        wall, cpu = entry["wall"], entry["cpu"]
        client = entry["variant"]
        rows.append(
            [
                entry["call"],
                entry["layer"],
                str(entry["threads"]),
                client if client == PLAIN_AGAIN else f"**{client}**",
                f"{wall['median']:.3f}",
                _quartiles(wall),
                f"{cpu['median']:.3f}",
                _quartiles(cpu),
                f"{cpu['added_us']:+.1f} µs CPU on {cpu['plain_us']:.0f}",
            ]
        )
    return table(heads, rows, left=4)


def overhead_plot(content: Content) -> str:
    groups: dict[str, list[tuple[str, list[Bar]]]] = {}
    for entry in content["calls"]:
        threads = f", {entry['threads']} threads" if entry["threads"] > 1 else ""
        bars = []
        for kind in ("wall", "cpu"):
            percent = 100 * (entry[kind]["median"] - 1)
            look = "other" if entry["variant"] == PLAIN_AGAIN else "ours"
            bars.append(Bar(percent, f"{percent:+.1f} %", look))
        title = f"{entry['call']}, {entry['layer']}{threads}"
        groups.setdefault(title, []).append((entry["variant"], bars))
    aim = 100 * (content["aim"] - 1)
    return chart(
        "What a call that is not throttled costs beside plain boto3's",
        [
            Column("wall, % more", base=0.0, log=False, aim=aim),
            Column("CPU, % more", base=0.0, log=False, aim=aim),
        ],
        [Group(title, rows) for title, rows in groups.items()],
    )


def _quartiles(spread: Mapping[str, float]) -> str:
    return f"{spread['low']:.3f} – {spread['high']:.3f}"


def footprint(content: Content) -> str:
    memory, threads = content["memory"], content["threads"]
    return table(
        ["", "plain", "added by ours"],
        [
            *(
                [
                    f"memory of a client after {told}",
                    f"{memory['plain'] / 1024:.0f} KiB",
                    f"{memory[key] / 1024:+.1f} KiB",
                ]
                for key, told in (("used", "a call"), ("busy", f"{content['calls']} calls"))
            ),
            ["threads before the first raise", "0", str(len(threads["before"]))],
            [
                f"threads from then on, in a process with {threads['clients']} clients that raise",
                "0",
                str(len(threads["most"])),
            ],
        ],
    )


def coldstart(content: Content) -> str:
    rows = [
        [row["case"], ratio(row["ratio"]), _row_quartiles(row), row["figures"].split(";")[0]]
        for row in content["rows"]
    ]
    text = table(["", "ratio", "quartiles", "added"], rows)
    loaded = content["loaded"]
    stages: dict[str, int] = {}
    for key, names in loaded.items():
        stage, colon, _ = key.partition(": ")
        if colon:
            stages[stage] = stages.get(stage, 0) + len(names)
    before = sum(count for stage, count in stages.items() if stage != "first throttle")
    unwanted = loaded["unwanted, loaded by ours"]
    early = [
        name
        for key, names in loaded.items()
        if ": " in key and not key.startswith("first throttle")
        for name in names
    ]
    shown = listed([f"`{name}`" for name in early]) if early else "none"
    late, engine = stages.get("first throttle", 0), content["engine_seconds"] * 1e3
    share = content["share"]
    return "\n\n".join(
        [
            text,
            f"Asked for was a share of {share['asked']:.3f}, had was one of {share['had']:.3f}.",
            f"Beyond what boto3 loads, ours loads {before} modules before the first throttle "
            f"({shown}), and {late} at it, in {engine:.0f} ms. Of pydantic, tenacity, asyncio and "
            f"the like it loads {listed(unwanted) if unwanted else 'none'} before the throttle.",
        ]
    )


def _row_quartiles(row: Mapping[str, Any]) -> str:
    return "" if row["quartiles"] is None else "{:.3f} – {:.3f}".format(*row["quartiles"])


def coldstart_plot(content: Content) -> str:
    aim = next(row["aim"] for row in content["rows"] if row["aim"] is not None)
    rows = []
    for row in content["rows"]:
        percent = 100 * (row["ratio"] - 1)
        look = "other" if PLAIN_AGAIN in row["case"] else "ours"
        rows.append((row["case"], [Bar(percent, f"{percent:+.1f} %", look)]))
    return chart(
        "What a cold start takes beside plain boto3's",
        [Column("wall, % more", base=0.0, log=False, aim=100 * (aim - 1))],
        [Group("", rows)],
    )


def throttled_real(content: Content) -> str:
    heads = ["", "failed", "seconds", "/ bound", "wasted", "UpdateTable", "of one resource"]
    heads += ["DescribeTable", "fairness", "peak units"]
    rows = []
    for name, runs in content["results"].items():
        failed = max(run["failed"] for run in runs)
        rows.append(
            [
                f"**{name}**" if name == OURS else name,
                short(failed),
                _range([run["seconds"] for run in runs]),
                "–" if failed else ratio(_over_bound(runs)),
                short(_middle(runs, "wasted")),
                short(median(len(run["updates"]) for run in runs)),
                short(max(max(run["updates_of"].values(), default=0) for run in runs)),
                short(_middle(runs, "describes")),
                f"{_middle(runs, 'fairness'):.3f}",
                short(max(run["peak_write"] for run in runs)),
            ]
        )
    about = [f"- {name}: {text}" for name, text in content["about"].items()]
    return "\n\n".join([table(heads, rows), *real_sentences(content["results"]), "\n".join(about)])


def real_sentences(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Who that has done everything is quicker than ours, or wastes less."""
    if OURS not in results:
        return []
    ours, said = results[OURS], []
    for name, runs in results.items():
        failed = max(run["failed"] for run in runs)
        if name == OURS or failed > max(run["failed"] for run in ours):
            continue
        ahead = [
            f"{what} ({short(_middle(runs, key))} against {short(_middle(ours, key))})"
            for what, key in (("seconds", "seconds"), ("wasted requests", "wasted"))
            if _middle(runs, key) * 1.01 < _middle(ours, key)
        ]
        if ahead:
            said.append(f"**{name} is ahead** of ours in {listed(ahead)}.")
    whole = [name for name, runs in results.items() if not any(run["failed"] for run in runs)]
    if all(name.startswith(OURS) for name in whole):
        return [*said, "Of all that ran, only this library stored everything."]
    return said or ["Nobody who stored everything is ahead of ours in seconds or wasted requests."]


def throttled_real_plot(content: Content) -> str:
    rows = []
    for name, runs in content["results"].items():
        failed = max(run["failed"] for run in runs)
        value = _over_bound(runs)
        look = look_of(name, whole=not failed)
        told = ratio(value) + (f", {failed:,} failed" if failed else "")
        rows.append((name, [Bar(value, told, look)]))
    aims = {row["case"]: row["aim"] for row in content["rows"]}
    aim = aims.get(f"{OURS}: seconds / bound")
    return chart("640 puts over HTTP", [Column("seconds / bound", aim=aim)], [Group("", rows)])


def _over_bound(runs: Sequence[Mapping[str, Any]]) -> float:
    return median(run["seconds"] / run["bound"] for run in runs)


def _middle(runs: Sequence[Mapping[str, Any]], figure: str) -> float:
    return median(run[figure] for run in runs)


def _range(numbers: Sequence[float]) -> str:
    told = f"{median(numbers):.1f}"
    return told if len(numbers) == 1 else f"{told} ({min(numbers):.1f}–{max(numbers):.1f})"


def simulated_day(content: Content) -> str:
    return "\n".join(f"- {row['figures']}" for row in content["rows"])
