"""Letters through a real SMTP server: what arrives, and what each refusal means."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schedules.channels import LogChannel, Ways, channels_for
from schedules.mail import MailServer, SmtpChannel, message_id_of
from schedules.transmissions import Sent
from tests.schedules.letters import FACTS, letter
from tests.schedules.post_office import open_post_office


@pytest.fixture
def post_office():
    with open_post_office() as (office, server):
        channel = SmtpChannel(server)
        yield office, channel
        channel.close()


def test_a_chinese_letter_arrives_whole(post_office):
    office, channel = post_office
    channel.send(letter())
    mail = office.mails[0]
    assert mail["Subject"] == "收到申请 2606-0012"
    assert mail.get_content().strip() == "已收到申请 2606-0012（杏园社区）。审核后会再通知你。"
    assert (mail["To"], mail["From"]) == ("陆燕 <lu@example.org>", "巡回服务车 <van@example.org>")
    assert mail["Date"].datetime == datetime(2026, 6, 1, tzinfo=UTC)


def test_replies_go_where_the_settings_say(post_office):
    office, channel = post_office
    replying = SmtpChannel(replace(channel._server, reply_to="desk@example.org"))
    replying.send(letter())
    replying.close()
    assert office.mails[0]["Reply-To"] == "desk@example.org"


def test_the_outcome_carries_the_message_id_that_the_server_saw(post_office):
    office, channel = post_office
    outcome = channel.send(letter())
    assert (outcome.result, outcome.provider_id) == (Sent.ACCEPTED, office.mails[0]["Message-ID"])


def test_a_letter_sent_twice_carries_one_message_id(post_office):
    office, channel = post_office
    for number in (1, 1, 2):
        channel.send(letter(number))
    assert sorted(office.accepted().values()) == [1, 2]


def test_a_batch_uses_one_connection(post_office):
    office, channel = post_office
    for number in range(5):
        channel.send(letter(number))
    assert office.connections == 1


def test_each_recipient_gets_its_own_answer_on_one_connection(post_office):
    office, channel = post_office
    office.recipient_answers = {"gone@example.org": "550 5.1.1 no such user", "full@example.org": "451 4.2.2 full"}
    recipients = ("lu@example.org", "gone@example.org", "full@example.org", "wu@example.org")
    outcomes = [channel.send(letter(number, recipient)) for number, recipient in enumerate(recipients)]
    assert [outcome.result for outcome in outcomes] == [Sent.ACCEPTED, Sent.PERMANENT, Sent.TEMPORARY, Sent.ACCEPTED]
    assert [outcome.error for outcome in outcomes] == [None, "550 5.1.1 no such user", "451 4.2.2 full", None]
    assert office.connections == 1


def test_an_address_that_the_server_repeats_is_masked(post_office):
    office, channel = post_office
    office.recipient_answers = {"gone@example.org": "550 <gone@example.org> is unknown"}
    assert channel.send(letter(recipient="gone@example.org")).error == "550 <g***@example.org> is unknown"


def test_a_refused_text_is_judged_by_its_code(post_office):
    office, channel = post_office
    office.text_answers = ["451 try later", "554 spam", "250 OK"]
    assert [channel.send(letter(n)).result for n in range(3)] == [Sent.TEMPORARY, Sent.PERMANENT, Sent.ACCEPTED]


def test_a_server_going_away_is_no_fault_of_the_letter(post_office):
    office, channel = post_office
    office.text_answers = ["421 closing"]
    assert channel.send(letter()).result is Sent.UNREACHABLE
    assert channel.send(letter()).result is Sent.ACCEPTED


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(post_office):
    office, channel = post_office
    channel.send(letter(1))
    channel._connection.sock.shutdown(socket.SHUT_RDWR)
    assert channel.send(letter(2)).result is Sent.ACCEPTED
    assert office.connections == 2


def test_no_server_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = SmtpChannel(MailServer("127.0.0.1", port, sender="van@example.org", timeout=2.0)).send(letter())
    assert (outcome.result, outcome.error.partition(":")[0]) == (Sent.UNREACHABLE, "ConnectionRefusedError")


def test_a_silent_server_is_given_up_after_the_timeout():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = MailServer("127.0.0.1", silent.getsockname()[1], sender="van@example.org", timeout=0.2)
        outcome = SmtpChannel(server).send(letter())
    assert (outcome.result, outcome.error[-9:]) == (Sent.UNREACHABLE, "timed out")


def test_starttls_is_insisted_on(post_office):
    _, channel = post_office
    outcome = SmtpChannel(replace(channel._server, security="starttls")).send(letter())
    assert (outcome.result, outcome.error.partition(":")[0]) == (Sent.UNREACHABLE, "SMTPNotSupportedError")


@pytest.mark.parametrize("recipient", ["no address", "a@b@c", "lu@example.org\nBcc: all@example.org", ""])
def test_an_address_that_is_none_is_refused_without_asking_the_server(post_office, recipient):
    office, channel = post_office
    assert channel.send(letter(recipient=recipient)).result is Sent.PERMANENT
    assert office.mails == []


def test_a_name_cannot_smuggle_in_a_header(post_office):
    office, channel = post_office
    channel.send(letter(recipient_name="陆燕\r\nBcc: all@example.org"))
    assert [mail["Bcc"] for mail in office.mails] in ([], [None])


def test_a_place_name_of_two_lines_cannot_smuggle_in_a_header(post_office):
    office, channel = post_office
    channel.send(letter(facts=FACTS | {"number": "1\r\nBcc: all@example.org"}))
    assert office.mails[0]["Bcc"] is None


def test_the_log_says_ids_and_nothing_of_people(caplog):
    with caplog.at_level(logging.INFO):
        LogChannel().send(letter(17))
    assert "17" in caplog.text
    assert [text for text in ("陆燕", "lu@example.org", "杏园", "2606-0012") if text in caplog.text] == []


def test_without_a_mail_server_mail_goes_to_the_log():
    assert isinstance(channels_for(Ways())["email"], LogChannel)


def test_a_message_id_depends_on_the_key_alone():
    ids = {message_id_of(key, domain="example.org") for key in ("a", "b", "a")}
    assert len(ids) == 2


@pytest.mark.parametrize("bad", [{"security": "tls"}, {"sender": "nobody"}])
def test_a_mail_server_that_cannot_work_is_refused_at_birth(bad):
    with pytest.raises(ValueError, match="mail server"):
        MailServer(**({"host": "localhost", "port": 25, "sender": "van@example.org"} | bad))
