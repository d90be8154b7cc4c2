"""Sending a callback to us, judging the answer, and sending it again. Contract 1.6, 1.7."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from service.sandbox.hubspot.callbacks import Callback, Delivery
from service.sandbox.hubspot.moments import milliseconds, parse_duration, parse_stamp, stamp
from service.sandbox.hubspot.sending import Answer, post
from service.sandbox.hubspot.signatures import action_headers
from service.sandbox.hubspot.tokens import CLIENT_SECRET

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

PATIENCE = timedelta(days=3)
KEPT_ANSWER = 2_000


def deliver(hubspot: HubSpot, callback: Callback, delay: float = 0.0, body: bytes | None = None) -> None:
    """Send the callback from a sender thread; `body` replaces the callback's own."""
    hubspot.sending.submit(lambda: _send(hubspot, callback, body or callback.body), delay)


def _send(hubspot: HubSpot, callback: Callback, body: bytes, *, only_unanswered: bool = False) -> None:
    with hubspot.lock:
        if hubspot.callbacks.get(callback.id) is not callback:
            return
        if only_unanswered and callback.state != "sent":
            return
        delivery = Delivery(len(callback.deliveries) + 1, stamp(hubspot.clock.now()))
        callback.deliveries.append(delivery)
        headers = signed_headers(hubspot, callback.url, body)
        timeout = hubspot.settings.delivery_timeout_seconds
    began = time.perf_counter()
    answer: Answer | None = None
    try:
        answer = post(callback.url, body, headers, timeout)
    except (OSError, http.client.HTTPException) as error:
        delivery.error = f"{type(error).__name__}: {error}"
    delivery.milliseconds = round((time.perf_counter() - began) * 1000, 1)
    with hubspot.lock:
        if answer is not None:
            delivery.status = answer.status
            delivery.answer = answer.body[:KEPT_ANSWER].decode("utf-8", "replace")
        if hubspot.callbacks.get(callback.id) is callback:
            _judge(hubspot, callback, answer)


def signed_headers(hubspot: HubSpot, url: str, body: bytes) -> dict[str, str]:
    """Signature headers by the clock the settings name."""
    sandbox_time = hubspot.settings.signing_clock == "sandbox"
    now = hubspot.clock.now() if sandbox_time else datetime.now(UTC)
    return action_headers(hubspot.settings.signatures, CLIENT_SECRET, url, body, str(milliseconds(now)))


def _judge(hubspot: HubSpot, callback: Callback, answer: Answer | None) -> None:
    """What an answer does to the callback."""
    # Contract 1.7: 429 and 5xx are repeated, other 4xx are not; BLOCK counts with 2xx and 4xx.
    if answer is None or answer.status == 429 or answer.status >= 500:
        if callback.state == "sent":
            _redeliver(hubspot, callback, answer)
        return
    if 300 <= answer.status < 400:
        callback.complaints.append(f"redirect {answer.status} is not followed")
    outputs = _parse_outputs(callback, answer)
    state = outputs.get("hs_execution_state")
    if state == "BLOCK":
        hubspot.callbacks.block(callback, _duration(callback, outputs.get("hs_expiration_duration")))
        hubspot.watch_time()
    elif state in ("SUCCESS", "FAIL_CONTINUE") or (state is None and answer.status < 300):
        hubspot.callbacks.end(callback, "completed", "answer", outputs)
    else:
        if state is not None:
            callback.complaints.append(f"hs_execution_state {state!r} is not documented")
        hubspot.callbacks.end(callback, "failed", "answer", {})


def _redeliver(hubspot: HubSpot, callback: Callback, answer: Answer | None) -> None:
    """Again after a while, for up to three days."""
    settings = hubspot.settings
    if hubspot.clock.now() - parse_stamp(callback.created_at) > PATIENCE:
        hubspot.callbacks.end(callback, "failed", "gave up", {})
        return
    tried = len(callback.deliveries)
    delay = min(settings.redelivery_seconds * 2 ** min(tried - 1, 20), settings.redelivery_cap_seconds)
    asked = answer.headers.get("retry-after") if answer and answer.status == 429 else None
    if asked and asked.isdigit():
        # Contract 1.7: the unit is milliseconds on one page and seconds on others.
        delay = int(asked) / (1000 if settings.retry_after_unit == "milliseconds" else 1)
    hubspot.sending.submit(lambda: _send(hubspot, callback, callback.body, only_unanswered=True), delay)


def _parse_outputs(callback: Callback, answer: Answer) -> dict[str, Any]:
    """The outputFields of an answer; anything odd about it becomes a complaint."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        if answer.status < 300:
            callback.complaints.append("answer is not JSON")
        return {}
    outputs = said.get("outputFields") if isinstance(said, dict) else None
    if not isinstance(outputs, dict):
        if answer.status < 300:
            callback.complaints.append("answer has no outputFields")
        return {}
    odd = sorted(name for name, value in outputs.items() if not isinstance(value, str))
    if odd:
        callback.complaints.append(f"outputs that are no strings: {', '.join(odd)}")
    return outputs


def _duration(callback: Callback, text: Any) -> timedelta | None:
    if text is None:
        return None
    try:
        return parse_duration(str(text))
    except ValueError as error:
        callback.complaints.append(str(error))
        return None
