"""Whether training and everything that is logged are right on a GPU; one PASS or FAIL a line.

Run: python benchmarks/training_gpu.py   (about a minute; exits with the number of FAIL lines)

A run that is watched ends with the weights of a plain loop, to the last bit; one that was saved,
and loaded in another process, with those of a run that was not interrupted; updates that fp16
leaves out are no steps; a step waits for nothing; memory that runs out ends the run with a sentence
and is given back; what is logged of the device is what the processor would have logged. `--cpu`
runs what it can on the processor, to find mistakes in here.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120.0
RESUMED = (
    "adamw, dropout, batch norm, validation", "two workers", "one cycle", "bfloat16",
    "conv, two threads", "ema", "steps itself",
)  # fmt: skip


def examples(count: int, device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 8, generator=generator)
    return inputs.to(device), (inputs.sum(1) > 0).long().to(device)


def small(device: str, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 2)
    ).to(device)  # fmt: skip


def trained(model: nn.Module, loader: Any, device: str, **options: Any) -> nbviz.Trainer:
    """Return a trainer whose run has ended well."""
    given = {"loss_fn": nn.CrossEntropyLoss(), "device": device, "max_steps": 60, **options}
    if "optimizer" not in given:
        given["optimizer"] = torch.optim.Adam(model.parameters(), 0.01)
    trainer = nbviz.Trainer(model, loader, **given)
    trainer.start()
    trainer.wait(SECONDS)
    assert trainer.status == "finished", (trainer.status, trainer.run.status)
    return trainer


# ---------------------------------------------------------------- training


def check_plain_loop(device: str) -> str:
    """Train with a watch, pictures and metrics, and compare the weights with a plain loop's."""
    data = [examples(64, device)] * 60
    plain = small(device, 0.3)
    optimizer = torch.optim.Adam(plain.parameters(), 0.01)
    torch.manual_seed(3)
    for inputs, targets in data:
        optimizer.zero_grad()
        nn.functional.cross_entropy(plain(inputs), targets).backward()
        optimizer.step()
    model = small(device, 0.3)
    options: dict[str, Any] = {"metrics": ["accuracy"], "overhead_budget": 1.0}
    trainer = nbviz.Trainer(
        model, data, optimizer=torch.optim.Adam(model.parameters(), 0.01),
        loss_fn=nn.CrossEntropyLoss(), device=device, max_steps=60, **options,
    )  # fmt: skip
    trainer.run.watch(model, gradients=True, activations=True, updates=True, every_steps=1)
    trainer.run.weights.want("benchmark", ["0.weight", "3.weight"])
    torch.manual_seed(3)
    trainer.start()
    trainer.wait(SECONDS)
    for (name, here), there in zip(
        model.state_dict().items(), plain.state_dict().values(), strict=True
    ):
        assert torch.equal(here, there), f"{name}: {(here - there).abs().max().item()}"
    return f"{len(trainer.run['loss/train'].values)} steps, {len(list(trainer.run))} tags"


def check_resumed(device: str, name: str) -> str:
    """Save in the middle, go on in another process, compare with a run that went through."""
    sys.path.insert(0, str(ROOT / "tests" / "training"))
    import resumed_runs as cases

    def make() -> nbviz.Trainer:
        model, data, options = cases.arguments(name, seed=1)
        return nbviz.Trainer(model, data, **{**options, "device": device})

    whole = make()
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.pt"
        whole.save(start)
        whole.start()
        whole.wait(SECONDS)
        expected = cases.result(whole)
        model, data, options = cases.arguments(name, seed=1)
        half = nbviz.Trainer.load(start, model, data, **{**options, "device": device})
        half.step(cases.KEPT)
        wait_for(lambda: half.step_number == cases.KEPT and half.status == "paused")
        half.save(Path(folder) / f"{name}.pt")
        half.stop()
        half.wait(SECONDS)
        subprocess.run(
            [sys.executable, __file__, "--go-on", folder, name, device], check=True, timeout=100
        )
        found = torch.load(Path(folder) / f"{name}.result.pt", weights_only=False)
    difference = largest_difference(expected["parts"]["model"], found["parts"]["model"])
    assert difference == 0, f"weights differ by {difference}"
    assert torch.equal(expected["losses"], found["losses"]), "losses differ"
    return "equal to the last bit"


