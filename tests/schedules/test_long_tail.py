"""The long tail of services through the real Apprise, against a server of this machine."""

from __future__ import annotations

import importlib.util
import sys
import warnings

import pytest

from schedules.long_tail import AppriseChannel, MissingLibrary, prepared
from schedules.transmissions import Sent
from tests.conftest import lack
from tests.schedules.letters import letter
from tests.schedules.services import Reply, Service, always, open_service


@pytest.fixture(autouse=True)
def library(request: pytest.FixtureRequest) -> None:
    """The library, but for the test that is about its absence."""
    if "monkeypatch" in request.fixturenames:
        return
    if importlib.util.find_spec("apprise") is None:
        lack("Apprise (requirements-optional.txt)")
    with warnings.catch_warnings():  # its plugins import what Python is about to drop
        warnings.simplefilter("ignore")
        prepared(["json://localhost/"])


def address(service: Service) -> str:
    """The server as Apprise addresses any that takes JSON."""
    return f"json://{service.url.removeprefix('http://')}/"


def test_a_letter_reaches_a_service() -> None:
    with open_service(always(Reply(200, raw=b""))) as service:
        outcome = AppriseChannel([address(service)]).send(letter(channel="apprise"))
    assert (outcome.result, outcome.error) == (Sent.ACCEPTED, None)
    fields = service.calls[0].fields
    assert (fields["title"], fields["message"]) == (
        "收到申请 2606-0012",
        "已收到申请 2606-0012（杏园社区）。审核后会再通知你。",
    )


def test_a_refusal_is_tried_again() -> None:
    with open_service(always(Reply(500, raw=b""))) as service:
        outcome = AppriseChannel([address(service)]).send(letter())
    assert (outcome.result, outcome.error) == (Sent.TEMPORARY, "apprise failure")


def test_what_one_of_two_services_took_is_not_sent_to_it_again() -> None:
    with open_service(always(Reply(200, raw=b""))) as good, open_service(always(Reply(500, raw=b""))) as bad:
        outcome = AppriseChannel([address(good), address(bad)]).send(letter())
    assert (outcome.result, outcome.error) == (Sent.ACCEPTED, "apprise partial")


def test_a_silent_service_may_have_taken_it() -> None:
    with open_service(always(Reply(silent=True))) as service:
        outcome = AppriseChannel([address(service)], timeout=0.3).send(letter())
        service.ended.set()
    assert (outcome.result, outcome.error) == (Sent.UNCLEAR, "apprise timeout")


def test_the_library_trusts_a_200_whatever_is_in_it() -> None:
    """The reason why services that say 200 to a wrong key have senders of their own."""
    with open_service(always(Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"}))) as service:
        assert AppriseChannel([address(service)]).send(letter()).result is Sent.ACCEPTED


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://693a91f67abc4bc497a00ec2a1fa5aaa",
        "dingtalk://693a91f67abc4bc497a00ec2a1fa5aaa",
        "feishu://693a91f67abc4bc497a00ec2a1fa5aaa",
        "LARK://693a91f67abc4bc497a00ec2a1fa5aaa",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f67abc4bc497a00ec2a1fa5aaa",
        "nonsense",
        "nosuchservice://x",
    ],
)
def test_an_address_that_cannot_work_is_named_by_its_place_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="address 2 ") as caught:
        AppriseChannel(["json://localhost/", url])
    assert "693a91f6" not in str(caught.value)


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingLibrary, match="requirements-optional"):
        AppriseChannel(["json://localhost/"])
