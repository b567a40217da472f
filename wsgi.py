"""What gunicorn and the `flask` command load."""

from van_service import create_app
from van_service.settings import Settings

app = create_app(Settings.from_env())
