"""What any thread adds to and looks through, and what keeps nothing alive."""

from __future__ import annotations

import gc
import threading

from nbviz.training.weak_registry import WeakRegistry


class Thing:
    pass


def test_it_is_added_to_while_it_is_looked_through() -> None:
    registry: WeakRegistry[Thing] = WeakRegistry()
    things = [Thing(), Thing()]
    for thing in things:
        registry.add(thing)
    seen = []
    for thing in registry:
        seen.append(thing)
        things.append(Thing())
        registry.add(things[-1])
    assert seen == things[:2]
    assert list(registry) == things


def test_what_is_gone_is_not_found() -> None:
    registry: WeakRegistry[Thing] = WeakRegistry()
    stays, goes = Thing(), Thing()
    registry.add(goes)
    registry.add(stays)
    found = iter(registry)
    del goes
    gc.collect()
    assert list(found) == [stays]
    assert len(registry._references) == 1


def test_threads_add_and_look_at_once() -> None:
    registry: WeakRegistry[Thing] = WeakRegistry()
    errors: list[BaseException] = []
    things: list[Thing] = []

    def work() -> None:
        try:
            for _ in range(200):
                things.append(Thing())
                registry.add(things[-1])
                registry.add(Thing())  # is gone at once
                assert all(isinstance(one, Thing) for one in registry)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert not errors, errors
    assert set(registry) == set(things)
