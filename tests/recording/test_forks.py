"""A forked child makes runs of its own, whatever its parent's threads were holding."""

from __future__ import annotations

import sys

import processes
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no fork")

# In the parent a run and a trainer are active and shown. A thread takes every lock of nbviz, those
# of its modules and those of its objects, and the parent forks.
CODE = """
    import atexit, faulthandler, gc, os, sys, threading, time, warnings
    warnings.simplefilter("ignore")
    import torch
    torch.set_num_threads(1)
    from torch import nn
    import nbviz
    import nbviz.widgets.dashboard

    def backward(model, batch):
        loss = model(batch).mean()
        loss.backward()
        return loss

    def forward(model, batch):
        return model(batch).mean().detach()

    def trainer_of(model, **options):
        return nbviz.Trainer(
            model, [torch.ones(4, 3)] * 5, metrics=(), optimizer=None, device="cpu", **options
        )

    atexit.register(os._exit, 1)  # threads that hold locks wait for nothing
    model = nn.Linear(3, 2)
    nbviz.trace(nn.Linear(3, 2), torch.ones(4, 3))
    trainer = trainer_of(model, max_epochs=None, training_step=backward)
    dashboard = nbviz.Dashboard(trainer.run)
    trainer.start()
    run = nbviz.Run("parent", dir=sys.argv[1])
    while len(trainer.run) == 0:
        run.log({"loss": 1.0})
        time.sleep(0.01)
    nbviz.trace(model, torch.ones(4, 3))

    KINDS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)

    def locks():
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == "nbviz":
                yield from ((name, key, one) for key, one in list(vars(module).items()))
        for one in gc.get_objects():
            kind = type(one)
            if not str(kind.__module__).startswith("nbviz"):
                continue
            for key in {*getattr(one, "__dict__", ()), *getattr(kind, "__slots__", ())}:
                yield kind.__name__, key, getattr(one, key, None)

    held, may_go_on = threading.Event(), threading.Event()
    names = set()

    def hold():
        seen = {}
        for owner, key, lock in locks():
            if isinstance(lock, KINDS) and id(lock) not in seen:
                seen[id(lock)] = lock
                if lock.acquire(timeout=5):
                    names.add((owner, key))
                else:
                    print("not held", owner, key)
        held.set()
        may_go_on.wait()
        os._exit(3)

    threading.Thread(target=hold, daemon=True).start()
    assert held.wait(180)
    assert {("nbviz.training.background", "_lock"), ("Sampler", "_lock")} <= names, names
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(180, exit=True)
        own = nbviz.Run("child", dir=sys.argv[1] + "/child")
        for step in range(1, 11):
            own.log({"loss": float(step)}, step=step)
            own.log_text("note", "hello", step=step)
        own.print("a line")
        assert len(own["loss"]) == 10 and len(own.media["note"].steps) == 10
        nbviz.Dashboard(own)
        nbviz.trace(model, torch.ones(4, 3))  # which the parent trains, and the child does not
        # PyTorch makes no backward pass in a child of a process that has made one.
        other = trainer_of(model, max_epochs=1, training_step=forward)
        other.start()
        other.wait(180)
        assert other.run.progress.step == 5
        own.finish()
        assert nbviz.active() == []
        print("the child is through", flush=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    os._exit(0 if status == 0 else 1)
"""


def test_a_child_waits_for_no_lock_of_its_parents_threads(tmp_path) -> None:
    done = processes.run(CODE, tmp_path)
    assert done.stdout.splitlines()[-1] == "the child is through"
