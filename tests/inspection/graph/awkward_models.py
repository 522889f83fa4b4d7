"""Small models that are hard to trace, each with inputs and the module calls that it makes."""

import awkward_flows  # noqa: F401  entered in CASES by being imported
import awkward_kinds  # noqa: F401
import awkward_wrappers  # noqa: F401
from awkward_case import CASES, Case

__all__ = ["CASES", "Case"]
