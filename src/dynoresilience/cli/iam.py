"""``dynoresilience iam``: the IAM policy that a program with this library needs, as JSON."""

from __future__ import annotations

import argparse
import sys

_ABOUT = """\
Print the least that the library must be allowed to do, as an IAM policy, beside what the program's
own calls need. Nothing is asked of AWS."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    from dynoresilience.iam import FEATURES

    parser = commands.add_parser(
        "iam",
        help="print the IAM policy that a program with this library needs",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--table",
        action="append",
        required=True,
        metavar="NAME",
        help='a table\'s name or ARN, may be given several times; "*" is every table',
    )
    parser.add_argument(
        "--feature",
        action="append",
        metavar="FEATURE",
        help=f"what is switched on, may be given several times: {', '.join(FEATURES)} "
        "(default: what a plain ScalingConfig() uses)",
    )
    parser.add_argument("--region", default="*", help="of tables given by name (default: any)")
    parser.add_argument("--account", default="*", help="its number (default: any)")
    parser.add_argument("--partition", default="aws", help="such as aws-cn (default: aws)")
    parser.add_argument(
        "--scheduler-role", metavar="ARN", help="for eventbridge: the role that schedules act in"
    )
    parser.add_argument(
        "--scheduler-group", metavar="NAME", help="for eventbridge: their group (default: default)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the policy. 0: done; 2: an argument is wrong, and one line says which."""
    from dynoresilience.errors import ConfigError
    from dynoresilience.iam import policy

    try:
        made = policy(
            args.table,
            args.feature,
            region=args.region,
            account=args.account,
            partition=args.partition,
            scheduler_role=args.scheduler_role,
            scheduler_group=args.scheduler_group,
        )
    except ConfigError as error:
        print(f"dynoresilience iam: {error}", file=sys.stderr)
        return 2
    print(made)
    return 0
