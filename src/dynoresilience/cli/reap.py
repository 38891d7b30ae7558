"""``dynoresilience reap``: lower what is raised and due, of every table of the region."""

from __future__ import annotations

import argparse
import json
import sys

_ABOUT = """\
Lower what dynoresilience has raised and what is due, whoever raised it: the raises are written in
the tables' tags. Several runs at once do no harm. Credentials and region are boto3's.
Exit code 0: done; 1: failed; 2: partly."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "reap",
        help="lower what is raised and due, of every table of the region",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be lowered")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument(
        "--table",
        action="append",
        metavar="NAME",
        help="only this table (name or ARN); may be given several times",
    )
    parser.add_argument("--region", help="the AWS region (default: as boto3 finds it)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the reaper. 0: done; 1: failed; 2: partly."""
    import boto3

    from dynoresilience.reaper import reap

    try:
        client = boto3.client("dynamodb", region_name=args.region)
        report = reap(client, tables=args.table, dry_run=args.dry_run)
    except Exception as error:  # no region, no credentials, no permission to list...
        if args.json:
            print(json.dumps({"error": str(error)}))
        print(f"dynoresilience reap: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report.to_dict(), indent=2) if args.json else report)
    return report.exit_code
