"""Where HubSpot's dated addresses are: one table from the package's old paths to the pinned version."""

from __future__ import annotations

# https://developers.hubspot.com/docs/api-reference/legacy/migration-guide
# v4 ends on 30 March 2027, v1 to v3 in September 2027; hubspot-api-client 12 knows no others. In the path of
# callbacks the version stands after `callbacks`, in that of definitions before the app's id: the longer
# prefix comes first. The last ones are not called through the package; we name them in the same old form.
_TABLE = (
    ("/crm/v3/objects/", "/crm/objects/{version}/"),
    ("/crm/v4/associations/", "/crm/associations/{version}/"),
    ("/crm/v3/properties/", "/crm/properties/{version}/"),
    ("/automation/v4/actions/callbacks/", "/automation/actions/callbacks/{version}/"),
    ("/automation/v4/actions/", "/automation/actions/{version}/"),
    ("/oauth/v1/token", "/oauth/{version}/token"),
    ("/account-info/v3/", "/account-info/{version}/"),
    ("/files/v3/", "/files/{version}/"),
)
TOKEN = "/oauth/v1/token"  # noqa: S105 (an address)
INTROSPECT = "/oauth/v1/token/introspect"
REVOKE = "/oauth/v1/token/revoke"
FILES = "/files/v3/files"
PORTAL_DETAILS = "/account-info/v3/details"
ASSOCIATION_LABELS = "/crm/v4/associations/{}/{}/labels"


class UnknownPath(LookupError):
    """A path without a dated form: calling it would break when the old versions end."""


def date_path(path: str, version: str) -> str:
    """The dated form of a generated path. Raises: UnknownPath, a bug."""
    for old, dated in _TABLE:
        if path.startswith(old):
            return dated.format(version=version) + path[len(old) :]
    raise UnknownPath(path)
