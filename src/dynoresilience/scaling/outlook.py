"""What is asked of a table that is short, by what the program has asked lately."""

from __future__ import annotations

from dataclasses import replace

from dynoresilience.capacity.demand import Arrival, Asked, Demand, Outlook, measured
from dynoresilience.model import Dimension, RaisedKey, TableState
from dynoresilience.scaling.pace import queue_of
from dynoresilience.scaling.place import RELIABLE
from dynoresilience.scaling.shortage import Shortage
from dynoresilience.scaling.table_record import QUIET, TableRecord

STILL_FREE = 0.25
"""Seconds from a shortage's beginning until all callers wait, and so make no new calls."""


def outlook_of(
    record: TableRecord, short: Shortage, state: TableState, asked: Asked, now: float
) -> Outlook:
    """What is known of a shortage, for whoever decides how far to raise."""
    demands = _demands(record, short, state, asked, now)
    in_vain = record.led_times if short.settings.fleet_size > 1 else 0
    return Outlook(demands, record.change_seconds, now - record.changed_at, in_vain)


def _demands(
    record: TableRecord, short: Shortage, state: TableState, asked: Asked, now: float
) -> dict[RaisedKey, Demand]:
    """The demand on each thing that is short, and on what the same writes take of."""
    found: dict[RaisedKey, Demand] = {}
    for dimension in {signal.dimension for signal in short.signals}:
        if dimension is Dimension.WRITE:
            whole = _demand(record, (None, dimension), asked, now)
            if whole is not None:
                found[None, dimension] = whole
                found |= _of_indexes(record, state, asked, whole)
            continue
        for index in {s.resource.index for s in short.signals if s.dimension is dimension}:
            demand = _demand(record, (index, dimension), asked, now)
            _note_cost(record, (index, dimension), asked)
            if demand is not None:
                found[index, dimension] = demand
    return found


def _demand(record: TableRecord, key: RaisedKey, asked: Asked, now: float) -> Demand | None:
    """Up to the shortage's beginning, or since the change that has not ended it."""
    arrivals = tuple(
        one for one in asked.arrivals if one.dimension is key[1] and _takes_of(one, key)
    )
    own = Asked(arrivals, asked.since)
    pace = record.paces.get(queue_of(*key))
    waiting, share = (pace.waiting, pace.share) if pace is not None else (0.0, 1.0)
    share = share if share < RELIABLE else 1.0
    if record.changed_at >= record.short_since:
        since = measured(own, now, since=record.changed_at, waiting=waiting, share=share)
        asked_before = record.demanded.get(key)
        if asked_before is None or (since is not None and since.is_measured):
            return since
        # Those who waited have come at once; what is asked is what was asked before the raise.
        return replace(asked_before, waiting=waiting, share=share)
    latest = arrivals[-1].at if arrivals else now
    until = min(now, latest, record.short_since + STILL_FREE)
    before = record.rates.get(key)
    demand = measured(own, until, waiting=waiting, share=share, before=before)
    if demand is not None and (before is None or until - before[0] > QUIET):
        record.rates[key] = until, demand.rate
    if demand is not None:
        record.demanded[key] = demand
    else:
        record.demanded.pop(key, None)
    return demand


def _note_cost(record: TableRecord, key: RaisedKey, asked: Asked) -> None:
    """What a read takes is known of those that were answered; the others are taken to be alike."""
    units = [one.units for one in asked.arrivals if one.dimension is key[1] and _takes_of(one, key)]
    if units:
        record.costs[key] = sum(units) / len(units)


def _takes_of(arrival: Arrival, key: RaisedKey) -> bool:
    return key[1] is Dimension.WRITE or arrival.index == key[0]


def _of_indexes(
    record: TableRecord, state: TableState, asked: Asked, whole: Demand
) -> dict[RaisedKey, Demand]:
    """The part of the writes that is in each index, where it is known what they write.

    Of larger items that is only of those that the table has refused; those that an index has
    refused are all in it, and say nothing of the rest.
    """
    puts = [(w.attributes, w.units) for w in asked.arrivals if w.attributes is not None]
    writes = sum(arrival.dimension is Dimension.WRITE for arrival in asked.arrivals)
    if 2 * len(puts) < writes:
        with record.lock:
            puts = [(w.attributes, w.units) for w in record.writes if w.attributes is not None]
    total = sum(units for _, units in puts)
    found: dict[RaisedKey, Demand] = {}
    for name, index in state.indexes.items():
        inside = [units for attributes, units in puts if index.keys and index.keys <= attributes]
        taken = sum(inside) if index.whole_items else float(len(inside))
        if taken:
            found[name, Dimension.WRITE] = whole.times(taken / total)
    return found
