"""Ingestion with a ledger: safe to kill at any instant, and to start again."""

from plextera_async.ingest.context import Figures
from plextera_async.ingest.ingest import Ingest
from plextera_async.ingest.rows import Counts
from plextera_async.ingest.run import IngestRun

__all__ = ["Counts", "Figures", "Ingest", "IngestRun"]
