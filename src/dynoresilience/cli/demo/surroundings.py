"""The demo's own surroundings: the machine's AWS settings have no part in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_aws_settings() -> Iterator[None]:
    """Without the environment variables and files of AWS: what boto3 does by default, it does.

    A profile that is not there would end the demo, another retry mode would falsify it.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name in before:
        del os.environ[name]
    os.environ.update(files)
    try:
        yield
    finally:
        for name in files:
            os.environ.pop(name, None)
        os.environ.update(before)
