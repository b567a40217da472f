"""Warming up leaves nothing to compile for the first real problem."""

from __future__ import annotations

from routes import labelling
from routes.warm_up import compile_labelling, load_solvers


def test_the_labelling_is_compiled_after_the_warm_up():
    load_solvers()
    compile_labelling()
    assert labelling.price_class.signatures
