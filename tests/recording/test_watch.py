"""Watching a model: what is recorded is what its tensors were, and no hook stays behind."""

from __future__ import annotations

import copy
import gc
import io
import math
import pickle
import weakref

import numpy as np
import pytest
import torch
from pages import wait_until
from torch import nn

import nbviz
from nbviz import Run, Trainer
from nbviz.errors import ConfigurationError
from nbviz.recording.watching import hooks as watch_hooks
from nbviz.recording.watching import jobs as watch_jobs
from nbviz.recording.watching.jobs import DeviceSample, Plans

ALL = {"every_steps": 1, "every": 0.0}


def make_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def train(run: Run, model: nn.Module, steps: int, optimizer=None) -> list[dict[str, torch.Tensor]]:
    """A user's own loop; returns the gradients of each step."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), 0.1)
    gradients = []
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = model(torch.randn(16, 4)).square().mean()
        loss.backward()
        gradients.append(
            {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        )
        optimizer.step()
        run.log({"loss": loss.detach()}, step)
    return gradients


def hooks_on(model: nn.Module) -> int:
    modules = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    return sum(modules) + sum(len(p._post_accumulate_grad_hooks or ()) for p in model.parameters())


def test_a_loop_of_ones_own() -> None:
    run, model = Run(overhead_budget=1), make_model()
    first = {name: one.detach().clone() for name, one in model.named_parameters()}
    watch = run.watch(model, activations=["0", "1"], **ALL)
    gradients = train(run, model, 3)
    run.finish()
    for name, weight in first.items():
        norms = run[f"weights/{name}/norm"]
        assert norms.steps.tolist() == [0, 1, 2]
        assert norms.values[0] == pytest.approx(float(weight.norm()), rel=1e-5)
        taken = run[f"gradients/{name}/norm"]
        assert taken.steps.tolist() == [0, 1, 2]
        expected = [float(one[name].norm()) for one in gradients]
        np.testing.assert_allclose(taken.values, expected, rtol=1e-5)
        histogram = run.media[f"weights/{name}"][0].value
        assert histogram.counts.sum() == weight.numel()
        assert histogram.maximum == pytest.approx(float(weight.max()))
    assert run["activations/1/min"].values.tolist() == [0, 0, 0]
    assert run["activations/1/zeros"].values[0] > 0
    assert len(run["activations/0/mean"]) == 3
    assert "activations/2/mean" not in run
    assert len(run["loss"]) == 3
    assert not watch.is_active, "it ends with the run"
    assert hooks_on(model) == 0


def test_steps_that_count_themselves_are_left_alone() -> None:
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, **ALL):
        for _ in range(3):
            model(torch.randn(2, 4)).sum().backward()
            run.log({"loss": 1.0})
    assert run["loss"].steps.tolist() == [1, 2, 3]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_under_an_engine(accumulate: int) -> None:
    model = make_model()
    data = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(6)]
    seen: list[dict[str, float]] = []

    class Spy(torch.optim.SGD):
        def step(self, closure=None):
            named = model.named_parameters()
            seen.append({name: float(one.grad.norm()) for name, one in named})
            return super().step(closure)

    trainer = Trainer(
        model,
        data,
        val_loader=data,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=Spy(model.parameters(), 0.1),
        max_epochs=1,
        accumulate=accumulate,
        watch={"activations": ["0"], "updates": True, **ALL},
        overhead_budget=1,
        threads=1,
    )
    trainer.start()
    trainer.wait(180)
    run, steps = trainer.run, 6 // accumulate
    for name, weight in model.named_parameters():
        taken = run[f"gradients/{name}/norm"]
        assert taken.steps.tolist() == list(range(1, steps + 1))
        np.testing.assert_allclose(taken.values, [one[name] for one in seen], rtol=1e-4)
        last = run[f"weights/{name}/norm"].values[-1]
        assert last == pytest.approx(float(weight.detach().norm()), rel=1e-5)
        ratio = run[f"update_to_weight_ratio/{name}"]
        assert ratio.steps.tolist() == list(range(1, steps))
        expected = 0.1 * seen[1][name] / run[f"weights/{name}/norm"].values[0]
        assert ratio.values[0] == pytest.approx(expected, rel=1e-3)
    assert len(run["activations/0/std"]) == steps - 1
    assert hooks_on(model) == 0
    trainer.start()  # goes on, and is watched again
    trainer.wait(180)
    assert run["weights/0.weight/norm"].steps.tolist() == list(range(1, 2 * steps + 1))


def test_stop_and_context_take_the_hooks_off() -> None:
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, activations=True, **ALL) as watch:
        assert hooks_on(model) == 1
        model(torch.randn(2, 4))  # no backward pass follows
        assert hooks_on(model) > 1
    assert not watch.is_active
    assert hooks_on(model) == 0
    watch.stop()
    watch = run.watch(model)
    watch.close()
    assert run.watches == []


def test_every_seconds_and_every_steps() -> None:
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, every=1000):
        train(run, model, 5)
    assert run["weights/0.bias/mean"].steps.tolist() == [0]
    other = Run(overhead_budget=1)
    with other.watch(model, every_steps=3):
        train(other, model, 10)
    assert other["weights/0.bias/mean"].steps.tolist() == [0, 3, 6, 9]


def test_an_overdrawn_budget_takes_fewer_samples() -> None:
    run, model = Run(overhead_budget=0.01), make_model()
    watch = run.watch(model, **ALL)
    run.overhead.spend(5.0)
    train(run, model, 20)
    assert watch.samples == 1, "one in half a minute in any case"
    assert len(run["loss"]) == 20


def test_evaluation_is_not_sampled() -> None:
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, activations=["0"], **ALL) as watch:
        with torch.no_grad():
            model(torch.randn(2, 4))
        assert watch.samples == 0
        model(torch.randn(2, 4))
        assert watch.samples == 1


def test_what_is_not_finite_is_counted() -> None:
    run, model = Run(overhead_budget=1), make_model()
    with torch.no_grad():
        model[0].weight[0] = math.nan
        model[0].weight[1, 0] = math.inf
    with run.watch(model, **ALL):
        train(run, model, 1)
    assert run["weights/0.weight/nan"].values.tolist() == [4]
    assert run["weights/0.weight/inf"].values.tolist() == [1]
    assert math.isfinite(run["weights/0.weight/mean"].values[0])
    assert run["gradients/2.weight/nan"].values[0] > 0


class Odd(nn.Module):
    """Tied weights, a sparse gradient, a frozen and an unused parameter, a tuple as output."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4, sparse=True)
        self.rnn = nn.GRU(4, 4, batch_first=True)
        self.head = nn.Linear(4, 10)
        self.twin = nn.Linear(4, 10)
        self.twin.weight = self.head.weight
        self.unused = nn.Parameter(torch.ones(3))
        self.frozen = nn.Linear(10, 10).requires_grad_(requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.rnn(self.embedding(x))
        return self.frozen(self.head(x) + self.twin(x))


def test_sparse_tied_unused_and_frozen() -> None:
    run, model = Run(overhead_budget=1), Odd()
    with run.watch(model, activations=["rnn"], **ALL):
        model(torch.randint(0, 3, (5, 6))).sum().backward()
    gradient = model.embedding.weight.grad.to_dense()
    assert run["gradients/embedding.weight/norm"].values[0] == pytest.approx(float(gradient.norm()))
    assert run["gradients/embedding.weight/zeros"].values[0] == int((gradient == 0).sum())
    head = float(model.head.weight.grad.norm())
    assert run["gradients/head.weight/norm"].values[0] == pytest.approx(head, rel=1e-5)
    assert "weights/twin.weight/norm" not in run
    assert "weights/unused/norm" in run
    assert "weights/frozen.weight/norm" in run
    assert "gradients/unused/norm" not in run
    assert "gradients/frozen.weight/norm" not in run
    assert "activations/rnn/mean" in run
    assert hooks_on(model) == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions(dtype: torch.dtype) -> None:
    run, model = Run(overhead_budget=1), make_model().to(dtype)
    with run.watch(model, **ALL):
        model(torch.randn(8, 4, dtype=dtype)).square().mean().backward()
    weight = model[0].weight.detach().double()
    assert run["weights/0.weight/std"].values[0] == pytest.approx(float(weight.std()), rel=1e-4)
    assert len(run["gradients/0.weight/norm"]) == 1


def test_channels_last_and_checkpointed() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.utils.checkpoint.checkpoint(self.conv, x, use_reentrant=False)

    run, model = Run(overhead_budget=1), Net().to(memory_format=torch.channels_last)
    with run.watch(model, activations="conv", **ALL):
        model(torch.randn(2, 3, 6, 6).to(memory_format=torch.channels_last)).sum().backward()
    assert len(run["activations/conv/mean"]) == len(run["gradients/conv.weight/norm"]) == 1


def test_compiled_models() -> None:
    torch._dynamo.reset()
    inner = make_model()
    model = torch.compile(inner, backend="aot_eager", fullgraph=True)
    run = Run("compiled", overhead_budget=1)
    with run.watch(model, activations=["0"], **ALL):
        train(run, model, 3)
    assert run["weights/0.weight/norm"].steps.tolist() == [0, 1, 2]
    assert run["gradients/0.weight/norm"].steps.tolist() == [0, 1, 2]
    assert any("inside a compiled model" in line.text for line in run.lines.since(0))
    assert hooks_on(model) == 0


def test_a_model_compiled_in_place_is_sampled_at_log_calls() -> None:
    torch._dynamo.reset()
    model = make_model()
    model.compile(backend="aot_eager", fullgraph=True)
    run = Run("compiled", overhead_budget=1)
    with run.watch(model, **ALL):
        train(run, model, 1)
        run.plain_calls.attention = True  # as the collector sets it four times a second
        train(run, model, 1)
    assert len(run["weights/0.weight/norm"]) >= 1
    assert len(run["gradients/0.weight/norm"]) >= 1


def test_a_capture_is_never_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, activations=["0"], **ALL) as watch:
        monkeypatch.setattr(watch_hooks, "is_captured", lambda: True)
        model(torch.randn(2, 4)).sum().backward()
        assert watch.samples == 0
        monkeypatch.undo()
        model(torch.randn(2, 4))
        monkeypatch.setattr(watch_hooks, "is_captured", lambda: True)
        model(torch.randn(2, 4)).sum().backward()
    assert "gradients/0.weight/norm" not in run


