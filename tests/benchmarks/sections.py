"""The measured sections of the README: each lies between marks and is rewritten whole by the command that made it."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"


def write_section(name: str, text: str, readme: Path = README) -> None:
    """Put the text between the marks `<!-- NAME: begins -->` and `<!-- NAME: ends -->`.

    Raises ValueError where the README has no such pair of marks.
    """
    begins, ends = f"<!-- {name}: begins -->", f"<!-- {name}: ends -->"
    before, first, rest = readme.read_text(encoding="utf-8").partition(begins)
    _, second, after = rest.partition(ends)
    if not first or not second:
        raise ValueError(f"{readme.name} has no section {name}.")
    readme.write_text(f"{before}{begins}\n\n{text.strip()}\n\n{ends}{after}", encoding="utf-8")
