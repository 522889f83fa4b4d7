"""No compiler is imported by a view, nor by a trace without data, whatever operators it meets."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import torch
import torch.nn.functional as F
before = set(sys.modules)
import nbviz
nbviz.LiveTrainer
assert not {"triton", "torch.utils.flop_counter", "torch._dynamo"} & (set(sys.modules) - before)
from nbviz.inspection.graph.trace.trace import trace

class Many(torch.nn.Module):
    def forward(self, x):
        found = [x > 0, x**2, 2**x, x.masked_fill(x == 0, 1.0), *x.topk(2), F.group_norm(x, 2)]
        found += [F.interpolate(x, size=4), F.interpolate(x, size=4, mode="bilinear")]
        found += [x.log(), x.erf(), x.std(), x.cumsum(1), torch.minimum(x, x), 1 - x, x // 2, x % 2]
        found += [F.mse_loss(x, x), F.smooth_l1_loss(x, x), F.mish(x), F.glu(x), x.logsumexp(1)]
        found += [F.cross_entropy(x[:, :, 0, 0], torch.zeros(2, dtype=torch.long)), F.normalize(x)]
        return found + [~(x > 0), x.isnan(), x.sign(), x.trunc(), x.tril(), torch.stack([x, x])]

graph = trace(Many(), torch.randn(2, 8, 8, 8))
assert graph.note == "", graph.note
assert sum(node.kind == "output" for node in graph.nodes) == 30
assert "torch._dynamo" not in sys.modules
compiled = torch.compile(lambda x: x**2 > 0, backend="eager")  # is asked for now, and works
assert compiled(torch.ones(2)).all()
assert "torch._dynamo" in sys.modules
"""


def test_no_compiler_is_imported_for_shapes() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
