"""Callbacks to give to a trainer: `callbacks=[EarlyStopping("loss/val", patience=5)]`.

Each has methods `on_start`, `on_step`, `on_epoch`, `on_validation`, `on_pause` and `on_end`, or
some of them, and so may have any object of yours. A method is called with the trainer and what
happened (`nbviz.training.events`) on the run's thread, between two steps. There `set`, `save` and
`stop` of the trainer may be called; `raise nbviz.StopTraining("why")` ends the run. One with
`state_dict` and `load_state_dict` is kept in checkpoints.
"""

from nbviz.callbacks.averages import EMA, SWA
from nbviz.callbacks.best_checkpoint import BestCheckpoint
from nbviz.callbacks.early_stopping import EarlyStopping
from nbviz.callbacks.every import every

__all__ = ["EMA", "SWA", "BestCheckpoint", "EarlyStopping", "every"]
