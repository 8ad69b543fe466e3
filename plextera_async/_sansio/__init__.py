"""Decisions as plain functions and tables: no `await`, no clock, no randomness, no sockets."""
