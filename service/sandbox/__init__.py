"""A HubSpot and a QuickBooks Online to play with: written from the contracts, strict, over HTTP.

Imports nothing of the service. What it knows of either vendor stands in the contracts; where a
contract is unverified, the behaviour is a switch (see the settings of each vendor).
"""
