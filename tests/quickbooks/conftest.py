from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from fake_intuit import AccessTokens, FakeIntuit, FakePace

from service.clock import FixedClock
from service.quickbooks.gateway import Gateway
from service.wire import Wire


@pytest.fixture
def intuit():
    fake = FakeIntuit()
    yield fake
    fake.close()


@pytest.fixture
def setup(intuit):
    pace, tokens = FakePace(), AccessTokens()
    wire = Wire(connect_seconds=1, read_seconds=5)
    clock = FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    gateway = Gateway(api_url=intuit.url, wire=wire, pace=pace, access_token=tokens, jitter=lambda: 0.5, clock=clock)
    return SimpleNamespace(gateway=gateway, pace=pace, tokens=tokens, wire=wire, clock=clock)


@pytest.fixture
def gateway(setup):
    return setup.gateway
