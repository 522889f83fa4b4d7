"""A user's function with another model in the place of its own."""

from __future__ import annotations

import functools
import types
from typing import Any, cast


def rebound(predict: Any, model: Any, other: Any) -> Any | None:
    """Return a function that calls `other` where `predict` calls `model`; None if it does not.

    Found are the model itself, its methods, and functions that name it as a variable of a notebook
    or of the function around them. Nothing of the original is changed.

    Args:
        predict: A model, or a function that calls one.
        model: The one that it calls.
        other: A copy of it.
    """
    if predict is model:
        return other
    if isinstance(predict, functools.partial):
        return _partial(cast("functools.partial[Any]", predict), model, other)
    if isinstance(predict, types.MethodType) and predict.__self__ is model:
        return types.MethodType(predict.__func__, other)
    return _function(predict, model, other) if isinstance(predict, types.FunctionType) else None


def _partial(predict: functools.partial[Any], model: Any, other: Any) -> Any | None:
    inner = rebound(predict.func, model, other)
    is_given = [one is model for one in (*predict.args, *predict.keywords.values())]
    if inner is None and not any(is_given):
        return None
    arguments = [other if one is model else one for one in predict.args]
    named = {name: other if one is model else one for name, one in predict.keywords.items()}
    return functools.partial(inner or predict.func, *arguments, **named)


def _function(predict: types.FunctionType, model: Any, other: Any) -> Any | None:
    closure = predict.__closure__ or ()
    is_held = [_holds(cell, model) for cell in closure]
    names = [name for name in predict.__code__.co_names if predict.__globals__.get(name) is model]
    if not names and not any(is_held):
        return None
    made = types.FunctionType(
        predict.__code__,
        {**predict.__globals__, **dict.fromkeys(names, other)},
        predict.__name__,
        predict.__defaults__,
        tuple(
            types.CellType(other) if held else cell
            for cell, held in zip(closure, is_held, strict=True)
        ),
    )
    made.__kwdefaults__ = predict.__kwdefaults__
    return made


def _holds(cell: types.CellType, model: Any) -> bool:
    try:
        return cell.cell_contents is model
    except ValueError:  # not assigned yet
        return False
