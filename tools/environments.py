"""The environments of a checkout: where they are, and how they are made and kept up to date."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
COLAB = ROOT / ".venv-colab"
KERNELS = ROOT / ".venv-kernels"  # folders that go before .venv on a kernel's path
KERNEL_VERSIONS = ("6.29", "7.3")  # beside the one in .venv
OWN_UV = ROOT / ".cache" / "uv"
COLAB_PYTHONS = ("3.13", "3.12", "3.11")  # Colab runs 3.13, and 3.12 in its pinned runtime


class SetupError(Exception):
    """Something that a person has to mend."""


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command and show what it says.

    Raises:
        SetupError: It failed.
    """
    try:
        subprocess.run([str(part) for part in command], cwd=cwd, check=True)
    except FileNotFoundError:
        raise SetupError(f"{command[0]} is not installed; install it and run this again.") from None
    except subprocess.CalledProcessError as error:
        shown = " ".join(str(part) for part in command)
        raise SetupError(f"`{shown}` failed with exit status {error.returncode}.") from None


def find_uv() -> str:
    """Return uv's path: the machine's own, else one in .cache made with pip."""
    own = OWN_UV / "bin" / "uv"
    if own.exists():
        return str(own)
    found = shutil.which("uv")
    # A pyenv shim is there even when its Python has no uv.
    if (
        found
        and subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0
    ):
        return found
    run(sys.executable, "-m", "venv", OWN_UV)
    run(OWN_UV / "bin" / "pip", "install", "-qq", "-r", ROOT / "requirements" / "uv.txt")
    return str(own)


def find_python(version: str) -> Path | None:
    """Return an interpreter of a minor version such as "3.13", or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    on_path = shutil.which(f"python{version}")
    if on_path:
        candidates.append(Path(on_path))
    for candidate in candidates:
        asked = subprocess.run(
            [candidate, "-c", "import ssl, sqlite3, venv"], check=False, capture_output=True
        )
        if asked.returncode == 0:
            return candidate
    return None


def digest(*paths: Path) -> str:
    """Return a hash of files and folders of files, for stamps."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def is_current(stamp: Path, content: str) -> bool:
    """Whether a stamp says that what it stands for was made from `content`."""
    return stamp.exists() and stamp.read_text() == content


def make_venv(venv: Path, requirements: Path, python: Path) -> None:
    """Make an environment from pins, or bring it up to date."""
    stamp = venv / "nbviz-setup"
    content = digest(requirements)
    if is_current(stamp, content):
        return
    uv = find_uv()
    if not (venv / "bin" / "python").exists():
        run(uv, "venv", "--quiet", "--python", python, venv)
    print(f"installing {requirements.name} into {venv.name}", flush=True)
    run(uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", "-r", requirements)
    stamp.write_text(content)


def install_checkout(venv: Path) -> None:
    """Install this checkout into an environment, so that an edited file is used as it is."""
    stamp = venv / "nbviz-checkout"
    content = digest(ROOT / "pyproject.toml", ROOT / "js" / "package.json")
    if is_current(stamp, content):
        return
    # The bundle has its own step.
    os.environ["SKIP_JUPYTER_BUILDER"] = "1"
    pins = ROOT / "requirements" / "dev.txt"
    install = (find_uv(), "pip", "install", "--quiet", "--no-deps", "--build-constraints", pins)
    run(*install, "--python", venv / "bin" / "python", "--editable", ROOT)
    stamp.write_text(content)


def make_main() -> None:
    """Make .venv from the running Python."""
    make_venv(VENV, ROOT / "requirements" / "dev.txt", Path(sys.executable))
    install_checkout(VENV)


def install_peers() -> None:
    """Install into .venv what the benchmarks compare nbviz with."""
    requirements = ROOT / "requirements" / "bench.txt"
    stamp = VENV / "nbviz-bench-setup"
    if not is_current(stamp, digest(requirements)):
        print(f"installing {requirements.name} into {VENV.name}", flush=True)
        python = VENV / "bin" / "python"
        run(find_uv(), "pip", "install", "--quiet", "--python", python, "-r", requirements)
        stamp.write_text(digest(requirements))


def make_colab() -> None:
    """Make .venv-colab from the newest Python that Colab uses and the machine has."""
    found = next((python for version in COLAB_PYTHONS if (python := find_python(version))), None)
    make_venv(COLAB, ROOT / "requirements" / "colab.txt", found or Path(sys.executable))
    install_checkout(COLAB)


def make_kernels() -> None:
    """Install other versions of ipykernel into folders of their own, to lie over .venv."""
    for version in KERNEL_VERSIONS:
        folder = KERNELS / version
        requirements = ROOT / "requirements" / f"kernel-{version}.txt"
        stamp = folder / "nbviz-setup"
        content = digest(requirements)
        if is_current(stamp, content):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {requirements.name} into {KERNELS.name}/{version}", flush=True)
        python = VENV / "bin" / "python"
        install = (find_uv(), "pip", "install", "--quiet", "--no-deps", "--python", python)
        run(*install, "--target", folder, "-r", requirements)
        stamp.write_text(content)


def make_bundle() -> None:
    """Install the front end's tools and build its bundle."""
    js = ROOT / "js"
    lock = js / "package-lock.json"
    installed = js / "node_modules" / "nbviz-setup"
    if not is_current(installed, digest(lock)):
        print("installing js/package-lock.json", flush=True)
        run("npm", "ci", "--silent", cwd=js)
        installed.write_text(digest(lock))
    bundle = ROOT / "nbviz" / "static" / "widget.js"
    built = js / "node_modules" / "nbviz-built"
    content = digest(lock, js / "build.mjs", js / "src")
    if not is_current(built, content) or not bundle.exists():
        run("npm", "run", "--silent", "build", cwd=js)
        built.write_text(content)


def install_chromium() -> None:
    """Install the browser that the tests drive, where that is allowed.

    Raises:
        SetupError: It is missing and only the machine's owner can install it.
    """
    if shutil.which("chromium"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(
            "Chromium is missing, which the browser tests drive. "
            "On Debian: sudo apt-get install chromium fonts-dejavu-core"
        )
    run("apt-get", "update", "-qq")
    run(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "chromium",
        "fonts-dejavu-core",
    )