def test_pytorch_still_calls_back_after_a_backward_pass() -> None:
    """The one private name that watches use; without it gradients come one by one."""
    called: list[int] = []
    parameter = nn.Parameter(torch.ones(2))
    parameter.register_post_accumulate_grad_hook(
        lambda _: called.append(watch_hooks.call_after_backward(lambda: called.append(2)))
    )
    parameter.sum().backward()
    assert called == [True, 2]


def test_without_the_call_after_a_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_hooks, "call_after_backward", lambda _: False)
    run, model = Run(overhead_budget=1), make_model()
    with run.watch(model, **ALL):
        gradients = train(run, model, 2)
    for name, gradient in gradients[0].items():
        first = run[f"gradients/{name}/norm"].values[0]
        assert first == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_the_way_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs on a GPU, on this machine's processor: reduced at once, only the result kept."""
    here, there = Run(overhead_budget=1), Run(overhead_budget=1)
    for run in (here, there):
        if run is there:
            monkeypatch.setattr(watch_jobs, "_ON_HOST", ())
        torch.manual_seed(1)
        model = make_model()
        with run.watch(model, activations=["0"], **ALL):
            train(run, model, 2)
    assert set(here) == set(there)
    for tag in here:
        np.testing.assert_allclose(there[tag].values, here[tag].values, rtol=1e-3, atol=1e-5)
    for tag in here.media:
        one, other = here.media[tag][0].value, there.media[tag][0].value
        assert one.counts.sum() == other.counts.sum()
        assert np.abs(one.counts - other.counts).sum() <= 2  # on an edge


