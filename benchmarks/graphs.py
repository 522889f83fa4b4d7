"""Tracing a model and laying its graph out: time, peak memory, and what each tool manages at all.

The first table times nbviz (trace, all levels, and in Node the layout of the first picture) beside
torchview, torchviz (with `dot`, where there is one), and TensorBoard's add_graph, each in a process
of its own, median of a few calls after a first one. The second, with --awkward, goes through the
awkward models of the tests, and says which tools show every call of a leaf module. The third, with
--coverage, does so for every model of torchvision; it takes long, and goes on where it was if it is
run again with the same file. Tools that are not installed are left out.

    python benchmarks/graphs.py [--models resnet18 ...] [--awkward]
    python benchmarks/graphs.py --coverage found.jsonl [--tools nbviz] [--families detection]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import _graph_coverage
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
MODELS = ("seed", "resnet18", "resnet152", "vit_b_16", "swin_t", "transformer96")
TOOLS = ("forward", "nbviz", "torchview", "torchviz", "add_graph", "export")
CALLS = 5

LAYOUT = """
import { build } from "esbuild";
import { readFileSync } from "node:fs";
await build({ entryPoints: ["src/graph/layout.ts"], bundle: true, format: "esm",
  outfile: process.argv[2] });
const { LayoutEngine, layOut } = await import(process.argv[2]);
const plans = JSON.parse(readFileSync(process.argv[1], "utf8"));
const time = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};
const times = [];
for (let i = 0; i < 5; i++) times.push(time(() => layOut(new LayoutEngine(), plans.first, "TB")));
const engine = new LayoutEngine();
const all = time(() => { for (const plan of plans.levels) layOut(engine, plan, "TB"); });
const worst = Math.max(...plans.levels.map((p) => time(() => layOut(new LayoutEngine(), p, "TB"))));
console.log(JSON.stringify({ first: times.sort((a, b) => a - b)[2], all, worst }));
"""


class SeedCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.fc1 = nn.Linear(32 * 25, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = torch.max_pool2d(self.conv1(x).relu(), 2)
        x = torch.max_pool2d(self.conv2(x).relu(), 2)
        return self.fc2(self.fc1(x.flatten(1)).relu())


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(self.ln_1(x)).chunk(3, dim=-1)
        split = (batch, length, self.heads, width // self.heads)
        q, k, v = (part.view(split).transpose(1, 2) for part in (q, k, v))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, layers, width=256, heads=8):
        super().__init__()
        self.embed = nn.Embedding(1000, width)
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1000)

    def forward(self, tokens):
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def make(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    if name == "seed":
        return SeedCnn(), (torch.zeros(1, 1, 28, 28),)
    if name.startswith("transformer"):
        layers = int(name.removeprefix("transformer"))
        return Transformer(layers).eval(), (torch.zeros(1, 128, dtype=torch.long),)
    from torchvision.models import get_model

    return get_model(name, weights=None).eval(), (torch.zeros(1, 3, 224, 224),)


def tool(name: str) -> Callable[[nn.Module, Any], Any]:
    """Return how a tool is used from the model to a picture, or to its nearest to one."""
    if name == "forward":
        return lambda model, x: model(*x)
    if name == "nbviz":
        from nbviz.inspection.graph.trace.trace import trace

        def nbviz(model: nn.Module, x: Any) -> Any:
            graph = trace(model, *x)
            return graph, list(graph.levels())

        return nbviz
    if name == "torchview":
        from torchview import draw_graph

        return lambda model, x: draw_graph(model, input_data=x, depth=10, mode="eval")
    if name == "torchviz":
        from torchviz import make_dot

        def torchviz(model: nn.Module, x: Any) -> Any:
            dot = make_dot(model(*x), params=dict(model.named_parameters()))
            return dot.pipe(format="svg") if shutil.which("dot") else dot.source

        return torchviz
    if name == "export":
        return lambda model, x: torch.export.export(model, x, strict=False)
    from torch.utils.tensorboard import SummaryWriter

    def add_graph(model: nn.Module, x: Any) -> None:
        with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
            writer.add_graph(model, x)

    return add_graph


def measure(name: str, model_name: str) -> dict[str, Any]:
    """Time one tool on one model, here and now."""
    torch.set_num_threads(1)
    model, inputs = make(model_name)
    use = tool(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times: list[float] = []
    result: Any = None
    for _ in range(CALLS + 1):
        start = time.perf_counter()
        result = use(model, inputs)
        times.append((time.perf_counter() - start) * 1e3)
        if sum(times) > 30_000:
            break
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    measured = {"ms": statistics.median(times[1:] or times), "mb": grown}
    if name == "nbviz":
        graph, levels = result
        measured |= {"nodes": len(graph.nodes), "calls": len(graph.module_calls)}
        measured |= {"layout": lay_out(levels)}
    return measured


def lay_out(levels: list[Any]) -> dict[str, float] | None:
    """Lay out the first picture, and every level, as the page does; None without Node."""

    def plan(level: Any) -> dict[str, Any]:
        return {
            "boxes": [{"id": n["node_id"], "width": 180, "height": 44} for n in level["nodes"]],
            "edges": [[edge["source"], edge["target"]] for edge in level["edges"]],
            "inputs": [[outside, inside] for inside, outside in level["inputs"]],
            "outputs": [[inside, inside] for inside in dict(level["outputs"])],
        }

    with tempfile.TemporaryDirectory() as folder:
        plans = Path(folder) / "plans.json"
        plans.write_text(
            json.dumps({"first": plan(levels[0]), "levels": list(map(plan, levels))}),
            encoding="utf-8",
        )
        try:
            done = subprocess.run(
                ["node", "--input-type=module", "-e", LAYOUT, plans, Path(folder) / "layout.mjs"],
                cwd=ROOT / "js",
                capture_output=True,
                check=True,
                text=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return None
    return json.loads(done.stdout)


def in_a_process(*arguments: str) -> dict[str, Any]:
    """Run this file for one measurement, so that tools do not share memory or caches."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        return {"error": said[-1][:60] if said else f"exit {done.returncode}"}
    return json.loads(lines[-1])


