"""A nursery like `stand_by`, whose workers wait six seconds where the real ones wait two and a half minutes.

QuickBooks cuts off what takes longer than two minutes; these tests hold nothing for five seconds.
"""

from __future__ import annotations

from datetime import timedelta

from service.workflows import send_invoice
from tests.crash.stand_by import serve

if __name__ == "__main__":
    send_invoice.QUIET = timedelta(seconds=6)
    serve()
