"""How fast, and for how little, the work could have been done by somebody who knew it beforehand."""

from .bound import bound
from .work import MIDNIGHT, Calls, Limit, Meter, Work

__all__ = ["MIDNIGHT", "Calls", "Limit", "Meter", "Work", "makespan"]


def makespan(work: Work) -> float:
    """The least seconds from the first call to the last answer; of several jobs, their sum."""
    return bound(work).makespan
