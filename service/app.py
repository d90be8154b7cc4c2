"""The web process: Flask with its routes. No vendor is called on a callback's path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from service.config import Config
from service.invoicing.actions import ACTIONS
from service.store.audit import Audit
from service.store.consents import Consents
from service.store.mirrors import Mirrors
from service.store.sessions import Attempts, Sessions
from service.store.settings import SettingsCache
from service.stores import Stores
from service.web.actions import ActionEdge, action_routes
from service.web.cookie import Cookie
from service.web.desk import Desk
from service.web.health import health_routes
from service.web.hubspot_webhooks import HubSpotWebhookEdge, hubspot_webhook_routes
from service.web.options import OptionEdge, option_routes
from service.web.pages import operator_pages
from service.web.password import PASSWORD_FILE, Password
from service.web.problems import render_problems
from service.web.quickbooks_webhooks import WebhookEdge, quickbooks_webhook_routes
from service.web.raw import SignedRequests
from service.web.vendors import Vendors

if TYPE_CHECKING:
    from service.hubspot.definitions import ActionDefinition
    from service.hubspot.registration import ActionPlan


def create_app(stores: Stores) -> Flask:
    """The service's routes over its stores."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    edge = ActionEdge(
        signed=SignedRequests(stores.config, stores.clock),
        callbacks=stores.callbacks,
        connections=stores.connections,
        actions=frozenset(ACTIONS),
        clock=stores.clock,
    )
    app.register_blueprint(action_routes(edge))
    options = OptionEdge(
        edge.signed, stores.connections, stores.option_lists, SettingsCache(stores.database), stores.clock
    )
    app.register_blueprint(option_routes(options))
    webhooks = WebhookEdge(stores.config, stores.connections, stores.hints, stores.sync.settings, stores.clock)
    app.register_blueprint(quickbooks_webhook_routes(webhooks))
    heard = HubSpotWebhookEdge(edge.signed, stores.hints, stores.sync.settings, stores.clock)
    app.register_blueprint(hubspot_webhook_routes(heard))
    app.register_blueprint(health_routes(stores.database, stores.callbacks, stores.hints))
    app.register_blueprint(operator_pages(make_desk(stores)))
    render_problems(app)
    return app


def make_desk(stores: Stores) -> Desk:
    """What the operator's pages work with."""
    config, database = stores.config, stores.database
    return Desk(
        config=config,
        clock=stores.clock,
        callbacks=stores.callbacks,
        reservations=stores.reservations,
        adoptions=stores.adoptions,
        mirrors=Mirrors(database),
        connections=stores.connections,
        credentials=stores.credentials,
        settings=SettingsCache(database),
        preflights=stores.preflights,
        previews=stores.previews,
        consents=Consents(database),
        sessions=Sessions(database),
        attempts=Attempts(database),
        audit=Audit(database),
        sync=stores.sync_changes,
        invoice_sync=stores.invoice_sync,
        cookie=Cookie(config.secret_key, secure=config.public_url.startswith("https://")),
        password=Password(config.admin_password, config.instance / PASSWORD_FILE),
        vendors=Vendors(config),
        hints=stores.hints,
        list_actions=lambda: _list_actions(config),
        compare_actions=lambda: _compare_actions(config),
    )


# Imported when somebody looks at the actions: the process that takes callbacks stays small.
def _list_actions(config: Config) -> list[ActionDefinition]:
    from service.actions import load_actions

    return load_actions(config)


def _compare_actions(config: Config) -> list[ActionPlan]:
    from service.actions import load_actions, open_registry
    from service.hubspot.registration import plan_action
    from service.hubspot.registry import Credential
    from service.wire import Wire

    credential = Credential.DEVELOPER_KEY if config.hubspot_developer_api_key else Credential.BEARER
    registered = open_registry(config, credential, Wire(read_seconds=15.0)).list_definitions()
    return [plan_action(each, registered) for each in load_actions(config)]
