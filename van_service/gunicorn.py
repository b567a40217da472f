"""How gunicorn serves the app: a few workers with threads, the address from the settings."""

from van_service.settings import Settings

_settings = Settings.from_env()

bind = f"{_settings.bind}:{_settings.port}"
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 10
keepalive = 5
# The app writes one line per request itself, without personal data.
accesslog = None
loglevel = "warning"
