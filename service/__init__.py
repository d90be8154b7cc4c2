"""Exactly one QuickBooks invoice for every HubSpot workflow callback."""
