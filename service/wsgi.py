"""What gunicorn loads: `gunicorn service.wsgi:app`."""

from __future__ import annotations

import sys

from service.app import create_app
from service.config import load_config
from service.logs import configure_logs
from service.store.schema import migrate
from service.stores import open_stores
from service.web.password import PASSWORD_FILE, create_password

config = load_config()
configure_logs(config.log_level)
made = None if config.admin_password else create_password(config.instance / PASSWORD_FILE)
if made:
    # Shown once, to whoever starts the service for the first time; only its hash is kept.
    print(f"\nOperator's pages: {config.public_url}/\nPassword: {made}\n", file=sys.stderr, flush=True)
stores = open_stores(config, pool_size=12, transactions=2)
migrate(stores.database)
app = create_app(stores)
