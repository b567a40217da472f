"""The Flask extensions, made once and bound to an app in `create_app`."""

from typing import Any

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from schedules.db import Base


class Database(SQLAlchemy):
    """Flask-SQLAlchemy whose `session` may be handed to the use cases: it acts for the session of this request."""

    session: Any


# `metadata=` and not `model_class=`: the latter would make the extension build a copy of Base.
db = Database(metadata=Base.metadata)
migrate = Migrate()
csrf = CSRFProtect()
login = LoginManager()
babel = Babel()
