"""The definitions of the workflow actions, held against what `invoicing/actions` promises."""

from __future__ import annotations

from pathlib import Path

from marshmallow import Schema, fields

from service.config import Config
from service.errors import ConfigError
from service.hubspot.definition_checks import Promise
from service.hubspot.definitions import ActionDefinition, read_definitions
from service.hubspot.oauth import OAuth
from service.hubspot.registry import Credential, Registry
from service.hubspot.transport import Line
from service.invoicing.actions import ACTIONS
from service.wire import Wire

FOLDER = Path(__file__).parent.parent / "action_definitions"


def list_promises() -> dict[str, Promise]:
    """What the service does, by action."""
    return {
        name: Promise(_list_inputs(each.schema()), each.outputs, each.error_codes, each.object_types)
        for name, each in ACTIONS.items()
    }


def load_actions(config: Config, folder: Path = FOLDER) -> list[ActionDefinition]:
    """All definitions, checked, for this service's address. Raises: ConfigError."""
    return read_definitions(folder, list_promises(), config.public_url)


def open_registry(config: Config, credential: Credential, wire: Wire) -> Registry:
    """The app's actions at HubSpot, by the credential chosen.

    Raises: ConfigError (a setting that this needs is missing), TryLater, RefusedByHubSpot.
    """
    app_id = config.hubspot_app_id or ""
    numeric = app_id.isascii() and app_id.isdigit()
    problems = [] if numeric else ["HUBSPOT_APP_ID is not set to a number: copy it from the app"]
    developer_key = config.hubspot_developer_api_key
    if credential is Credential.DEVELOPER_KEY and not developer_key:
        problems.append("HUBSPOT_DEVELOPER_API_KEY is not set: set it, or try `--credential bearer`")
    if credential is Credential.BEARER and not (config.hubspot_client_id and config.hubspot_client_secrets):
        problems.append("HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET are not set: copy them from the app")
    # HubSpot itself cannot reach a plain address; a sandbox on this machine can.
    if config.hubspot_api_url.startswith("https://") and not config.public_url.startswith("https://"):
        problems.append(f"PUBLIC_URL is {config.public_url}, which HubSpot cannot reach: it must begin with https://")
    if problems:
        raise ConfigError(problems)
    secret = developer_key if credential is Credential.DEVELOPER_KEY else _get_app_token(config, wire)
    line = Line(config.hubspot_api_url, config.hubspot_api_version, wire)
    return Registry(line, app_id, credential, str(secret))


def _get_app_token(config: Config, wire: Wire) -> str:
    oauth = OAuth(
        api_url=config.hubspot_api_url,
        version=config.hubspot_api_version,
        client_id=config.hubspot_client_id,
        client_secrets=config.hubspot_client_secrets,
        wire=wire,
    )
    return oauth.get_app_token(("developers-read", "developers-write"))


def _list_inputs(schema: Schema) -> dict[str, frozenset[str] | None]:
    """The inputs a schema reads, by the name they have in HubSpot."""
    return {
        str(field.data_key): frozenset(str(each.value) for each in field.enum)
        if isinstance(field, fields.Enum)
        else None
        for field in schema.fields.values()
    }
