"""One place that says what tables are called: ``orders`` is ``shop-staging-orders``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dynoresilience.errors import ConfigError

_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
"""As the API reference of CreateTable has it."""
_PART = re.compile(r"[a-zA-Z0-9_.-]+")


@dataclass(frozen=True)
class TableNames:
    """Puts what an application's tables have in common around the name of each.

        names = TableNames("shop", environment="staging")
        names("orders")  # "shop-staging-orders"

    Args:
        prefix: comes first; "" for none.
        environment: comes after it, such as "staging"; "" for none. The separator may not occur
            in it: the tables of an environment "pr" would look like those of "pr-7".
        suffix: comes last; "" for none.
        separator: stands between them.

    Raises:
        ConfigError: a part has characters that a table's name can't have.
    """

    prefix: str = ""
    environment: str = ""
    suffix: str = ""
    separator: str = "-"

    def __post_init__(self) -> None:
        faults = []
        for field in ("prefix", "environment", "suffix", "separator"):
            value = getattr(self, field)
            if not isinstance(value, str) or (value and not _PART.fullmatch(value)):
                faults.append(f"{field}={value!r} may have letters, digits and _ . - only")
        if self.separator == "":
            faults.append("separator='' must be one character at least")
        elif not faults and self.separator in self.environment:
            faults.append(
                f"environment={self.environment!r} has the separator {self.separator!r} in it, so "
                f"its tables could be another environment's: write "
                f"{self.environment.replace(self.separator, '')!r}, or choose another separator"
            )
        if faults:
            raise ConfigError("TableNames: " + "; ".join(faults))

    @classmethod
    def from_env(
        cls,
        variable: str,
        *,
        prefix: str = "",
        suffix: str = "",
        separator: str = "-",
        default: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> TableNames:
        """With the environment that a variable names, such as ``APP_ENV``.

        Args:
            variable: read now.
            default: the environment where the variable is not set or empty; "" for none.
            env: in the place of ``os.environ``.

        Raises:
            ConfigError: it is not set and there is no ``default``, lest the tables of one
                environment be taken for another's; or as the class itself says.
        """
        found = (os.environ if env is None else env).get(variable) or default
        if found is None:
            raise ConfigError(f"{variable} is not set: set it to an environment, or give default=")
        try:
            return cls(prefix, found, suffix, separator)
        except ConfigError as error:
            raise ConfigError(f"{error} (the environment is from {variable})") from None

    def __call__(self, base: str) -> str:
        """The whole name of the table ``base``.

        Raises:
            ConfigError: that is no name for a table, or ``base`` is a whole name already.
        """
        if not isinstance(base, str) or not base:
            raise ConfigError(
                f"base={base!r} must be the name of a table without what surrounds it"
            )
        if self.around and self.owns(base):
            raise ConfigError(f"base={base!r} is a whole name already: give {self.base(base)!r}")
        name = f"{self._before}{base}{self._after}"
        if not _TABLE_NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} ({len(name)} characters) is no name for a table: that has 3 to 255 "
                "letters, digits and _ . -"
            )
        return name

    def owns(self, name: str) -> bool:
        """Whether a table's name is one of these. Ask before you change a table that you found."""
        return (
            _TABLE_NAME.fullmatch(name) is not None
            and len(name) > len(self._before) + len(self._after)
            and name.startswith(self._before)
            and name.endswith(self._after)
        )

    def base(self, name: str) -> str:
        """What ``name`` was made of.

        Raises:
            ConfigError: it is not one of these names.
        """
        if not self.owns(name):
            raise ConfigError(f"{name!r} is not one of the tables {self}")
        return name[len(self._before) : len(name) - len(self._after)]

    @property
    def around(self) -> bool:
        """Whether there is anything around the names at all."""
        return bool(self._before or self._after)

    def __str__(self) -> str:
        return f"{self._before}*{self._after}"

    @property
    def _before(self) -> str:
        return "".join(
            f"{part}{self.separator}" for part in (self.prefix, self.environment) if part
        )

    @property
    def _after(self) -> str:
        return f"{self.separator}{self.suffix}" if self.suffix else ""
