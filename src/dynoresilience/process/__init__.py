"""What one process offers the library: its clock, its timer thread, its memory, its log."""
