"""Values on a device, copied to the host while the training goes on.

No log call, sample or picture waits for a CUDA device. On a training's own thread these do, none
of them in each step: the end of a run (`Run.finish`, the end of a trainer's run), which takes in
what is still on its way; a trainer's pause, for the pictures that pages look at; reading
(`run["loss"]`, `run.media`, `run.drain`) on that thread. The first log calls, and those behind
which a device falls ever further, pin some memory for their pages.
"""
