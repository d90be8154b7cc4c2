"""gunicorn's settings: `gunicorn -c python:service.web.server service.wsgi:app`."""

from __future__ import annotations

from service.config import load_config

bind = f"0.0.0.0:{load_config(vendors=False).port}"
worker_class = "service.web.patient.PatientWorker"
workers = 1
threads = 16
keepalive = 30
timeout = 60
graceful_timeout = 20
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8190
# gunicorn's control socket has one path for all servers of a user: ours would fight over it.
control_socket_disable = True
