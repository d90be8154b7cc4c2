"""The ids that cross our borders, each with a type of its own."""

from __future__ import annotations

from typing import NewType

PortalId = NewType("PortalId", int)
"""A HubSpot portal, a number."""
CallbackId = NewType("CallbackId", str)
"""One run of our action for one enrolled object; opaque, at most 255 characters here."""
DealId = NewType("DealId", str)
"""A HubSpot deal, digits as a string."""
ObjectId = NewType("ObjectId", str)
"""Any HubSpot CRM object, digits as a string."""
RealmId = NewType("RealmId", str)
"""A QuickBooks company file, digits as a string."""
CustomerId = NewType("CustomerId", str)
ItemId = NewType("ItemId", str)
InvoiceId = NewType("InvoiceId", str)
PaymentId = NewType("PaymentId", str)
RequestId = NewType("RequestId", str)
"""The name under which QuickBooks recognises a repeated write, at most 50 characters."""
Mark = NewType("Mark", str)
"""What our invoices carry inside QuickBooks so that we find them again."""
