"""Where a spec may come from, and how it is written down."""
