"""Mail over TLS and with a log-in, against a real server: what is trusted, what is not, and what errors tell."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from schedules.mail import MailServer, SmtpChannel
from schedules.transmissions import Outcome, Sent
from tests.schedules.certificates import make_certificate, serving
from tests.schedules.letters import letter
from tests.schedules.post_office import PostOffice, open_post_office

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For a server on this machine."""
    return make_certificate(tmp_path_factory.mktemp("certificates"), "IP:127.0.0.1")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For a server of another name."""
    return make_certificate(tmp_path_factory.mktemp("certificates"), "DNS:mail.example.org")


@contextmanager
def starttls_office(certificate: Path, **settings: Any) -> Iterator[tuple[PostOffice, MailServer]]:
    """A server that takes nothing before STARTTLS, and the settings to reach it."""
    tls = serving(certificate)
    with open_post_office(tls_context=tls, require_starttls=True, **settings) as (office, server):
        yield office, replace(server, security="starttls", ca_file=str(certificate))


@contextmanager
def ssl_office(certificate: Path) -> Iterator[tuple[PostOffice, MailServer]]:
    """A server that speaks TLS from the first byte, and the settings to reach it."""
    with open_post_office(ssl_context=serving(certificate)) as (office, server):
        yield office, replace(server, security="ssl", ca_file=str(certificate))


def checks_password(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Lets in whoever knows the password."""
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"van", PASSWORD.encode())
    return AuthResult(success=known, handled=False)


def sent(server: MailServer) -> Outcome:
    """What becomes of one letter."""
    channel = SmtpChannel(server)
    try:
        return channel.send(letter())
    finally:
        channel.close()


def test_starttls_carries_a_letter(certificate: Path) -> None:
    with starttls_office(certificate) as (office, server):
        assert sent(server).result is Sent.ACCEPTED
        assert len(office.mails) == 1


def test_ssl_carries_a_letter(certificate: Path) -> None:
    with ssl_office(certificate) as (office, server):
        assert sent(server).result is Sent.ACCEPTED
        assert len(office.mails) == 1


def test_a_batch_over_starttls_uses_one_connection(certificate: Path) -> None:
    with starttls_office(certificate) as (office, server):
        channel = SmtpChannel(server)
        results = [channel.send(letter(number)).result for number in range(5)]
        channel.close()
        # The server greets before and after STARTTLS: two EHLO to one connection.
        assert (set(results), office.connections) == ({Sent.ACCEPTED}, 2)


def test_a_connection_that_the_server_closed_is_made_anew_with_tls_and_login(certificate: Path) -> None:
    settings = {"auth_required": True, "authenticator": checks_password}
    with starttls_office(certificate, **settings) as (office, server):
        channel = SmtpChannel(replace(server, user="van", password=PASSWORD))
        assert channel.send(letter(1)).result is Sent.ACCEPTED
        assert channel._connection is not None
        assert channel._connection.sock is not None
        channel._connection.sock.shutdown(socket.SHUT_RDWR)
        assert channel.send(letter(2)).result is Sent.ACCEPTED
        channel.close()
        assert (len(office.mails), office.connections) == (2, 4)


@pytest.mark.parametrize("opened", [starttls_office, ssl_office])
def test_a_certificate_that_nobody_vouches_for_is_refused(opened: Any, certificate: Path) -> None:
    with opened(certificate) as (office, server):
        outcome = sent(replace(server, ca_file=""))
        assert (outcome.result, outcome.handed_over, office.mails) == (Sent.UNREACHABLE, False, [])
        assert outcome.error is not None
        assert outcome.error.startswith("SSLCertVerificationError: ")


@pytest.mark.parametrize("opened", [starttls_office, ssl_office])
def test_a_certificate_of_another_name_is_refused(opened: Any, stranger: Path) -> None:
    with opened(stranger) as (office, server):
        outcome = sent(server)
        assert (outcome.result, office.mails) == (Sent.UNREACHABLE, [])
        assert outcome.error is not None
        assert "IP address mismatch" in outcome.error


def test_the_right_password_opens(certificate: Path) -> None:
    settings = {"auth_required": True, "authenticator": checks_password}
    with starttls_office(certificate, **settings) as (office, server):
        assert sent(replace(server, user="van", password=PASSWORD)).result is Sent.ACCEPTED
        assert len(office.mails) == 1


def test_a_wrong_password_is_no_fault_of_the_letter_and_is_not_told(certificate: Path) -> None:
    settings = {"auth_required": True, "authenticator": checks_password}
    with starttls_office(certificate, **settings) as (office, server):
        wrong = replace(server, user="van", password="guessed at last")
        outcome = sent(wrong)
        assert (outcome.result, outcome.handed_over, office.mails) == (Sent.UNREACHABLE, False, [])
        assert outcome.error is not None
        assert outcome.error == "SMTPAuthenticationError: 535 5.7.8 Authentication credentials invalid"
        assert [text for text in ("guessed", "Z3Vlc3NlZC") if text in f"{outcome} {wrong}"] == []


def test_a_server_without_starttls_is_not_spoken_to_in_clear() -> None:
    with open_post_office() as (office, server):
        outcome = sent(replace(server, security="starttls", user="van", password=PASSWORD))
        assert (outcome.result, office.mails) == (Sent.UNREACHABLE, [])


@pytest.mark.parametrize("security", ["none", "starttls", "ssl"])
def test_a_server_that_accepts_and_says_nothing_is_given_up(security: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host, port = silent.getsockname()
        outcome = sent(MailServer(host, port, sender="van@example.org", security=security, timeout=0.2))
    assert (outcome.result, outcome.handed_over) == (Sent.UNREACHABLE, False)
    assert outcome.error is not None
    assert outcome.error.endswith("timed out")


def test_channels_for_two_threads_share_nothing(certificate: Path) -> None:
    with starttls_office(certificate) as (office, server):
        channels = [SmtpChannel(server) for _ in range(3)]
        results: list[Sent] = []

        def send_some(channel: SmtpChannel, first: int) -> None:
            results.extend(channel.send(letter(number)).result for number in range(first, first + 5))
            channel.close()

        threads = [
            threading.Thread(target=send_some, args=(channel, 10 * place)) for place, channel in enumerate(channels)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (results, len(office.accepted())) == ([Sent.ACCEPTED] * 15, 15)


def test_the_default_trust_is_the_machine_s(certificate: Path) -> None:
    assert SmtpChannel(MailServer("localhost", 25, sender="van@example.org"))._trust().verify_mode is ssl.CERT_REQUIRED
