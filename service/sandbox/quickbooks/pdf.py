"""A sale on one page of PDF, small and valid."""

from __future__ import annotations

from service.sandbox.quickbooks.fields import Json


def sale_pdf(company: str, kind: str, row: Json) -> bytes:
    """The document's bytes: company, number, customer, lines and total."""
    texts = [company, f"{kind} {row.get('DocNumber', '')}", row["CustomerRef"]["name"], f"Date {row['TxnDate']}"]
    for line in row["Line"]:
        if "Amount" in line and "Id" in line:
            texts.append(f"{line.get('Description', 'Item')[:60]}  {line['Amount']:.2f}")
    texts.append(f"Total {row['TotalAmt']:.2f}")
    drawn = "".join(f"1 0 0 1 50 {780 - 18 * at} Tm ({_quoted(text)}) Tj\n" for at, text in enumerate(texts[:40]))
    stream = f"BT /F1 12 Tf\n{drawn}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
