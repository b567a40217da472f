"""The pages under Messages, in the order of their tabs; a page that joins them adds its line here."""

from __future__ import annotations

from flask_babel import lazy_gettext

from van_service.pages.tabs import Tab

MESSAGE_TABS: tuple[Tab, ...] = (
    Tab("desk.messages", lazy_gettext("Coming")),
    Tab("desk.past_messages", lazy_gettext("Sent and not sent")),
    Tab("desk.call_list", lazy_gettext("Call list"), ("desk.reveal_phone",)),
    Tab(
        "desk.message_rules",
        lazy_gettext("Rules"),
        ("desk.message_rule", "desk.change_message_rule", "desk.change_message_hours"),
    ),
    Tab("desk.wordings", lazy_gettext("Wordings"), ("desk.wording", "desk.change_wording")),
    Tab("desk.channels", lazy_gettext("Channels"), ("desk.test_channel",)),
)
