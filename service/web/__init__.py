"""HTTP in: what HubSpot, QuickBooks and operators send us."""
