"""What we mean by an invoice. Pure: knows no vendor package, no clock, no database, no wire."""