def test_a_device_sample_keeps_no_tensor() -> None:
    tensor = torch.randn(100_000)
    reference = weakref.ref(tensor)
    found: dict = {}
    sample = DeviceSample({"x": tensor}, {"x": 0}, 8, found.update, Plans())
    assert sample.nbytes < 1000
    del tensor
    gc.collect()
    assert reference() is None
    sample.make()
    assert found["x"][0].count == 100_000


def test_a_watched_model_can_be_copied_saved_and_let_go() -> None:
    run, model = Run(overhead_budget=1), make_model()
    watch = run.watch(model, activations=["0"], **ALL)
    model(torch.randn(2, 4))
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin(torch.randn(2, 4)).sum().backward()
    file = io.BytesIO()
    torch.save(model, file)
    assert watch.samples == 1, "copies are not watched"
    reference = weakref.ref(model)
    del model, twin
    # Nothing is collected while another thread does.
    wait_until(lambda: gc.collect() is not None and reference() is None)


def test_two_models_by_name() -> None:
    run = Run(overhead_budget=1)
    generator, critic = make_model(), make_model()
    with (
        run.watch(generator, name="generator", **ALL),
        run.watch(critic, name="critic", **ALL),
    ):
        with pytest.raises(ConfigurationError, match="a watch named 'critic' already"):
            run.watch(generator, name="critic")
        generator(torch.randn(2, 4))
        critic(torch.randn(2, 4))
    assert {"generator/weights/0.weight/norm", "critic/weights/0.weight/norm"} <= set(run)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": 1}, "weights must be True or False, got 1"),
        ({"every": -1}, "every must be seconds of 0 or more, got -1"),
        ({"every_steps": 0}, "every_steps must be at least 1, got 0"),
        ({"bins": 1000}, "bins must be a whole number from 1 to 512, got 1000"),
        ({"activations": ["layer9"]}, r"no module is called 'layer9'; there are 0, 1, 2\."),
        ({"activations": [3]}, "names or patterns"),
        ({"statistics": ["median"]}, "statistics must be some of norm, mean"),
        ({"name": ""}, "name must be"),
        ({"weights": False, "gradients": False}, "nothing to watch"),
    ],
)
def test_options_that_cannot_work(options: dict, words: str) -> None:
    model = make_model()
    with pytest.raises(ConfigurationError, match=words):
        Run().watch(model, **options)
    assert hooks_on(model) == 0


