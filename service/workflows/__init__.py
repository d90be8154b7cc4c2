"""Durable work, one verb per file; each may be run again, whole, after a crash on any line."""
