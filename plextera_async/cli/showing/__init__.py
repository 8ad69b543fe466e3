"""What people and programs get to see: failures, JSON lines, tables, counts, progress."""
