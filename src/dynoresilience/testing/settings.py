"""How a simulated DynamoDB behaves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Values that hold for all tables; `SimulatedDynamoDB` says what each one means."""

    update_seconds: float = 2.0
    index_update_seconds: float | None = None
    burst_seconds: float = 300.0
    start_full: bool = True
    reasons: bool = True
    retry_after_ms: int | None = None
    long_dates: bool = False

    def __post_init__(self) -> None:
        for name in ("update_seconds", "index_update_seconds", "retry_after_ms"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        if not self.burst_seconds > 0:
            raise ValueError(f"burst_seconds must be positive, got {self.burst_seconds}")
