"""Pure decisions about throttled calls: what was short (`signals`), and what next (`retry`)."""
