"""What of a step first became NaN or infinite, and what is known of it."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from nbviz.text import counted
from nbviz.training.rewinding.soundness import has_nan, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Phase = Literal["batch", "forward", "backward", "update", "before"]

_LARGEST = {torch.float16: "65,504", torch.bfloat16: "3.4e38"}
# Which argument's logarithm is taken, and where that is minus infinity.
_LOGARITHMS = {"log": (0, 0), "log2": (0, 0), "log10": (0, 0), "log1p": (0, -1), "xlogy": (1, 0)}
_DIVISORS = {"div": 1, "reciprocal": 0, "remainder": 1, "addcdiv": 2}
_ROOTS = ("sqrt", "rsqrt", "pow")
_LARGE = 1e4  # what an operation is given, so that the lr is worth saying
_IGNORED = 4  # which argument of nll_loss is the class that does not count


@dataclass(frozen=True, slots=True)
class FirstNonFinite:
    """The first operation of a step whose result was not finite.

    Attributes:
        step: The step that broke; the one before was the last good one.
        operation: Such as "log", or "the gradient of sqrt".
        module: The name of the module in the model that was being computed; empty outside it, and
            in the model's own `forward`.
        tensor: What was not finite, such as "its output (32 × 10, float32)".
        sample: Which of the batch, from 0; None where it cannot be told, or all of them are.
        batch: Which batch of the step, from 0.
        phase: When: the batch itself, forward, backward or the optimizer's update; "before" for a
            value that was there already.
        facts: What is known of why.
        more_samples: How many others of the batch are not finite there, too.
        is_in_model: Whether it is in the model: in one of its modules, or its own `forward`.
    """

    step: int
    operation: str
    module: str
    tensor: str
    sample: int | None
    batch: int
    phase: Phase
    facts: tuple[str, ...] = ()
    more_samples: int = 0
    is_in_model: bool = False

    def __str__(self) -> str:
        """Say it in a sentence."""
        others = f" and {self.more_samples:,} more" if self.more_samples else ""
        sample = "" if self.sample is None else f", of sample {self.sample}{others} in the batch"
        facts = f" ({'; '.join(self.facts)})" if self.facts else ""
        batch = f", batch {self.batch + 1}" if self.batch else ""
        if self.phase == "batch":
            return (
                f"in step {self.step:,}{batch} the batch itself is not finite: {self.tensor}"
                f"{sample}{facts}."
            )
        if self.phase == "before":
            return (
                f"before step {self.step:,} {self.operation} was no longer finite: {self.tensor}"
                f"{facts}."
            )
        where = " in the model's own forward" if self.is_in_model else " outside the model"
        where = f" in {self.module}" if self.module else where
        if self.phase == "update":
            where = " in the optimizer's update"
        return (
            f"in step {self.step:,}{batch} {self.operation}{where} was the first to give NaN or "
            f"infinity: {self.tensor}{sample}{facts}."
        )


def describe_tensor(tensor: torch.Tensor, what: str) -> str:
    """Return what it is, its shape and how much of it is not finite."""
    shape = " × ".join(map(str, tensor.shape)) or "one number"
    dtype = str(tensor.dtype).removeprefix("torch.")
    values = values_of(tensor)
    if values is None:
        return f"{what} ({shape}, {dtype})"
    bad = int((~torch.isfinite(values)).sum())
    kind = "NaN" if has_nan(values) else "infinite"
    return f"{bad:,} of {counted(values.numel(), 'value')} of {what} ({shape}, {dtype}), {kind}"


def samples_of(tensor: torch.Tensor, samples: int | None) -> list[int]:
    """Return the rows that are not finite, where rows are samples and some are finite."""
    if samples is None or not tensor.dim() or tensor.shape[0] != samples:
        base = tensor._base  # noqa: SLF001  documented; of a row, say, which alone was written
        return [] if base is None else samples_of(base.detach(), samples)
    if tensor.layout is not torch.strided:
        return []
    rows = (~torch.isfinite(tensor)).reshape(samples, -1).any(1)
    if samples > 1 and bool(rows.all()):
        return []
    return [int(row) for row in rows.nonzero().flatten()]


def facts_of_update(
    optimizer: torch.optim.Optimizer, parameter: torch.nn.Parameter | None
) -> tuple[str, ...]:
    """Return what is known of why an optimizer's update of a weight is not finite."""
    group: dict[str, Any] = optimizer.param_groups[0]
    for one in optimizer.param_groups:
        if any(known is parameter for known in one["params"]):
            group = one
    facts = [f"{type(optimizer).__name__}, lr {float(group['lr']):.4g}"] if "lr" in group else []
    if group.get("eps") == 0:
        facts.append("eps is 0")
    gradient = None if parameter is None else parameter.grad
    if gradient is not None and gradient.layout is torch.strided and gradient.numel():
        facts.append(f"its gradient is at most {float(gradient.abs().max()):.4g} in size")
    return tuple(facts)


