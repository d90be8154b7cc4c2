"""QuickBooks Online, played strictly: written from the contract, importing nothing of the service."""
