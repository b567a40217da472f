"""How the planner's hot loops (kernels) are compiled: by numba, once for each version of their sources.

numba keeps compiled code on the disk but looks only at the file of the function itself: a loop that calls one of
another file would go on with that one's old body. So the folder of the cache bears a mark of the sources of all
kernels. Where no folder can be written, kernels are compiled anew in each process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config

_HERE = Path(__file__).parent


def kernel(**options: Any) -> Callable[[Any], Any]:
    """Compile a function at its first call, or load it; `options` are those of `numba.njit`."""
    compiled: Callable[[Any], Any] = njit(cache=CACHE is not None, nogil=True, **options)
    return compiled


def cache_folder(homes: Iterator[Path] | None = None) -> Path | None:
    """The folder for compiled kernels of these sources, in the first home that can be written; None without any.

    What was compiled from former sources is removed there.
    """
    mark = _mark()
    for home in homes or _homes():
        folder = home / f"kernels-{mark}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        for former in home.glob("kernels-*"):
            if former != folder:
                shutil.rmtree(former, ignore_errors=True)
        return folder
    return None


def _homes() -> Iterator[Path]:
    """Where the cache may be, the best place first; never a folder that others can write, as it is run from there."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"])
    yield _HERE / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "roving-service-van"


def _mark() -> str:
    digest = hashlib.sha256()
    for source in sorted(_HERE.glob("*.py")):
        text = source.read_bytes()
        if b"@kernel(" in text:
            digest.update(text)
    return digest.hexdigest()[:16]


CACHE = cache_folder()
"""Where compiled kernels are kept, or None."""
config.CACHE_DIR = "" if CACHE is None else str(CACHE)  # type: ignore[attr-defined]
