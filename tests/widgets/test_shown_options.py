"""The options of a trainer, as IPython shows and completes them, and those that do not exist."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.trainer_options import TrainerOptions
from nbviz.widgets.live_trainer import LiveTrainerOptions

KINDS = [(nbviz.Trainer, TrainerOptions), (nbviz.LiveTrainer, LiveTrainerOptions)]
CALLS = ["Trainer(", "LiveTrainer(", "Trainer.load('mine.pt', ", "LiveTrainer.load('mine.pt', "]
NAMES = ["max_epochs", "metrics", "scheduler", "training_step", "val_loader", "name", "dir"]


@pytest.fixture(scope="module")
def shell():
    return InteractiveShell(user_ns={"nbviz": nbviz}, colors="NoColor")


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_signature_is_that_of_the_dataclass(kind, options) -> None:
    parameters = inspect.signature(kind).parameters
    fields = dataclasses.fields(options)
    assert list(parameters) == [field.name for field in fields]
    assert set(NAMES) <= set(parameters)
    for field in fields:
        given = parameters[field.name]
        is_required = field.default is dataclasses.MISSING
        assert given.default is (given.empty if is_required else field.default)
        assert (given.kind is given.KEYWORD_ONLY) is not is_required


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_every_option_is_documented(kind, options) -> None:
    text = kind.__init__.__doc__
    for field in dataclasses.fields(options):
        assert f"\n    {field.name}: " in text


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_load_takes_a_path_and_what_the_constructor_takes(kind, options) -> None:
    parameters = inspect.signature(kind.load).parameters
    assert list(parameters) == ["path", *inspect.signature(kind).parameters]
    text = kind.load.__doc__
    for name in parameters:
        assert text.count(f"\n    {name}: ") == 1
    assert text.index("\nArgs:\n") < text.index("\n    path: ") < text.index("\nRaises:\n")
    assert "\n    frames_per_second: " in nbviz.LiveTrainer.load.__doc__
    _, *explained = nbviz.Trainer.load.__doc__.split("\n\n")
    assert all(each in text for each in explained)  # and what is shown besides


@pytest.mark.parametrize("use_jedi", [True, False])
@pytest.mark.parametrize("call", CALLS)
def test_ipython_completes_options(shell, call: str, use_jedi: bool) -> None:
    completer = IPCompleter(shell, namespace={"nbviz": nbviz})
    completer.use_jedi = use_jedi
    for name in NAMES:
        text = f"nbviz.{call}model, loader, seed=3, {name[:-1]}"
        with provisionalcompleter():
            found = [each.text for each in completer.completions(text, len(text))]
        assert f"{name}=" in found


@pytest.mark.parametrize("call", ["Trainer", "LiveTrainer", "Trainer.load", "LiveTrainer.load"])
def test_ipython_shows_options_on_shift_tab(shell, call: str) -> None:
    shown = shell.object_inspect_mime(f"nbviz.{call}", detail_level=0)["text/plain"]
    for name in NAMES:
        assert shown.count(f"\n    {name}: ") == 2  # in the signature, and explained
    assert "max_epochs: 'int | None' = None" in shown


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("epochs", "Trainer has no option 'epochs'; did you mean max_epochs=…?"),
        ("optimzer", "Trainer has no option 'optimzer'; did you mean optimizer=…?"),
        ("criterion", "Trainer has no option 'criterion'; did you mean loss_fn=…?"),
        ("zzz", "Trainer has no option 'zzz'; it has model, train_loader, val_loader, .*, name,"),
    ],
)
def test_unknown_option_is_refused_with_the_nearest(given: str, message: str) -> None:
    for kind in (nbviz.Trainer, nbviz.LiveTrainer):
        with pytest.raises(ConfigurationError, match=message) as caught:
            kind(None, None, **{given: 3})
        assert len(str(caught.value).splitlines()) == 1


def test_missing_argument_is_named() -> None:
    with pytest.raises(TypeError, match="LiveTrainer: missing a required argument: 'train_loader'"):
        nbviz.LiveTrainer(None)
