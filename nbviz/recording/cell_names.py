"""Cells by the names that IPython gives them, in place of the files that it compiles them from."""

from __future__ import annotations

import re
import sys
from typing import Any

_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')


def name_cells(text: str) -> str:
    """Write each cell of a notebook in a traceback as IPython does: `Cell In[5], line 3`.

    Outside a notebook, and with an IPython that does not tell a cell's name (before 8.0, as in
    Colab), the text stays as it is.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    name_of = getattr(getattr(shell, "compile", None), "format_code_name", None)
    if name_of is None:
        return text

    def named(frame: re.Match[str]) -> str:
        name = name_of(frame[1])
        return f"{name[0]} {name[1]}, line {frame[2]}" if name else frame[0]

    return _FRAME.sub(named, text)
