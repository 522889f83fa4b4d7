"""Constructors whose keywords are the fields of a dataclass, so that each option is written once.

A type checker sees the fields as parameters, and so do `inspect.signature`, completion and
Shift+Tab in a notebook.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nbviz.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
S = TypeVar("S")  # what is made
G = TypeVar("G")  # the dataclass
A = TypeVar("A")  # an argument before its fields

# What other libraries call it.
_ELSEWHERE = {
    "epochs": "max_epochs",
    "n_epochs": "max_epochs",
    "num_epochs": "max_epochs",
    "steps": "max_steps",
    "num_steps": "max_steps",
    "criterion": "loss_fn",
    "loss": "loss_fn",
    "optim": "optimizer",
    "optimizers": "optimizer",
    "lr_scheduler": "scheduler",
    "eval_loader": "val_loader",
    "valid_loader": "val_loader",
    "val_dataloader": "val_loader",
    "amp": "precision",
    "fp16": "precision",
    "bf16": "precision",
    "clip": "gradient_clip",
    "max_grad_norm": "gradient_clip",
    "gradient_clip_val": "gradient_clip",
    "accumulate_grad_batches": "accumulate",
    "gradient_accumulation_steps": "accumulate",
    "accelerator": "device",
    "log_dir": "dir",
    "logdir": "dir",
    "hparams": "config",
    "hyperparameters": "config",
}


def takes(
    kind: Callable[P, G],
) -> Callable[[Callable[[S, G], None]], Callable[Concatenate[S, P], None]]:
    """Make an `__init__` that takes an object of a dataclass take that class's fields.

    Args:
        kind: The dataclass. The "Args" of its docstring, and of those that it extends, become the
            docstring of the `__init__`.
    """
    signature = inspect.signature(kind)

    def decorate(init: Callable[[S, G], None]) -> Callable[Concatenate[S, P], None]:
        @functools.wraps(init)
        def made(self: S, /, *given: P.args, **named: P.kwargs) -> None:
            owner = type(self).__name__
            for name in named:
                if name not in signature.parameters:
                    raise ConfigurationError(_unknown(owner, name, signature.parameters))
            try:
                signature.bind(*given, **named)
            except TypeError as error:
                raise TypeError(f"{owner}: {error}") from None
            init(self, kind(*given, **named))

        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
        made.__signature__ = inspect.Signature([own, *signature.parameters.values()])  # pyright: ignore[reportAttributeAccessIssue]
        made.__doc__ = "Take the options.\n\nArgs:\n" + _arguments_of(kind)
        return made

    return decorate


def also_takes(
    kind: Callable[P, Any], explained_by: object = None
) -> Callable[[Callable[[type[S], A], S]], Callable[Concatenate[type[S], A, P], S]]:
    """Make a class method that passes on all but its first argument take a dataclass's fields.

    Args:
        kind: The dataclass. The "Args" of its docstring are added to those of the method.
        explained_by: Such a method of another class, whose docstring explains this one, too: all
            but its first line.
    """
    added = inspect.signature(kind).parameters.values()

    def decorate(method: Callable[..., S]) -> Callable[Concatenate[type[S], A, P], S]:
        @functools.wraps(method)
        def made(cls: type[S], *given: Any, **named: Any) -> S:
            return method(cls, *given, **named)

        own = list(inspect.signature(method).parameters.values())[:2]
        made.__signature__ = inspect.Signature([*own, *added])  # pyright: ignore[reportAttributeAccessIssue]
        paragraphs = _paragraphs_of(method)
        if explained_by is not None:
            paragraphs += _paragraphs_of(inspect.unwrap(explained_by))[1:]  # pyright: ignore[reportArgumentType]
        made.__doc__ = "\n\n".join(
            f"{text}\n{_arguments_of(kind)}" if text.startswith("Args:\n") else text
            for text in paragraphs
        )
        return made

    return decorate


def as_keywords(options: object, kind: type) -> dict[str, Any]:
    """Return the fields of a dataclass that another one extends, as keywords."""
    return {field.name: getattr(options, field.name) for field in dataclasses.fields(kind)}


def _unknown(owner: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    nearest = _ELSEWHERE.get(name)
    if nearest not in names:
        nearest = next(iter(difflib.get_close_matches(name, names, n=1)), None)
    if nearest is not None:
        return f"{owner} has no option {name!r}; did you mean {nearest}=…?"
    return f"{owner} has no option {name!r}; it has {', '.join(names)}."


def _paragraphs_of(function: object) -> list[str]:
    return (inspect.getdoc(function) or "").split("\n\n")


def _arguments_of(kind: object) -> str:
    blocks: list[str] = []
    for each in reversed(inspect.getmro(kind) if isinstance(kind, type) else ()):
        text = inspect.cleandoc(each.__doc__ or "") if dataclasses.is_dataclass(each) else ""
        _, _, after = text.partition("Args:\n")
        if after:
            blocks.append(after.split("\n\n", 1)[0])
    return "\n".join(blocks)
