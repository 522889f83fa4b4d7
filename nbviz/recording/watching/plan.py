"""What a watch samples of a model, by names, and whether two of them would write the same tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbviz.recording.watching.hooks import choose_modules

if TYPE_CHECKING:
    from torch import nn

    from nbviz.recording.watching.options import WatchOptions


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What one watch samples.

    Attributes:
        prefix: Comes before its tags.
        kinds: What of parameters it samples, of "weights", "gradients" and "updates".
        layers: Names of the modules whose parameters are sampled, with what is inside them; None
            for all.
        activations: The modules of whose outputs it takes statistics, by name.
        feature_maps: Those whose outputs it takes pictures of.
    """

    prefix: str
    kinds: frozenset[str]
    layers: tuple[str, ...] | None
    activations: dict[str, nn.Module]
    feature_maps: dict[str, nn.Module]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The modules whose outputs are taken."""
        return self.activations | self.feature_maps

    def has_parameter(self, name: str) -> bool:
        """Whether a parameter is sampled."""
        return self.layers is None or any(_is_inside(name, layer) for layer in self.layers)

    def meets(self, layers: tuple[str, ...] | None) -> bool:
        """Whether parameters of these layers, None for all, are among those that it samples."""
        if self.layers is None or layers is None:
            return True
        return any(
            _is_inside(one, another) or _is_inside(another, one)
            for one in self.layers
            for another in layers
        )

    def clashes(self, other: WatchPlan) -> bool:
        """Whether both would write the same tag."""
        if self.prefix != other.prefix:
            return False
        outputs = self.activations.keys() & other.activations.keys()
        maps = self.feature_maps.keys() & other.feature_maps.keys()
        is_same = bool(self.kinds & other.kinds) and self.meets(other.layers)
        return bool(outputs or maps) or is_same


def plan_of(model: nn.Module, options: WatchOptions) -> WatchPlan:
    """Return what a watch with these options samples.

    Raises:
        ConfigurationError: A pattern matches no module.
    """
    kinds = {kind for kind in ("weights", "gradients", "updates") if getattr(options, kind)}
    layers = options.layers
    chosen = None if layers is None else choose_modules(model, layers)
    if chosen is not None and model in chosen.values():
        chosen = None  # a model that is one layer
    return WatchPlan(
        prefix=options.prefix,
        kinds=frozenset(kinds),
        layers=None if chosen is None else tuple(chosen),
        activations=choose_modules(model, options.activations),
        feature_maps=choose_modules(model, options.feature_maps),
    )


def _is_inside(name: str, layer: str) -> bool:
    return name == layer or name.startswith(f"{layer}.")
