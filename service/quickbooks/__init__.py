"""What QuickBooks Online says, and never what we want of it."""