def go_on(folder: str, name: str, device: str) -> None:
    """The other process of `check_resumed`."""
    sys.path.insert(0, str(ROOT / "tests" / "training"))
    import resumed_runs as cases

    model, data, options = cases.arguments(name, seed=99)
    path = Path(folder) / f"{name}.pt"
    trainer = nbviz.Trainer.load(path, model, data, **{**options, "device": device})
    trainer.start()
    trainer.wait(SECONDS)
    torch.save(cases.result(trainer), Path(folder) / f"{name}.result.pt")


def largest_difference(here: Any, there: Any) -> float:
    if isinstance(here, torch.Tensor):
        difference = here.cpu().double() - there.cpu().double()
        return float(difference.abs().max()) if here.numel() else 0
    if isinstance(here, dict):
        return max((largest_difference(here[key], there[key]) for key in here), default=0)
    if isinstance(here, list | tuple):
        return max((largest_difference(*pair) for pair in zip(here, there, strict=True)), default=0)
    return 0 if here == there else float("inf")


def check_rewound(device: str, name: str) -> str:
    """Go back into a run that has ended, on from there, and compare with how it went at first."""
    sys.path.insert(0, str(ROOT / "tests" / "training"))
    import resumed_runs as cases

    model, data, options = cases.arguments(name, seed=1)
    trainer = nbviz.Trainer(model, data, **{**options, "device": device})
    trainer.start()
    trainer.wait(SECONDS)
    expected = cases.result(trainer)
    trainer.rewind(cases.KEPT)
    assert trainer.step_number == cases.KEPT
    trainer.resume()
    trainer.wait(SECONDS)
    found = cases.result(trainer)
    difference = largest_difference(expected["parts"]["model"], found["parts"]["model"])
    assert difference == 0, f"weights differ by {difference}"
    return "equal to the last bit"


def check_ring(device: str) -> str:
    """What keeping states in memory costs a loop of short steps, in turns; no bar."""
    seconds: dict[str, list[float]] = {"off": [], "on": []}
    for number in range(6):
        for ring in sorted(seconds, reverse=bool(number % 2)):
            model, loader = small(device, 0.1), [examples(64, device)] * 600
            began = time.perf_counter()
            trained(model, loader, device, max_steps=600, ring=ring)
            seconds[ring].append(time.perf_counter() - began)
    kept = [off / on for off, on in zip(seconds["off"], seconds["on"], strict=True)]
    return f"kept {np.mean(kept[1:]):.3f} ± {np.std(kept[1:]):.3f} of the speed without"


def check_left_out(device: str) -> str:
    """fp16's scaler begins too large: the updates that it leaves out are no steps."""
    model = small(device)
    loader = [examples(64)] * 40
    optimizer = torch.optim.SGD(model.parameters(), 1e-6)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-5, total_steps=30)

    def step(model: nn.Module, batch: Any) -> Any:
        return nn.functional.cross_entropy(model(batch[0]), batch[1]) * 1e3

    trainer = trained(
        model, loader, device, optimizer=optimizer, scheduler=scheduler, precision="fp16",
        training_step=step, loss_fn=None, max_steps=30, max_epochs=None,
    )  # fmt: skip
    skipped = trainer.run["skipped_updates"].values[-1] if "skipped_updates" in trainer.run else 0
    assert trainer.step_number == 30, trainer.step_number
    assert scheduler.last_epoch == 30, scheduler.last_epoch
    assert device == "cpu" or skipped > 0, "the scaler left nothing out"
    return f"30 steps, {skipped:.0f} updates left out"


def check_no_waits(device: str) -> str:
    """Train where torch warns at each operation that waits for the device."""
    if device == "cpu":
        return "needs a real device"
    model, loader = small(device, 0.1), [examples(64, device)] * 400
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            trained(model, loader, device, metrics=["accuracy"], max_steps=400)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [f"{Path(w.filename).name}:{w.lineno}" for w in said if "synchroniz" in str(w.message)]
    assert len(waits) <= 8, f"{len(waits)} in 400 steps: {sorted(set(waits))}"
    return f"{len(waits)} waits in 400 steps {sorted(set(waits))}"


def check_loader(device: str) -> str:
    """Batches from workers, pinned and copied without waiting, are those of the data set."""
    inputs, targets = examples(640)
    loader = DataLoader(
        TensorDataset(inputs, targets), batch_size=32, num_workers=2,
        pin_memory=device == "cuda", persistent_workers=True,
    )  # fmt: skip
    seen: list[torch.Tensor] = []

    def step(model: nn.Module, batch: Any) -> Any:
        seen.append(batch[0].detach().clone())
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trained(small(device), loader, device, training_step=step, loss_fn=None, max_steps=20)
    assert seen[0].device.type == device
    assert torch.equal(torch.cat(seen).cpu(), inputs)
    return "640 examples"


