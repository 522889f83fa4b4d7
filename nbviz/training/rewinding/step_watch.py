"""One step with every operation watched, for the first whose result is not finite."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils._python_dispatch import TorchDispatchMode  # the documented way to see every one

from nbviz.training.checkpoints.model_state import plain_name
from nbviz.training.checkpoints.trees import named_tensors_of, tensors_of
from nbviz.training.overlapping import uncompiled
from nbviz.training.rewinding.first_nonfinite import (
    FirstNonFinite,
    Phase,
    describe_tensor,
    facts_of,
    facts_of_update,
    samples_of,
)
from nbviz.training.rewinding.soundness import has_nan, is_finite, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from nbviz.training.engine import Engine
    from nbviz.training.rewinding.soundness import Soundness

_UNWRITTEN = ("empty", "new_empty", "empty_like", "empty_strided", "new_empty_strided", "resize")
_CONSTANTS = ("full", "full_like", "new_full", "scalar_tensor", "fill", "masked_fill")
_FROM_OUTSIDE = "lift_fresh"  # what a list, a number or a numpy array becomes a tensor by
_TENSOR_FROM_OUTSIDE = "a tensor made of numbers"

Place = tuple[Phase, str, str | None, int]
"""Phase, operation, module (None outside the model), the how many-th it is there in a batch."""


@dataclass(slots=True)
class _Origin:
    """Where values that are not finite come from.

    Attributes:
        order: The how many-th it is.
        found: What is said of it.
        place: Where in the step it is.
        is_nan: Whether NaN is among them.
        is_given: Whether they were meant, as the -inf of a mask: infinite, and no result; or not
            finite in a step, too, that did not break.
    """

    order: int
    found: FirstNonFinite
    place: Place
    is_nan: bool
    is_given: bool


class StepOverError(Exception):
    """The step is over, though no update was made."""


class StepWatch:
    """Watches one step of an engine.

    What is not finite is followed from result to result, so that a mask's -inf, or a division by 0
    whose result is not used, is not taken for what broke the loss.

    Args:
        engine: Whose.
        soundness: Tells which buffers are spoiled.
        step: The step that is going to be made.
        batches: After how many it is over, though it may not be completed; None once it is.
        meant: What was not finite in a step that did not break, as `meant` of its watch returns it.
    """

    def __init__(
        self,
        engine: Engine,
        soundness: Soundness,
        step: int,
        batches: int | None = None,
        meant: frozenset[Place] = frozenset(),
    ) -> None:
        self._engine = engine
        self._soundness = soundness
        self._step = step
        self._batches = batches
        self._meant = meant
        self._made: list[_Origin] = []
        self._counts: Counter[tuple[str, str, str | None]] = Counter()
        self._origins: dict[int, _Origin] = {}
        self._held: list[torch.Tensor] = []  # so that nothing else comes to lie where they do
        self._modules: list[str] = []
        self._backward_module: str | None = None
        self._named: list[Any] = []  # nodes of the backward pass
        self._updating: torch.optim.Optimizer | None = None
        self._is_on = False
        self._batch = -1
        self._samples: int | None = None
        self._losses: list[torch.Tensor] = []

    @contextlib.contextmanager
    def watching(self) -> Generator[None]:
        """Watch the step that is made in the block."""
        engine = self._engine
        train_step = engine.train_step
        with contextlib.ExitStack() as stack:
            modules: Iterable[tuple[str, torch.nn.Module]] = cast(
                "Any", engine.model
            ).named_modules()
            for name, module in modules:
                stack.callback(module.register_forward_pre_hook(self._entering(name)).remove)
                hook = module.register_forward_hook(self._leave, always_call=True)
                stack.callback(hook.remove)
            for optimizer in engine.optimizers:
                stack.callback(optimizer.register_step_pre_hook(self._begin_update).remove)
                stack.callback(optimizer.register_step_post_hook(self._end_update).remove)
            engine.train_step = self._around(train_step)
            stack.callback(setattr, engine, "train_step", train_step)
            stack.enter_context(uncompiled())
            stack.enter_context(_Mode(self._see))
            yield

    def end(self) -> None:
        """Stop watching: the step has ended."""
        self._is_on = False

    def found(self) -> FirstNonFinite | None:
        """Return what broke the step, None if all of it is finite."""
        for tensors in self._results():
            origins = [self._origin_of(one) for one in tensors if not is_finite(one)]
            known = [one for one in origins if one is not None]
            if known:
                return min(known, key=lambda one: (one.is_given, one.order)).found
            if origins:  # it is not finite, and made where no operation is seen
                every = [one for one in self._made if not one.is_given]
                if every:
                    return every[0].found
        return None

    @property
    def is_clear(self) -> bool:
        """Whether all that is not finite comes from one NaN, which cannot have been meant."""
        real = [one for one in self._made if not one.is_given]
        return len(real) == 1 and real[0].is_nan

    def meant(self) -> frozenset[Place]:
        """Return what was not finite without an effect on the loss, a gradient or a weight."""
        results = [one for tensors in self._results() for one in tensors if not is_finite(one)]
        spoiled = {one.order for one in map(self._origin_of, results) if one is not None}
        return frozenset(one.place for one in self._made if one.order not in spoiled)

    def _results(self) -> Iterator[list[torch.Tensor]]:
        model = self._engine.model
        gradients = [one.grad for one in type(model).parameters(model) if one.grad is not None]
        yield self._losses
        yield gradients
        yield [one for _, one in self._soundness.of_model()]

    # ------------------------------------------------------------ where the step is

    def _around(self, train_step: Callable[..., Any]) -> Callable[..., Any]:
        def step(model: torch.nn.Module, batch: Any) -> Any:
            self._is_on = False
            if self._batch + 1 == self._batches:
                raise StepOverError
            self._begin_batch(batch)
            self._is_on = True
            result = train_step(model, batch)
            if isinstance(result.loss, torch.Tensor):
                self._losses.append(result.loss.detach())
            return result

        return step

    def _begin_batch(self, batch: Any) -> None:
        self._batch += 1
        self._backward_module = None
        self._counts.clear()
        tensors = [one for one in tensors_of(batch) if one.dim()]
        self._samples = tensors[0].shape[0] if tensors else None
        for name, tensor in named_tensors_of(batch, "batch"):
            if not is_finite(tensor):
                told = describe_tensor(tensor, "it" if tensor is batch else name)
                self._add(tensor, ("batch", f"the batch {name}", None, 0), told)
        spoiled = {name for name, _ in self._soundness.of_model()}
        for name, buffer in self._engine.model.named_buffers():
            if not is_finite(buffer):  # such as a mask
                is_meant = plain_name(name) not in spoiled
                self._add_known(buffer, "the buffer", name, is_given=is_meant)
        if self._batch == 0:  # gradients that a training_step adds up
            for name, parameter in self._engine.model.named_parameters():
                if not is_finite(parameter):  # such as by a callback
                    self._add_known(parameter, "the weight", name)
                if parameter.grad is not None and not is_finite(parameter.grad):
                    self._add_known(parameter.grad, "the gradient of", name)

    def _add_known(
        self, tensor: torch.Tensor, what: str, name: str, *, is_given: bool = False
    ) -> None:
        """Add what was there before the step."""
        plain = plain_name(name)
        told = describe_tensor(tensor, "it")
        place: Place = "before", f"{what} {plain}", plain.rpartition(".")[0], 0
        self._add(tensor, place, told, is_given=is_given)

    def _entering(self, name: str) -> Callable[..., None]:
        plain = plain_name(name)

        def enter(*_: Any) -> None:
            self._modules.append(plain)

        return enter

    def _leave(self, module: torch.nn.Module, given: Any, output: Any) -> None:
        del module, given
        name = self._modules.pop()
        for tensor in tensors_of(output):
            node = tensor.grad_fn
            if node is not None and not any(node is one for one in self._named):
                self._named.append(node)  # the innermost module's
                node.register_prehook(self._entering_backward(name))

    def _entering_backward(self, name: str) -> Callable[..., None]:
        def enter(_: Any) -> None:
            self._backward_module = name

        return enter

    def _begin_update(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        self._updating = optimizer

    def _end_update(self, *_: Any) -> None:
        self._updating = None

    # ------------------------------------------------------------ what is computed

    def _see(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if not self._is_on:
            return function(*args, **kwargs)
        name = _name_of(function)
        given = list(tensors_of((args, kwargs)))
        if name == "copy" and self._is_number(args[1]):
            # So versions of PyTorch write a number into a tensor that do not fill it.
            name, given = "fill", given[:1]
        sources = [(one, origin) for one in given if (origin := self._origin_of(one)) is not None]
        place = self._place_of(name)
        output = function(*args, **kwargs)
        if name in _UNWRITTEN:
            return output
        written = _written(function, args, kwargs)
        results = list(tensors_of((output, *written)))
        for tensor in results:
            if is_finite(tensor):
                if _is_whole(tensor):
                    self._origins.pop(_key(tensor), None)
                continue
            cause = _cause_of(tensor, sources)
            if cause is not None:
                self._follow(tensor, cause)
            else:
                # What was written to is no longer what was given.
                others = [None if one is tensor else one for one in (*args, *kwargs.values())]
                infinite = sources[0][1] if sources else None
                self._make(tensor, place, name, others, infinite)
        return output

    def _is_number(self, value: Any) -> bool:
        """Whether it is a single number that was not finite when it became a tensor."""
        origin = self._origin_of(value) if isinstance(value, torch.Tensor) else None
        return origin is not None and value.dim() == 0 and origin.place[1] == _TENSOR_FROM_OUTSIDE

    def _place_of(self, name: str) -> Place:
        """Return where in the step an operation is that is about to be computed."""
        node = _present_node()
        phase: Phase = "forward"
        operation, module = name, self._modules[-1] if self._modules else None
        if node is not None:
            phase, module = "backward", self._backward_module
            operation = f"the gradient of {_forward_name(node)}"
        elif self._updating is not None:
            phase, module = "update", None
        key = phase, operation, module
        self._counts[key] += 1
        return phase, operation, module, self._counts[key]

    def _make(
        self,
        tensor: torch.Tensor,
        place: Place,
        name: str,
        given: list[Any],
        infinite: _Origin | None,
    ) -> None:
        phase, _, module, count = place
        is_constant = not has_nan(tensor) and (
            name in _CONSTANTS or (name == _FROM_OUTSIDE and _is_mask(tensor))
        )
        if name == _FROM_OUTSIDE:
            place = phase, _TENSOR_FROM_OUTSIDE, module, count
        what = "the gradient that it gave" if phase == "backward" else "its output"
        if phase == "update" and self._updating is not None:
            weight, parameter = self._weight_at(tensor)
            what = weight or what
            facts = facts_of_update(self._updating, parameter)
        else:
            rates = [f"{tag} {rate:.4g}" for tag, rate in self._engine.optimizers.rates().items()]
            facts = facts_of(name, given, tensor, rates) if tensor.numel() else ()
            if infinite is not None and not facts:
                found = infinite.found
                where = f" in {found.module}" if found.module else ""
                facts = (f"it was given infinity by {found.operation}{where}",)
        told = describe_tensor(tensor, what)
        self._add(tensor, place, told, facts, is_given=is_constant)

    def _add(
        self,
        tensor: torch.Tensor,
        place: Place,
        told: str,
        facts: tuple[str, ...] = (),
        *,
        is_given: bool = False,
    ) -> None:
        phase, operation, module, _ = place
        by_sample = [] if phase in ("update", "before") else samples_of(tensor, self._samples)
        found = FirstNonFinite(
            self._step, "the batch" if phase == "batch" else operation, module or "", told,
            next(iter(by_sample), None), max(0, self._batch), phase, facts,
            max(0, len(by_sample) - 1), module is not None,
        )  # fmt: skip
        is_given = is_given or place in self._meant
        origin = _Origin(len(self._made), found, place, has_nan(tensor), is_given)
        self._made.append(origin)
        self._follow(tensor, origin)

    def _weight_at(self, tensor: torch.Tensor) -> tuple[str, torch.nn.Parameter | None]:
        """Return which weight lies where a result does, with its name."""
        for name, parameter in self._engine.model.named_parameters():
            if _key(parameter) == _key(tensor):
                return plain_name(name), parameter
        return "", None

    def _follow(self, tensor: torch.Tensor, origin: _Origin) -> None:
        self._origins[_key(tensor)] = origin
        self._held.append(tensor)

    def _origin_of(self, tensor: torch.Tensor) -> _Origin | None:
        return self._origins.get(_key(tensor))


class _Mode(TorchDispatchMode):
    """Has every operation computed by a function."""

    def __init__(self, see: Callable[[Any, Any, dict[str, Any]], Any]) -> None:
        super().__init__()
        self._see = see

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return self._see(func, args, kwargs or {})


def _key(tensor: torch.Tensor) -> int:
    """Return where its values lie; 0 for those that lie nowhere."""
    values = values_of(tensor)
    return 0 if values is None else values.untyped_storage().data_ptr()


def _is_whole(tensor: torch.Tensor) -> bool:
    """Whether nothing else lies where its values do."""
    values = values_of(tensor)
    return values is not None and values.untyped_storage().nbytes() == values.nbytes


def _is_mask(tensor: torch.Tensor) -> bool:
    """Whether what is finite of it is 0: it is added to scores, of which it leaves some out."""
    return bool((tensor[torch.isfinite(tensor)] == 0).all())


def _cause_of(tensor: torch.Tensor, sources: list[tuple[torch.Tensor, _Origin]]) -> _Origin | None:
    """Return which of what an operation was given makes its result not finite; None for itself."""
    makes_nan = has_nan(tensor)
    real = [one for one in sources if not one[1].is_given]
    for found in (real, sources):
        nan = [origin for given, origin in found if has_nan(given)] if makes_nan else []
        every = nan or [origin for _, origin in found]
        if every and (nan or found is real or not makes_nan):
            return min(every, key=lambda one: one.order)
    return None


def _name_of(function: Any) -> str:
    name: str = function.overloadpacket.__name__
    return name.removeprefix("_foreach_").strip("_")


def _written(function: Any, args: Any, kwargs: dict[str, Any]) -> list[Any]:
    """Return the arguments that an operation writes to."""
    written: list[Any] = []
    for place, argument in enumerate(function._schema.arguments):  # noqa: SLF001  of torch's op
        if argument.alias_info is not None and argument.alias_info.is_write:
            written.append(args[place] if place < len(args) else kwargs.get(argument.name))
    return written


def _present_node() -> Any:
    """Return the node of the backward pass that is being computed, None outside it.

    There is no public way to ask; without it what breaks there is named after its own operation.
    """
    bound: Any = getattr(torch, "_C", None)
    ask: Any = getattr(bound, "_current_autograd_node", None)
    return None if ask is None else ask()


def _forward_name(node: Any) -> str:
    name: str = node.name().split("::")[-1]
    name = name.partition("Backward")[0] or name
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
