"""Makes what a checkout needs; quick when it is all there.

`python tools/setup.py` for work and demo, `… tests` for all that the tests need besides,
`… bench` for the tools that the benchmarks compare with.
"""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import environments
from environments import SetupError

NODE_AT_LEAST = 20
PYTHON_AT_LEAST = (3, 11)


def check_tools() -> None:
    """Look for what cannot be installed from here.

    Raises:
        SetupError: Python or Node is missing or too old.
    """
    if sys.version_info < PYTHON_AT_LEAST:
        raise SetupError(f"nbviz needs Python 3.11 or later, this is {sys.version.split()[0]}.")
    if not shutil.which("npm") or not shutil.which("node"):
        raise SetupError("Node.js and npm are missing, which build the front end: nodejs.org")
    asked = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)
    version = asked.stdout.strip().removeprefix("v")
    if int(version.split(".")[0]) < NODE_AT_LEAST:
        raise SetupError(
            f"the front end needs Node.js {NODE_AT_LEAST} or later, this is {version}."
        )


def main(parts: list[str]) -> None:
    """Make the parts that were asked for."""
    check_tools()
    jobs = [lambda: make_environments(parts), environments.make_bundle]
    if "tests" in parts:
        jobs.append(environments.install_chromium)
    # Each waits for the network half of the time.
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()


def make_environments(parts: list[str]) -> None:
    """Make Python's environments, one after another: uv keeps both cores busy by itself."""
    environments.make_main()
    if "tests" in parts:
        environments.make_kernels()
        environments.make_colab()
    if "bench" in parts:
        environments.install_peers()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as error:
        sys.exit(f"setup: {error}")