def facts_of(
    name: str, args: Sequence[Any], output: torch.Tensor, rates: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what the arguments of an operation tell of why its output is not finite.

    Args:
        name: The operation, such as "log".
        args: What it was given; tensors among it as they were.
        output: What it gave.
        rates: What is said of the learning rates, which is where large numbers come from.
    """
    if output.layout is not torch.strided:
        return ()
    inputs = [one for one in args if isinstance(one, torch.Tensor) and _is_real(one)]
    facts = _facts_of_values(name, args, output)
    facts += _facts_of_nothing(name, args, output)
    if not facts and inputs:
        largest = max(float(one.detach().abs().max()) for one in inputs)
        if math.isfinite(largest):
            facts.append(f"what it was given is at most {largest:.4g} in size")
            facts += rates if largest >= _LARGE else ()
    if output.dtype in _LARGEST and bool(torch.isinf(output).any()):
        named = str(output.dtype).removeprefix("torch.")
        facts.append(f"{named} holds at most {_LARGEST[output.dtype]}")
    return tuple(facts)


def _facts_of_values(name: str, args: Sequence[Any], output: torch.Tensor) -> list[str]:
    """Return which values a function is not defined at, of those that led to a bad one."""
    bad, nan = ~torch.isfinite(output), torch.isnan(output)
    if name in _LOGARITHMS:
        place, least = _LOGARITHMS[name]
        less = "a negative number" if least == 0 else f"less than {least}"
        given = args[place]
        if isinstance(given, torch.Tensor) and _is_real(given):
            return _count(given == least, f"{name} of {least}", bad) + _count(
                given < least, f"{name} of {less}", nan
            )
    if name in _DIVISORS:
        below = args[_DIVISORS[name]]
        if isinstance(below, torch.Tensor):
            return _count(below == 0, "division by 0", bad)
        return ["division by 0"] if below == 0 else []
    if name.startswith(_ROOTS) and isinstance(args[0], torch.Tensor) and _is_real(args[0]):
        return _count(args[0] == 0, f"{name} of 0", bad) + _count(
            args[0] < 0, f"{name} of a negative number", nan
        )
    return []


def _facts_of_nothing(name: str, args: Sequence[Any], output: torch.Tensor) -> list[str]:
    """Return where a mean, a spread or a distribution is taken over nothing."""
    given = args[0] if args else None
    if not isinstance(given, torch.Tensor):
        return []
    if name.endswith("softmax"):
        along = args[1] if len(args) > 1 and isinstance(args[1], int) else -1
        return _count((given == -math.inf).all(along), "softmax of -inf alone", one="row")
    if name.startswith("nll_loss") and len(args) > _IGNORED and _is_all(args[1], args[_IGNORED]):
        return ["no target counts: each is ignore_index"]
    if name.startswith(("std", "var")) and given.numel() == output.numel():
        return [f"{name} of one value each"]
    return []


def _count(
    places: torch.Tensor, what: str, bad: torch.Tensor | None = None, one: str = "value"
) -> list[str]:
    """Return how many there are, of those that led to a bad value."""
    if bad is not None:
        with contextlib.suppress(RuntimeError):  # the operation was none of single values
            places = places & (bad.float().sum_to_size(places.shape) > 0)
    count = int(places.sum())
    return [f"{what}: {counted(count, one)}"] if count else []


def _is_real(tensor: torch.Tensor) -> bool:
    return bool(tensor.numel()) and tensor.is_floating_point()


def _is_all(tensor: Any, value: Any) -> bool:
    return isinstance(tensor, torch.Tensor) and bool((tensor == value).all())
