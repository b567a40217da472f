"""Where the running app takes its travel times from."""

from __future__ import annotations

from flask import current_app

from schedules.planning import TravelMaker, travel_by


def travel_of_app() -> TravelMaker:
    """The router of the settings where there is one, else the great circle."""
    return travel_by(current_app.extensions["settings"].osrm_url)
