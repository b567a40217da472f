"""Every sentence that people read has its Chinese, with the same placeholders."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

HOUSE = Path(__file__).resolve().parent.parent.parent
CATALOGUE = HOUSE / "van_service" / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "_l": None}
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every sentence that code and templates mark for translation."""
    with (HOUSE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(HOUSE, methods, options, keywords=KEYWORDS, directory_filter=_is_ours)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def _is_ours(folder: str | os.PathLike[str]) -> bool:
    """Below the house only our own package is looked at."""
    return Path(folder).relative_to(HOUSE).parts[:1] == ("van_service",)


def test_every_sentence_has_its_chinese(chinese: Catalog, said: set[str]) -> None:
    assert len(said) > 300
    translated = {_first(message.id) for message in chinese if message.id and _first(message.string)}
    assert sorted(said - translated) == []


def test_nothing_is_translated_that_nobody_says(chinese: Catalog, said: set[str]) -> None:
    assert sorted({_first(message.id) for message in chinese if message.id} - said) == []


def test_the_chinese_keeps_the_placeholders(chinese: Catalog) -> None:
    """A plural's Chinese may leave out nothing that its English plural names."""
    spoilt = {
        _first(message.id)
        for message in chinese
        if message.id
        and _first(message.string)
        and set(PLACEHOLDER.findall(_last(message.id))) != set(PLACEHOLDER.findall(_first(message.string)))
    }
    assert sorted(spoilt) == []


def test_nothing_is_left_to_doubt(chinese: Catalog) -> None:
    assert [message.id for message in chinese if message.fuzzy] == []


def _first(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _last(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[-1]
