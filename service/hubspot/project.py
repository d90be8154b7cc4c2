"""The app as a HubSpot developer project: the files that `hs project upload` takes.

New apps can only be made this way; an app with a developer key may also be registered by REST
(`registry`). Pure: answers texts by path, writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.hubspot import scopes
from service.hubspot.definitions import ActionDefinition

# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/create-an-app
PLATFORM_VERSION = "2026.03"
APP_NAME = "QuickBooks invoices"
# HubSpot knows a component by its uid: another one is another component, and what used the old one is lost.
APP_UID, WEBHOOKS_UID, CARD_UID = "qbo_invoices_app", "webhooks", "deal_invoices_card"
CARD_SOURCE = Path(__file__).with_name("DealInvoices.tsx")

# https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
_CHANGES = {
    "contact": ("email", "firstname", "lastname", "company", "phone", "mobilephone", "website", "address", "city",
                "state", "zip", "country"),
    "company": ("name", "phone", "website", "address", "address2", "city", "state", "zip", "country"),
    "product": ("name", "hs_sku", "description", "price", "hs_cost_of_goods_sold"),
}  # fmt: skip
_LIVES = {"contact": ("deletion", "merge"), "company": ("deletion", "merge"), "product": ("deletion",)}
# A property mapped by an operator is not among them: the poll finds its changes within a quarter of an hour.
_SUBSCRIPTIONS: dict[str, list[dict[str, Any]]] = {
    "crmObjects": [
        {"subscriptionType": "object.propertyChange", "objectType": object_type, "propertyName": name, "active": True}
        for object_type, names in _CHANGES.items()
        for name in names
    ]
    + [{"subscriptionType": "object.creation", "objectType": object_type, "active": True} for object_type in _CHANGES],
    "legacyCrmObjects": [
        {"subscriptionType": f"{object_type}.{life}", "active": True}
        for object_type, lives in _LIVES.items()
        for life in lives
    ],
    "hubEvents": [{"subscriptionType": "contact.privacyDeletion", "active": True}],
}


def render_project(
    definitions: Iterable[ActionDefinition], public_url: str, *, card: bool = False, publish: bool = False
) -> dict[str, str]:
    """Every file of the project by its path: JSON, and with `card` the card's source."""
    files: dict[str, Any] = {
        "hsproject.json": {"name": "qbo-invoices", "srcDir": "src", "platformVersion": PLATFORM_VERSION},
        "src/app/app-hsmeta.json": _component(APP_UID, "app", _app(public_url)),
        "src/app/webhooks/webhooks-hsmeta.json": _component(WEBHOOKS_UID, "webhooks", _webhooks(public_url)),
    }
    for each in definitions:
        uid = f"{each.action.replace('-', '_')}_action"
        path = f"src/app/workflow-actions/{each.action}-hsmeta.json"
        files[path] = _component(uid, "workflow-action", _action(each.body, publish))
    if card:
        files["src/app/cards/deal-invoices-hsmeta.json"] = _component(CARD_UID, "card", _card())
        files["src/app/cards/package.json"] = _package()
    rendered = {path: json.dumps(each, indent=2, ensure_ascii=False) + "\n" for path, each in files.items()}
    return rendered | ({f"src/app/cards/{CARD_SOURCE.name}": CARD_SOURCE.read_text()} if card else {})


def _component(uid: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"uid": uid, "type": kind, "config": config}


def _app(public_url: str) -> dict[str, Any]:
    # https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
    secure = public_url.startswith("https://")
    return {
        "name": APP_NAME,
        "description": "Creates QuickBooks Online invoices from deals, exactly once, and shows them on the deal.",
        "distribution": "private",
        "auth": {
            "type": "oauth",
            "redirectUrls": [f"{public_url}/hubspot/oauth/callback"],
            "requiredScopes": list(scopes.REQUIRED),
            "optionalScopes": list(scopes.OPTIONAL),
            "conditionallyRequiredScopes": [],
        },
        # HubSpot takes no plain address here.
        "permittedUrls": {"fetch": [public_url] if secure else [], "iframe": [], "img": []},
        "support": {"documentationUrl": public_url, "supportUrl": public_url},
    }


def _action(body: dict[str, Any], publish: bool) -> dict[str, Any]:
    # https://developers.hubspot.com/docs/apps/developer-platform/add-features/custom-workflow-actions
    shared = (
        "inputFields",
        "inputFieldDependencies",
        "outputFields",
        "executionRules",
        "objectRequestOptions",
        "labels",
        "objectTypes",
    )
    head = {"actionUrl": body["actionUrl"], "isPublished": publish, "supportedClients": [{"client": "WORKFLOWS"}]}
    return head | {key: body[key] for key in shared}


def _webhooks(public_url: str) -> dict[str, Any]:
    settings = {"targetUrl": f"{public_url}/hubspot/webhooks", "maxConcurrentRequests": 10}
    return {"settings": settings, "subscriptions": _SUBSCRIPTIONS}


def _card() -> dict[str, Any]:
    # https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensibility/app-cards/reference
    return {
        "name": APP_NAME,
        "description": "The QuickBooks invoice of the deal.",
        "location": "crm.record.tab",
        "entrypoint": f"/app/cards/{CARD_SOURCE.name}",
        "objectTypes": ["deals"],
    }


def _package() -> dict[str, Any]:
    """What HubSpot builds the card with."""
    return {
        "name": "deal-invoices-card",
        "version": "1.0.0",
        "private": True,
        "type": "module",
        "dependencies": {"@hubspot/ui-extensions": "latest", "react": "^18.2.0"},
    }
