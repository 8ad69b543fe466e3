"""Writes `plextera_async/_generated` from `openapi/plextera.yaml`; a tool of the project, not part of the package."""
