"""What gunicorn loads: `gunicorn service.wsgi:app`."""

from __future__ import annotations

from service.app import create_app
from service.config import load_config
from service.logs import configure_logs
from service.store.schema import migrate
from service.stores import open_stores

config = load_config()
configure_logs(config.log_level)
stores = open_stores(config, pool_size=8)
migrate(stores.database)
app = create_app(stores)
