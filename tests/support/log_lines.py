"""What a logger says while a test listens."""

from __future__ import annotations

import logging


class LogLines(logging.Handler):
    """Takes all that is logged, down to DEBUG; nothing is passed on meanwhile."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger
        self._before = logger.level, logger.propagate
        self._lines: list[str] = []
        logger.addHandler(self)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{self.format(record)} {vars(record).get('dynoresilience', '')}")

    def taken(self) -> str:
        """The lines since the last time, tracebacks and extra fields among them."""
        lines, self._lines = self._lines, []
        return "\n".join(lines)

    def close(self) -> None:
        """Stop listening."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._before[0])
        self._logger.propagate = self._before[1]
        super().close()
