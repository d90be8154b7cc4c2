"""What QuickBooks Online says: calls, faults, customers, items, invoices; never what we want of it."""
