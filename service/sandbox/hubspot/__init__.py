"""A HubSpot over HTTP, strict, written from the contract; knows nothing of the service."""
