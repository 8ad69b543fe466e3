"""Ingestion with a ledger: safe to kill at any instant, and to start again."""
