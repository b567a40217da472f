"""The delivery benchmark sends what it says, and notices what is not accounted for."""

from __future__ import annotations

from tests.benchmarks import delivery
from tests.benchmarks.delivery import Delivered, table


def test_a_small_run_adds_up(monkeypatch, tmp_path):
    monkeypatch.setattr(delivery, "MESSAGES", 200)
    run = delivery._run("SQLite", f"sqlite:///{tmp_path / 'delivery.sqlite'}", 100)
    assert run.states == {"sent": 198, "dead": 2}
    assert (run.seen["accepted"], run.seen["distinct"], run.seen["refused"]) == (99, 99, 3)
    assert run.faults == []
    assert table([run]).endswith("| none |")


def test_a_missing_or_doubled_letter_is_a_fault(monkeypatch):
    monkeypatch.setattr(delivery, "MESSAGES", 100)
    good = Delivered("SQLite", 100, {"sent": 99, "dead": 1}, {"accepted": 99, "distinct": 99}, {})
    assert good.faults == []
    assert good._replace(states={"sent": 98, "dead": 1, "unknown": 1}).faults != []
    assert good._replace(seen={"accepted": 100, "distinct": 99}).faults != []
    assert good._replace(seen={"accepted": 98, "distinct": 98}).faults != []