def check_out_of_memory(device: str) -> str:
    """Ask for more than there is in a step: the run fails in words, memory is given back."""
    if device == "cpu":
        return "needs a real device"
    model, kept = small(device), []

    def step(model: nn.Module, batch: Any) -> Any:
        if trainer.step_number == 5 and not is_mended:
            kept.append(torch.empty(1 << 34, device=device))  # 64 GiB, then more than there is
            torch.empty(1 << 40, device=device)
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    is_mended = False
    trainer = nbviz.Trainer(
        model, [examples(64)] * 20, training_step=step, max_steps=20, device=device,
        optimizer=torch.optim.SGD(model.parameters(), 0.01),
    )  # fmt: skip
    before = torch.cuda.memory_allocated()
    trainer.start()
    try:
        trainer.wait(SECONDS)
    except nbviz.errors.TrainingError as error:
        said = str(error)
        assert "out of memory" in said, said
        del error
    else:
        raise AssertionError(trainer.status)
    assert trainer.status == "failed", trainer.status
    kept.clear()
    gc.collect()
    held = torch.cuda.memory_allocated() - before
    assert held < 1 << 30, f"{held / 2**30:.1f} GiB are held after the failure"
    is_mended = True
    trainer.reset()
    trainer.start()
    trainer.wait(SECONDS)
    assert trainer.step_number == 20
    return f"failed with {said[:60]!r}, {held / 2**20:.1f} MiB held; after a reset it trains"


def check_compiled(device: str) -> str:
    """A compiled model is trained, watched and drawn."""
    model = torch.compile(small(device))
    trainer = trained(model, [examples(64)] * 20, device, max_steps=20)
    losses = trainer.run["loss/train"].values
    assert losses[-1] < losses[0]
    return f"loss {losses[0]:.3f} to {losses[-1]:.3f}"


def check_streams(device: str) -> str:
    """A number that is made on a stream of its own is logged as it was at the call."""
    if device == "cpu":
        return "needs a real device"
    run, side = nbviz.Run("streams", overhead_budget=1), torch.cuda.Stream()
    value = torch.zeros((), device=device)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for step in range(1, 501):
            if step % 50 == 1:
                torch.cuda._sleep(2_000_000)
            value += 1
            run.log({"value": value, "image": 1.0}, step=step)
            if step % 100 == 0:
                run.log_histogram("values", value.expand(10), step=step)
    assert run["value"].values.tolist() == list(range(1, 501))
    run.drain_media()
    edges = [run.media["values"].at(step) for step in run.media["values"].steps.tolist()]
    return f"500 numbers, {len(edges)} histograms"


# ---------------------------------------------------------------- what is logged


def logged(device: str, folder: Path) -> nbviz.Run:
    """Log one of each kind of things, given as tensors of the device."""
    torch.manual_seed(0)
    run = nbviz.Run("logged", dir=folder, overhead_budget=1)
    images = torch.rand(6, 3, 16, 16)
    scores = torch.randn(50, 4)
    target = torch.randint(0, 4, (50,))
    vectors = torch.randn(40, 16)
    vertices = torch.randn(12, 3)
    faces = torch.randint(0, 12, (8, 3))
    audio = torch.sin(torch.arange(8000.0) / 9)
    given = (images, scores, target, vectors, vertices, faces, audio)
    images, scores, target, vectors, vertices, faces, audio = (t.to(device) for t in given)
    run.log({"scalar": scores.mean(), "half": scores.mean().half(), "whole": target.sum()}, step=1)
    run.log_image("image", images[0], step=1)
    run.log_images("images", images, step=1)
    run.log_tensor("tensor", vectors, step=1)
    run.log_histogram("histogram", vectors, step=1)
    sprites = images[:1].expand(40, -1, -1, -1)
    run.log_embedding("embedding", vectors, labels=target[:40], images=sprites, step=1)
    run.log_audio("audio", audio, sample_rate=8000, step=1)
    run.log_video("video", images, fps=4, step=1)
    run.log_mesh("mesh", vertices, faces=faces, step=1)
    run.log_confusion_matrix("confusion", target, scores, step=1)
    run.log_pr_curve("pr", target, scores.softmax(1), step=1)
    run.log_table("table", {"image": images, "label": target[:6], "score": scores[:6, 0]}, step=1)
    run.drain_media()
    run.drain()
    return run


