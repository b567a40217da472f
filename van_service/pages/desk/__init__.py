"""The coordinator's pages: requests, planning runs, plans, publishing, visits, coverage, messages, lists."""

from __future__ import annotations

from van_service.pages.desk.addresses import blueprint

__all__ = ["blueprint"]
