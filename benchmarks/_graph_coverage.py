"""Which models of torchvision each tool shows whole, each model in a process of its own.

A tool shows a model whole if every call of a module without children, as counted by forward hooks
in the same process, is in what it makes. Calls that only hand on their input, as dropout does in
eval mode, are asked of nbviz alone, and of add_graph only every module, not every call, since its
names tell no more. For torchviz, whose graph is autograd's and has no
modules, it is enough that it draws one. nbviz must also give the model's own parameter count, and
levels that open and have no loops.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import resource
import time
import warnings
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path

FAMILIES = ("classification", "segmentation", "detection", "video", "optical_flow", "quantization")
TOOLS = ("nbviz", "torchview", "torchviz", "add_graph", "export", "hiddenlayer")
SAMPLE = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *("maxvit_t", "mobilenet_v3_small", "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5"),
    *("swin_t", "swin_v2_t", "vit_b_32", "lraspp_mobilenet_v3_large", "fcn_resnet50"),
    *("ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn"),
    *("fcos_resnet50_fpn", "keypointrcnn_resnet50_fpn", "r3d_18", "mvit_v1_b", "swin3d_t"),
    *("raft_small", "quantized_resnet18"),
)
MOST_REAL = 150_000_000
"""Models with more parameters are built, run and traced on the meta device."""
MEMORY = 8 << 30


def models(families: list[str]) -> list[tuple[str, str]]:
    """Return (family, name) of every model that torchvision lists."""
    import torchvision

    found: list[tuple[str, str]] = []
    for family in families:
        within = torchvision.models
        if family != "classification":
            within = getattr(within, family)
        found += [(family, name) for name in torchvision.models.list_models(module=within)]
    return found


def build(family: str, name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    """Return a model with random weights, in eval mode, and an input for it."""
    import torchvision

    options: dict[str, Any] = {"weights": None}
    if family in ("segmentation", "detection"):
        options["weights_backbone"] = None
    if family == "quantization":
        options["quantize"] = False  # quantising needs weights or a calibration
    if name in ("googlenet", "inception_v3", "quantized_googlenet", "quantized_inception_v3"):
        options["init_weights"] = False
    device = "cpu"
    if not name.startswith("regnet"):  # which computes its widths with tensors
        with torch.device("meta"):
            model = torchvision.models.get_model(name, **options)
        device = "meta" if sum(p.numel() for p in model.parameters()) > MOST_REAL else "cpu"
    if device == "cpu":
        model = torchvision.models.get_model(name, **options)
    with torch.device(device):
        return model.eval(), inputs_of(family, name)


def inputs_of(family: str, name: str) -> tuple[Any, ...]:
    if family == "detection":
        return ([torch.rand(3, 320, 320)],)
    if family == "video":
        small = name.startswith(("r3d", "mc3", "r2plus1d"))
        return (torch.rand(1, 3, 8, 112, 112) if small else torch.rand(1, 3, 16, 224, 224),)
    if family == "optical_flow":
        return torch.rand(1, 3, 128, 128), torch.rand(1, 3, 128, 128)
    side = 299 if "inception" in name else 224
    return (torch.rand(1, 3, side, side),)


def leaf_calls(model: nn.Module, inputs: tuple[Any, ...]) -> tuple[Counter[str], Counter[str]]:
    """Count the calls of each module without children in one forward pass.

    Returns:
        All calls, and those that did more than hand on their input, as dropout does in eval mode.
    """
    made: Counter[str] = Counter()
    worked: Counter[str] = Counter()
    versions: dict[str, int] = {}

    def before(path: str, given: tuple[Any, ...]) -> None:
        first = given[0] if given else None
        versions[path] = first._version if isinstance(first, torch.Tensor) else 0

    def after(path: str, given: tuple[Any, ...], result: Any) -> None:
        made[path] += 1
        handed_on = bool(given) and result is given[0]
        if not handed_on or result._version != versions[path]:
            worked[path] += 1

    hooks: list[Any] = []
    for path, module in model.named_modules():
        if next(module.children(), None) is None:
            hooks.append(module.register_forward_pre_hook(lambda _, x, p=path: before(p, x)))
            hooks.append(module.register_forward_hook(lambda _, x, y, p=path: after(p, x, y)))
    with torch.no_grad():
        model(*inputs)
    for hook in hooks:
        hook.remove()
    return made, worked


def shown_by_nbviz(model: nn.Module, inputs: Any, calls: Counter[str]) -> dict[str, Any]:
    from nbviz.inspection.graph.trace.trace import trace

    start = time.perf_counter()
    graph = trace(model, *inputs)
    traced = time.perf_counter()
    graph.level("")
    opened = time.perf_counter()
    levels = list(graph.levels())
    leaves = {path for path, module in model.named_modules() if not list(module.children())}
    found = Counter(call.path for call in graph.module_calls if call.path in leaves)
    wanted = sum(parameter.numel() for parameter in model.parameters())
    if graph.parameter_count != wanted:
        raise AssertionError(f"{graph.parameter_count} parameters of {wanted}")
    if found - calls:
        raise AssertionError(f"calls that were not made: {dict(found - calls)}")
    for level in levels:
        before: dict[str, list[str]] = {node["node_id"]: [] for node in level["nodes"]}
        for edge in level["edges"]:
            before[edge["target"]].append(edge["source"])
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            raise AssertionError(f"a loop in {level['scope']}: {error.args[1]}") from error
    ends = Counter(node.kind for node in graph.nodes)
    taken = {edge.target for edge in graph.edges}
    loose = [n.node_id for n in graph.nodes if n.kind == "output" and n.node_id not in taken]
    if not ends["input"] or not ends["output"] or loose:
        raise AssertionError(f"ends {dict(ends)}, outputs that nothing leads to: {loose}")
    return {
        "shown": sum((found & calls).values()),
        "nodes": len(graph.nodes),
        "calls": len(graph.module_calls),
        "levels": len(levels),
        "widest": max(len(level["nodes"]) for level in levels),
        "trace_ms": (traced - start) * 1e3,
        "open_ms": (opened - traced) * 1e3,
        "note": graph.note,
    }


def shown_by_torchview(model: nn.Module, inputs: Any, calls: Counter[str]) -> dict[str, Any]:
    from torchview import draw_graph
    from torchview.computation_node import ModuleNode

    drawn = draw_graph(model, input_data=list(inputs), depth=30, mode="eval")
    nodes = {end for edge in drawn.edge_list for end in edge}
    # Its nodes have no paths, only the names of classes.
    found = Counter(node.name for node in nodes if isinstance(node, ModuleNode))
    wanted: Counter[str] = Counter()
    for path, module in model.named_modules():
        wanted[type(module).__name__] += calls[path]
    return {"shown": (found & wanted).total(), "nodes": len(nodes)}


def shown_by_torchviz(model: nn.Module, inputs: Any, _calls: Counter[str]) -> dict[str, Any]:
    from torchviz import make_dot

    result = model(*inputs)
    while not isinstance(result, torch.Tensor):
        result = next(iter(result.values())) if isinstance(result, dict) else result[0]
    return {"shown": None, "nodes": len(make_dot(result).body)}


def shown_by_add_graph(model: nn.Module, inputs: Any, calls: Counter[str]) -> dict[str, Any]:
    from torch.utils.tensorboard._pytorch_graph import graph

    made, _ = graph(model, inputs)
    lists = {path for path, m in model.named_modules() if isinstance(m, nn.ModuleList)}

    def as_named(path: str) -> str:
        """Return a path as its names have it: without the lists that are never called."""
        parts = path.split(".")
        wholes = [".".join(parts[: i + 1]) for i in range(len(parts))]
        return ".".join(p for p, whole in zip(parts, wholes, strict=True) if whole not in lists)

    named = {
        ".".join(part.split("]")[0] for part in node.name.split("[")[1:])
        for node in made.node
        if node.op.startswith("aten::")
    }
    shown = sum(as_named(path) in named for path in calls)
    return {"shown": shown, "nodes": len(made.node), "once": True}


def shown_by_export(model: nn.Module, inputs: Any, calls: Counter[str]) -> dict[str, Any]:
    program = torch.export.export(model, inputs, strict=False)
    stacks = [node.meta.get("nn_module_stack") or {} for node in program.graph.nodes]
    found = {(key, path) for stack in stacks for key, (path, _) in stack.items()}
    shown = sum(path.split("@")[0] in calls for _, path in found)
    return {"shown": shown, "nodes": len(program.graph.nodes)}


def shown_by_hiddenlayer(model: nn.Module, inputs: Any, _calls: Counter[str]) -> dict[str, Any]:
    import hiddenlayer

    made = hiddenlayer.build_graph(model, inputs)
    return {"shown": None, "nodes": len(made.nodes)}


def examine(tool: str, family: str, name: str) -> dict[str, Any]:
    """Use one tool on one model, here and now."""
    model, inputs = build(family, name)
    made, worked = leaf_calls(model, inputs)
    calls = made if tool == "nbviz" else worked
    shows = globals()[f"shown_by_{tool}"]
    start = time.perf_counter()
    found = shows(model, inputs, calls)
    wanted = len(calls) if found.pop("once", False) else calls.total()
    meta = next(model.parameters()).is_meta
    return found | {"wanted": wanted, "s": time.perf_counter() - start, "meta": meta}


def _in_child(tool: str, family: str, name: str, sender: Any) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = examine(tool, family, name)
    except BaseException as error:
        said = (str(error).strip().splitlines() or [""])[0]
        found = {"error": f"{type(error).__name__}: {said}"[:300]}
    sender.send(found)


def examine_apart(tool: str, family: str, name: str, limit: float) -> dict[str, Any]:
    """Use one tool on one model in a process of its own, for at most `limit` seconds."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_child, args=(tool, family, name, sender))
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(limit) else {"error": f"over {limit:.0f} s"}
    except EOFError:
        found = {"error": "the process died"}
    process.kill()
    process.join()
    return found