def installed() -> list[str]:
    needs = {"torchview": "torchview", "torchviz": "torchviz", "add_graph": "tensorboard"}
    return [name for name in TOOLS if name not in needs or find_spec(needs[name])]


def speed(models: list[str]) -> None:
    tools = installed()
    missing = [name for name in TOOLS if name not in tools]
    if missing:
        print(f"not installed, and so left out: {', '.join(missing)}")
    if not shutil.which("dot"):
        print("no `dot` here: torchviz counts without its layout, which would only add to its time")
    if not shutil.which("node"):
        print("no `node` here: nbviz counts without its layout of the first picture")
    print(f"{'time in ms (growth of memory in MB)':36}", *(f"{name:>16}" for name in tools))
    layouts: dict[str, dict[str, Any]] = {}
    for model in models:
        cells: list[str] = []
        for name in tools:
            result = in_a_process("--measure", name, model)
            if name == "nbviz":
                layouts[model] = result
                if "ms" in result and result["layout"]:
                    result["ms"] += result["layout"]["first"]
            done = "ms" in result
            cells.append(f"{result['ms']:8.0f} ({result['mb']:4.0f})" if done else "fails")
        print(f"{model:36}", *(f"{cell:>16}" for cell in cells), flush=True)
    heads = ("nodes", "calls", "first picture", "all levels", "worst one")
    print(f"\n{'layout in ms':36}", *(f"{head:>14}" for head in heads))
    for model, result in layouts.items():
        layout = result.get("layout")
        if layout:
            print(
                f"{model:36} {result['nodes']:14} {result['calls']:14} {layout['first']:14.1f}"
                f" {layout['all']:14.1f} {layout['worst']:14.1f}"
            )


def awkward() -> None:
    """Say which tools show every leaf call of the awkward models."""
    sys.path.insert(0, str(ROOT / "tests" / "inspection" / "graph"))
    from awkward_models import CASES

    tools = [name for name in installed() if name != "forward"]
    print(f"\n{'awkward models':46}", *(f"{name:>10}" for name in tools))
    passed = dict.fromkeys(tools, 0)
    for name, case in CASES.items():
        cells: list[str] = []
        for tool_name in tools:
            torch.manual_seed(0)
            try:
                with (
                    contextlib.redirect_stdout(io.StringIO()),
                    contextlib.redirect_stderr(io.StringIO()),
                ):
                    found = leaf_calls(tool_name, case)
            except Exception:
                cells.append("fails")
                continue
            complete = found is None or found >= case.leaf_calls
            passed[tool_name] += complete
            cells.append("ok" if complete else f"{found}/{case.leaf_calls}")
        print(f"{name:46}", *(f"{cell:>10}" for cell in cells), flush=True)
    print(f"{'models shown whole':46}", *(f"{passed[t]:>6}/{len(CASES)}" for t in tools))


def leaf_calls(name: str, case: Any) -> int | None:
    """How many leaf calls a tool's graph shows; None where its graph has no modules at all."""
    model, inputs, kwargs = case.make(), case.inputs(), case.kwargs()
    if name == "nbviz":
        from nbviz.inspection.graph.trace.trace import trace

        graph = trace(model, *inputs, **kwargs)
        parents = {call.parent for call in graph.module_calls}
        return sum(call.call_id not in parents for call in graph.module_calls[1:])
    if name == "torchview":
        from torchview import draw_graph
        from torchview.computation_node import ModuleNode

        drawn = draw_graph(model, input_data=inputs or None, depth=20, **kwargs)
        nodes = {end for edge in drawn.edge_list for end in edge}
        return sum(isinstance(node, ModuleNode) for node in nodes)
    if name == "export":
        program = torch.export.export(model, inputs, kwargs, strict=False)
        stacks = [node.meta.get("nn_module_stack") or {} for node in program.graph.nodes]
        return len({list(stack)[-1] for stack in stacks if stack})
    if kwargs:
        raise TypeError("takes no keyword arguments")
    if name == "torchviz":
        from torchviz import make_dot

        result = model(*inputs)
        make_dot(result[0] if isinstance(result, tuple) else result)
        return None
    tool(name)(model, inputs)
    return None


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--awkward", action="store_true")
    parser.add_argument("--coverage", type=Path, metavar="FILE")
    parser.add_argument("--tools", nargs="+", default=list(_graph_coverage.TOOLS))
    parser.add_argument("--families", nargs="+", default=list(_graph_coverage.FAMILIES))
    parser.add_argument("--sample", action="store_true", help="25 models of all families")
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin nothing after these")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for a model and tool")
    parser.add_argument("--measure", nargs=2, metavar=("TOOL", "MODEL"))
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    if arguments.coverage:
        _graph_coverage.sweep(
            arguments.families,
            arguments.tools,
            list(_graph_coverage.SAMPLE) if arguments.sample else [],
            arguments.coverage,
            budget=arguments.seconds,
            limit=arguments.limit,
        )
        return
    print(f"torch {torch.__version__}, 1 thread; medians of {CALLS} calls after a first one")
    speed(arguments.models)
    if arguments.awkward:
        awkward()


if __name__ == "__main__":
    main()