def test_a_budget_that_cannot_work() -> None:
    for share in (0, 1.5, "1%", True):
        with pytest.raises(ConfigurationError, match="overhead_budget must be above 0"):
            nbviz.Run(overhead_budget=share)


def test_what_cannot_be_read_is_left_out_and_said() -> None:
    """float8 is read; a type that torch cannot convert is named, and the others are recorded."""
    run, model = Run(overhead_budget=1), nn.Module()
    values = torch.tensor([1.0, -2.0, 0.5])
    model.eight = nn.Parameter(values.to(torch.float8_e4m3fn), requires_grad=False)
    model.plain = nn.Parameter(values)
    four = getattr(torch, "float4_e2m1fn_x2", None)
    if four is not None:
        model.four = nn.Parameter(torch.zeros(4, dtype=torch.uint8).view(four), requires_grad=False)
    with run.watch(model, updates=True, gradients=False, every_steps=1) as watch:
        watch.step_ended(1)
        watch.step_ended(2)
    assert run["weights/eight/max"].values.tolist() == run["weights/plain/max"].values.tolist()
    notes = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert all("weights/four is not watched" in text for text in notes)
    assert len(notes) == (four is not None)


def test_a_model_that_is_one_layer_goes_by_its_class() -> None:
    run, model = Run(), nn.Linear(3, 2)
    with run.watch(model, activations=True, **ALL):
        model(torch.ones(4, 3)).sum().backward()
        run.log({"loss": 1.0}, step=1)
    assert len(run["activations/Linear/mean"]) == 1
    compiled = torch.compile(model, backend="eager")
    assert list(run.watch(compiled, activations="Linear").modules) == ["Linear"]


def test_duplicates_of_a_sparse_gradient_on_a_device_are_added_later() -> None:
    """By whoever makes the sample: on a GPU adding them waits, which the training must not."""
    indices = torch.tensor([[0, 2, 0]])
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    tensor = torch.sparse_coo_tensor(indices, values, (4, 2))
    found: dict = {}
    watch_jobs.SparseSample("x", tensor, 8, found.update).make()
    statistics, _ = found["x"]
    assert (statistics.min, statistics.max, statistics.zeros) == (0, 8, 4)
    assert statistics.norm == pytest.approx(float(tensor.to_dense().norm()))