def sweep(
    families: list[str],
    tools: list[str],
    names: list[str],
    file: Path,
    *,
    budget: float,
    limit: float,
) -> None:
    """Examine what is not in the file yet, add it there, and print the table of all that is."""
    import torchvision  # noqa: F401 - once, before the processes that all need it are forked

    known = _read(file)
    end = time.monotonic() + budget
    for family, name in models(families):
        for tool in tools:
            if (tool, name) in known or (names and name not in names):
                continue
            if time.monotonic() > end:
                print("The time is over; run again with the same file to go on.\n")
                print_table(_read(file))
                return
            found = examine_apart(tool, family, name, limit)
            line = {"tool": tool, "family": family, "model": name} | found
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
    print_table(_read(file))


def _read(file: Path) -> dict[tuple[str, str], dict[str, Any]]:
    if not file.exists():
        return {}
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {(line["tool"], line["model"]): line for line in lines}


def is_whole(line: dict[str, Any]) -> bool:
    """Whether a tool showed all of a model."""
    return "error" not in line and line["shown"] in (None, line["wanted"])


def print_table(known: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Print pass or fail of each model and tool, and counts by family, as Markdown."""
    tools = [tool for tool in TOOLS if any(t == tool for t, _ in known)]
    heads = " | ".join(tools)
    print(f"| model | {heads} |\n|---|{'---|' * len(tools)}")
    for name in dict.fromkeys(name for _, name in known):
        cells = [_cell(known.get((tool, name))) for tool in tools]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n| shown whole | {heads} |\n|---|{'---|' * len(tools)}")
    for family in FAMILIES:
        cells = []
        for tool in tools:
            lines = [v for (t, _), v in known.items() if t == tool and v["family"] == family]
            cells.append(f"{sum(map(is_whole, lines))} of {len(lines)}" if lines else "")
        if any(cells):
            print(f"| {family} | {' | '.join(cells)} |")
    failed = [line for line in known.values() if not is_whole(line) and "error" in line]
    for line in failed:
        print(f"\n{line['tool']} on {line['model']}: {line['error']}", end="")
    print()


def _cell(line: dict[str, Any] | None) -> str:
    if line is None:
        return ""
    if "error" in line:
        return "fails"
    if is_whole(line):
        return "drawn" if line["shown"] is None else "whole"
    return f"{line['shown']}/{line['wanted']}"
