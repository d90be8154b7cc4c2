"""QuickBooks Online, played strictly.

Written from the contract, importing nothing of the service.
"""
