"""Runs every check, or those named; says at the end which failed.

The closing line is pytest's: the tests of pytest and vitest, and each other check as one.
"""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from environments import COLAB, ROOT, VENV

JS = ROOT / "js"
BUNDLE_LIMIT = 84_000  # bytes; what draws panels is fetched by itself
LIMIT_SECONDS = 1800
PYTHON = str(VENV / "bin" / "python")
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
# These need an environment, a built package or a browser, and are checks of their own.
APART = ("tests/browser", "tests/kernels", "tests/package")
EVERYWHERE = ("tests", *(f"--ignore={folder}" for folder in APART))
NOTEBOOKS = {
    path.stem: f"--deselect=tests/test_notebooks.py::test_notebook_runs[{path.stem}]"
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
# The quickstart runs in Colab's environment, and in a browser.
UNIT = (*EVERYWHERE, NOTEBOOKS["quickstart"])
# Colab's environment has other versions of Jupyter's packages (ipywidgets 7, IPython 7, anywidget
# 0.9, traitlets 5.7; no `comm` and no ipycanvas), of PyTorch and of NumPy. It runs a file of tests
# unless what that imports works on numbers, text, files and threads alone, or on what PyTorch and
# NumPy do alike in all versions (a loss, a sum); those run on each version of Python in CI.
NOT_IN_COLAB = (
    "tests/charts/test_mistaken_input.py",
    "tests/inspection/graph/test_layout.py",
    "tests/integrations",  # on top of the rest: no private parts of PyTorch, matplotlib is the same
    "tests/recording/test_audio.py",
    "tests/pictures",
    "tests/playground",  # there is no ipycanvas
    "tests/recording/test_block.py",
    "tests/recording/test_budget.py",
    "tests/recording/test_companions.py",
    "tests/recording/test_captions.py",
    "tests/recording/test_confusion.py",
    "tests/recording/test_csv_logs.py",
    "tests/recording/test_deferred_runs.py",
    "tests/recording/test_embeddings.py",
    "tests/recording/test_feature_maps.py",
    "tests/recording/test_meshes.py",
    "tests/recording/test_pr_curves.py",
    "tests/recording/test_predictions.py",
    "tests/recording/test_tables.py",
    "tests/recording/test_event_files.py",
    "tests/recording/test_event_files_damage.py",
    "tests/recording/test_event_files_forms.py",
    "tests/recording/test_event_files_sizes.py",
    "tests/recording/test_figures.py",
    "tests/recording/test_forks.py",
    "tests/recording/test_holdups.py",
    "tests/recording/test_inbox.py",
    "tests/recording/test_journal.py",
    "tests/recording/test_journal_media.py",
    "tests/recording/test_media_kinds.py",
    "tests/recording/test_open_runs.py",
    "tests/recording/test_overhead.py",
    "tests/recording/test_prints.py",
    "tests/recording/test_progress.py",
    "tests/recording/test_restarts.py",
    "tests/recording/test_series.py",
    "tests/recording/test_threads.py",
    "tests/recording/test_tracking.py",
    "tests/recording/test_video.py",
    "tests/recording/test_wandb_directory.py",  # by W&B's own protobuf, which Colab's pins lack
    "tests/recording/test_wall_clock.py",
    # What a panel makes of a run; test_contract.py asks each once in Colab's environment, too.
    "tests/panels/test_confusion_panel.py",
    "tests/panels/test_curves_panel.py",
    "tests/panels/test_figures_panel.py",
    "tests/panels/test_going_back.py",
    "tests/panels/test_media_panel.py",
    "tests/panels/test_projector_panel.py",
    "tests/panels/test_roc_panel.py",
    "tests/panels/test_runs_panel.py",
    "tests/panels/test_system_panel.py",
    "tests/panels/test_tables_panel.py",
    "tests/session/test_saved_pages.py",
    "tests/session/test_slow_reading.py",
    "tests/session/test_transport.py",
    "tests/test_cli.py",  # the demo's command, which is not run in Colab
    "tests/test_datasets.py",
    "tests/test_processes.py",
    "tests/test_protocol.py",
    "tests/test_text.py",
    # What is done with states and threads once they are there; test_resume.py keeps and loads them.
    "tests/training/test_classified.py",
    "tests/training/test_edited_data.py",
    "tests/training/test_faults.py",
    "tests/training/test_fork.py",
    "tests/training/test_interrupted.py",
    "tests/training/test_rewind.py",
    "tests/training/test_step_into.py",
    "tests/widgets/test_executed_notebook.py",  # by nbclient, which is not there
    "tests/widgets/test_hot_reload.py",  # needs a checkout, and watchfiles
)
IN_COLAB = (
    *EVERYWHERE,
    *(f"--ignore={path}" for path in NOT_IN_COLAB),
    *(left_out for name, left_out in NOTEBOOKS.items() if name != "quickstart"),
)
# Two checks, for two cores; without pytest-xdist, which Colab's pins do not have.
TRAINING_IN_COLAB = (
    "tests/cuda",
    "tests/inspection",
    "tests/recording",
    "tests/training",
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
COUNT = re.compile(r"(\d+) (passed|failed|errors?)\b")


@dataclass(frozen=True)
class Check:
    """One command that must succeed."""

    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)
    alone: bool = False  # it keeps two cores busy by itself


@dataclass(frozen=True)
class Outcome:
    """What came of a check."""

    check: Check
    succeeded: bool
    output: str
    seconds: float

    def counts(self) -> tuple[int, int]:
        """Return how many tests passed and failed."""
        lines = [line for line in ANSI.sub("", self.output).splitlines() if COUNT.search(line)]
        summaries = [line for line in lines if " in " in line or line.strip().startswith("Tests ")]
        if not ({"pytest", "vitest"} & set(self.check.command)) or not summaries:
            return int(self.succeeded), int(not self.succeeded)
        found = [(int(number), word) for number, word in COUNT.findall(summaries[-1])]
        passed = sum(number for number, word in found if word == "passed")
        failed = sum(number for number, word in found if word != "passed")
        return passed, failed or int(not self.succeeded)


# Where a test has more, they wait for each other without work.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
# The longest first, so that two at a time end together.
CHECKS = (
    # In one process all that torch and its threads keep slows it down threefold. Tests of one file
    # stay together: they share what they import and train.
    Check(
        "unit",
        (PYTHON, *PYTEST, "-n2", "--dist=worksteal", *UNIT),
        environment=ONE_THREAD,
        alone=True,
    ),
    # Each of the two has a server, kernels and a browser of its own, and half the time waits for
    # them: the others run meanwhile.
    Check(
        "browser",
        (PYTHON, *PYTEST, "-n2", "--dist=worksteal", "tests/browser"),
        environment=ONE_THREAD,
    ),
    Check(
        "colab",
        (
            *(str(COLAB / "bin" / "python"), *PYTEST, *IN_COLAB),
            *(f"--ignore={folder}" for folder in TRAINING_IN_COLAB),
        ),
        environment=ONE_THREAD,
    ),
    Check(
        "colab-training",
        (
            *(str(COLAB / "bin" / "python"), *PYTEST, *TRAINING_IN_COLAB),
            *IN_COLAB[1:],
        ),
        environment=ONE_THREAD,
    ),
    Check("kernels", (PYTHON, *PYTEST, "tests/kernels"), environment=ONE_THREAD),
    Check(
        "protocol",
        (
            "sh",
            "-c",
            f"{PYTHON} js/generate_protocol.py && git diff --exit-code -- 'js/src/*.gen.ts'",
        ),
    ),
    Check("ruff", (PYTHON, "-m", "ruff", "check", ".")),
    Check("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Check("types", (PYTHON, "-m", "pyright")),
    Check("imports", (str(VENV / "bin" / "lint-imports"),)),
    Check(
        "biome",
        ("npx", "--no-install", "biome", "ci", "--colors=off", "--diagnostic-level=error", "."),
        cwd=JS,
    ),
    Check("tsc", ("npx", "--no-install", "tsc", "--noEmit"), cwd=JS),
    Check("vitest", ("npx", "--no-install", "vitest", "run"), cwd=JS),
    Check("bundle", (PYTHON, "tools/checks.py", "--bundle")),
    Check("package", (PYTHON, *PYTEST, "tests/package"), environment=ONE_THREAD),
)


def carry_out(check: Check) -> Outcome:
    """Run one check and show what it said."""
    started = time.monotonic()
    # A user's site-packages or settings must not decide whether the checks pass.
    environment = {**os.environ, **check.environment, "PYTHONNOUSERSITE": "1", "NO_COLOR": "1"}
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    # Without bytecode each process that imports PyTorch compiles it, which takes it twice as long.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        done = subprocess.run(
            check.command,
            cwd=check.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=False,
        )
        succeeded, output = done.returncode == 0, done.stdout
    except FileNotFoundError as error:
        succeeded, output = False, f"{error}\n"
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        output = said.decode(errors="replace") if isinstance(said, bytes) else said
        succeeded, output = False, f"{output}\nstopped after {LIMIT_SECONDS} s\n"
    outcome = Outcome(check, succeeded, output, time.monotonic() - started)
    show(outcome)
    return outcome


def show(outcome: Outcome) -> None:
    """Print a check's result; its output in full where it failed, else its last line."""
    word = "ok" if outcome.succeeded else "FAILED"
    lines = ANSI.sub("", outcome.output).rstrip().splitlines()
    shown = lines[-1:] if outcome.succeeded else lines
    text = "\n".join(f"    {line}" for line in shown)
    print(f"{outcome.check.name}: {word} ({outcome.seconds:.0f} s)\n{text}", flush=True)


def check_bundle() -> None:
    """Compare the front end's size with its limit."""
    size = (ROOT / "nbviz" / "static" / "widget.js").stat().st_size
    print(f"nbviz/static/widget.js: {size / 1000:.1f} kB of {BUNDLE_LIMIT / 1000:.0f}")
    if size > BUNDLE_LIMIT:
        sys.exit(1)


def main(names: list[str]) -> int:
    """Run the checks of these names, or all; return the exit status."""
    known = {check.name for check in CHECKS}
    if unknown := [name for name in names if name not in known]:
        print(f"there is no check {unknown[0]!r}; there are: {', '.join(sorted(known))}")
        return 2
    wanted = [check for check in CHECKS if not names or check.name in names]
    started = time.monotonic()
    outcomes = [carry_out(check) for check in wanted if check.alone]
    with ThreadPoolExecutor(2) as pool:
        outcomes += pool.map(carry_out, [check for check in wanted if not check.alone])
    seconds = time.monotonic() - started
    passed, failed = (sum(part) for part in zip(*(o.counts() for o in outcomes), strict=True))
    broken = [outcome.check.name for outcome in outcomes if not outcome.succeeded]
    if broken:
        print(f"\nFAILED: {', '.join(broken)}")
    totals = [f"{failed} failed"] * bool(failed) + [f"{passed} passed"]
    print(f"{'=' * 20} {', '.join(totals)} in {seconds:.2f}s {'=' * 20}")
    return int(bool(broken))


if __name__ == "__main__":
    if sys.argv[1:] == ["--bundle"]:
        check_bundle()
    else:
        sys.exit(main(sys.argv[1:]))
