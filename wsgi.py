"""What gunicorn and the `flask` command load."""

import gc

from van_service import create_app
from van_service.settings import Settings

app = create_app(Settings.from_env())

# What is loaded by now stays until the end. Walking through it again and again cost single requests 150 ms and more.
gc.collect()
gc.freeze()