def check_logged(device: str) -> str:
    """Compare what is kept of each kind with what is kept where the processor has the tensors."""
    with tempfile.TemporaryDirectory() as folder:
        here = logged("cpu", Path(folder) / "cpu")
        there = logged(device, Path(folder) / "device")
        for tag in here:
            np.testing.assert_allclose(there[tag].values, here[tag].values, rtol=2e-3, err_msg=tag)
        assert list(here.media) == list(there.media)
        for tag in here.media:
            one, other = (list(numbers(run.media[tag].at(1).value)) for run in (here, there))
            np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-5, err_msg=tag)
        kinds = len(list(here.media))
    return f"{kinds} kinds of things"


def numbers(value: Any) -> Iterator[float]:
    """Yield all numbers of a thing that was kept, and of its texts and bytes."""
    if isinstance(value, np.ndarray):
        yield from value.astype(float).ravel().tolist() if value.dtype.kind in "biuf" else ()
    elif isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str | bytes):
        yield from value.encode() if isinstance(value, str) else value
    elif isinstance(value, dict):
        for part in value.values():
            yield from numbers(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from numbers(part)
    else:
        for name in getattr(value, "__dataclass_fields__", ()):
            yield from numbers(getattr(value, name))


def check_graph(device: str) -> str:
    """Trace, summarise and record a model that is on the device."""
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 4))
    inputs = torch.randn(2, 3, 8, 8)
    plain = nbviz.summary(model, inputs)
    model = model.to(device)  # as a trainer does, while the batches are on the processor
    assert nbviz.summary(model, inputs).seconds is not None
    inputs = inputs.to(device)
    nbviz.graph(model, inputs)
    found = nbviz.summary(model, inputs)
    for name in ("parameter_count", "mult_adds", "memory_bytes", "trainable_count"):
        assert getattr(found, name) == getattr(plain, name), name
    with nbviz.record(model) as recording:
        model(inputs).sum().backward()
    assert recording.graph is not None
    assert all(parameter.is_cuda == (device == "cuda") for parameter in model.parameters())
    return f"{found.mult_adds:,} multiply-adds and {found.device}"


def check_system(device: str) -> str:
    """The system panel shows the GPU."""
    from nbviz.panels.system.machine import Machine

    torch.ones(1 << 20, device=device)
    machine = Machine()
    machine.read()
    read = machine.read()
    names = [f"{measure.chart}/{measure.name}" for measure in machine.measures]
    values = dict(zip(names, read, strict=True))
    if device == "cuda":
        assert values["GPU 0 memory/reserved"] > 0, values
        assert 0 <= values["GPU 0/use"] <= 100, values
    return ", ".join(f"{name} {value:.1f}" for name, value in values.items() if "GPU" in name)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)  # looks again: the run's thread has no one moment to be told of


def main() -> int:
    parser = argparse.ArgumentParser(description="Training and logging on a GPU: what must hold.")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--go-on", nargs=3)
    parser.add_argument("--only", nargs="+")
    given = parser.parse_args()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    if given.go_on:
        go_on(*given.go_on)
        return 0
    if not given.cpu and not torch.cuda.is_available():
        print("no GPU: nothing to look at here; --cpu makes a dry run")
        return 0
    device, failures = "cpu" if given.cpu else "cuda", 0
    checks: dict[str, Callable[[], str]] = {
        "as a plain loop": lambda: check_plain_loop(device),
        "no waits in a step": lambda: check_no_waits(device),
        "updates left out": lambda: check_left_out(device),
        "batches from workers": lambda: check_loader(device),
        "streams": lambda: check_streams(device),
        "what is logged": lambda: check_logged(device),
        "graph and summary": lambda: check_graph(device),
        "the machine": lambda: check_system(device),
        "out of memory": lambda: check_out_of_memory(device),
        **{f"loaded: {name}": lambda name=name: check_resumed(device, name) for name in RESUMED},
        **{
            f"rewound: {name}": lambda name=name: check_rewound(device, name)
            for name in ("adamw, dropout, batch norm, validation", "one cycle", "bfloat16")
        },
        "ring": lambda: check_ring(device),
        "compiled": lambda: check_compiled(device),
    }
    for name, check in checks.items():
        if given.only and name not in given.only:
            continue
        began = time.perf_counter()
        try:
            line = f"PASS {name}: {check()}"
        except Exception as error:  # each is looked at
            failures += 1
            line = f"FAIL {name}: {type(error).__name__}: {str(error)[:600]}"
        print(f"{line} ({time.perf_counter() - began:.1f} s)", flush=True)
    print(f"{failures} FAIL")
    return failures


if __name__ == "__main__":
    sys.exit(main())
