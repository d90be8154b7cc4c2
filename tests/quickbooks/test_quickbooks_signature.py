import base64
import hashlib
import hmac

import pytest

from service.quickbooks.signature import verify_webhook

TOKENS = ["test-verifier-token"]
EVENT = (
    b'[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068","source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",'
    b'"type":"qbo.invoice.created.v1","time":"2026-09-10T21:31:25.179453Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}]'
)
VECTORS = [
    (b"[]", "7C3PAEAqSxfMSaxVGlBzMaUvQNv3psLddn7gQmjAJcE="),
    ('{"note":"Café £5"}'.encode(), "vEcz5xjZdUV2hHCsGTIiaFJ9FRuQ4d0d4HqhYylNiZ0="),
    (EVENT, "5SImoPnjtAAv0Q9f02AydNNOqTSrmsKV1GoHK2suUE8="),
]


@pytest.mark.parametrize(("raw", "signature"), VECTORS)
def test_vectors(raw, signature):
    assert verify_webhook(raw, signature, TOKENS)
    assert verify_webhook(raw, f" {signature} ", ["old", *TOKENS])
    assert not verify_webhook(raw + b" ", signature, TOKENS)
    assert not verify_webhook(raw, signature, ["other"])
    assert not verify_webhook(raw, signature, [])


@pytest.mark.parametrize("header", [None, "", " ", "é", "!", "7C3PAEAqSxfMSaxVGlBzMaUvQNv3psLddn7gQmjAJcE", "7C3P"])
def test_odd_headers_are_refused(header):
    assert not verify_webhook(b"[]", header, TOKENS)


def test_an_empty_verifier_token_signs_nothing():
    signed = base64.b64encode(hmac.new(b"", b"[]", hashlib.sha256).digest()).decode()
    assert not verify_webhook(b"[]", signed, [""])
