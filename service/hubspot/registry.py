"""The app's workflow actions at HubSpot: list, create, change, by whichever credential it takes.

HubSpot's documents disagree on that credential: a developer API key in the query, or a token of
the app in the header. Both are here; whoever asks chooses. What a definition says is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urlencode

from hubspot.automation import actions

from service.errors import ConfigError, OutcomeUnknown, RefusedByHubSpot, ServiceError
from service.hubspot import faults
from service.hubspot.transport import Line, attach
from service.wire import Answer, NoAnswer

MOST_PAGES = 50
LONGEST_QUOTE = 300


class Credential(StrEnum):
    """What lets us manage an app's actions."""

    DEVELOPER_KEY = "developer-key"
    BEARER = "bearer"


_OTHER = {Credential.DEVELOPER_KEY: Credential.BEARER, Credential.BEARER: Credential.DEVELOPER_KEY}


class Registry:
    """One app's definitions, as HubSpot has them.

    Every method raises ConfigError (the credential or the app's id is not taken), TryLater,
    RefusedByHubSpot (the definition is wrong).
    """

    def __init__(self, line: Line, app_id: str, credential: Credential, secret: str) -> None:
        self._line, self._app_id, self._credential, self._secret = line, app_id, credential, secret
        self._definitions = actions.DefinitionsApi(
            attach(actions.ApiClient(actions.Configuration()), self._deliver),
        )

    def list_definitions(self) -> list[dict[str, Any]]:
        """All definitions of the app that are not archived, from all pages."""
        found: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            data = self._ask(partial(self._definitions.get_page, self._app_id, **page, _preload_content=False))
            results = data.get("results")
            if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
                raise faults.explain_garbage()
            found += [each for each in results if not each.get("archivedAt")]
            after = _read_after(data)
            if not results or after is None:
                break
            page = {"after": after}
        return found

    def create_definition(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Register a new action. Raises also OutcomeUnknown: list before repeating."""
        try:
            return self._ask(
                lambda: self._definitions.create(self._app_id, dict(body), _preload_content=False), creates=True
            )
        except OutcomeUnknown as error:
            sentence = f"{error.sentence}: run `actions diff` to see whether the action was created"
            raise OutcomeUnknown(sentence, error.after) from error

    def change_definition(self, definition_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change only these keys of an action; HubSpot makes a new revision of it."""
        return self._ask(
            lambda: self._definitions.update(definition_id, self._app_id, dict(changes), _preload_content=False)
        )

    def _deliver(self, method: str, path: str, headers: dict[str, str], body: bytes | None, query: str = "") -> Answer:
        """Send with the credential. The key stands in the query, which `Line` never logs."""
        if self._credential is Credential.BEARER:
            return self._line.deliver(method, path, headers | {"Authorization": f"Bearer {self._secret}"}, body, query)
        key = urlencode({"hapikey": self._secret})
        return self._line.deliver(method, path, headers, body, f"{query}&{key}" if query else key)

    def _ask(self, call: Callable[[], Any], *, creates: bool = False) -> dict[str, Any]:
        try:
            answer: Answer = call()
        except NoAnswer as error:
            raise faults.explain_silence(error, creates=creates) from None  # its cause holds the address with the key
        if answer.status in (401, 403, 404):
            raise self._explain_refusal(answer.status)
        if answer.status == 400:
            raise RefusedByHubSpot(f"HubSpot does not take the definition: {self._quote(answer.body)}", 400)
        faults.check_answer(answer, creates=creates)
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise faults.explain_garbage(creates=creates)
        return data

    def _explain_refusal(self, status: int) -> ServiceError:
        if status == 404:
            return ConfigError([f"HubSpot does not know app {self._app_id} or its action: check HUBSPOT_APP_ID"])
        other = _OTHER[self._credential]
        return ConfigError(
            [
                f"HubSpot does not take this credential for app {self._app_id} ({self._credential}, HTTP {status}): "
                f"check it, or try the other kind with `--credential {other}`; `actions export` needs neither"
            ]
        )

    def _quote(self, body: bytes) -> str:
        """HubSpot's own words about our definition, which holds nobody's data; nothing is decided by them."""
        try:
            said = json.loads(body).get("message")
        except (ValueError, RecursionError, AttributeError):
            said = None
        text = said if isinstance(said, str) else "it does not say why"
        printable = "".join(each if each.isprintable() else " " for each in text.replace(self._secret, "…"))
        return printable[:LONGEST_QUOTE]


def _read_after(data: Mapping[str, Any]) -> str | None:
    """Where the next page of a list begins; None on the last."""
    following = data.get("paging")
    for key in ("next", "after"):
        following = following.get(key) if isinstance(following, dict) else None
    return following if isinstance(following, str) and following else None
