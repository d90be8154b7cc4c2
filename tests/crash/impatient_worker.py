"""A nursery like `stand_by`, whose workers wait two seconds where the real ones wait two and a half minutes.

QuickBooks cuts off what takes longer than two minutes; the sandbox of these tests holds nothing for a second.
"""

from __future__ import annotations

from datetime import timedelta

from service.workflows import send_invoice
from tests.crash.stand_by import serve

if __name__ == "__main__":
    send_invoice.QUIET = timedelta(seconds=2)
    serve()
