"""Rows: everything that must survive."""
