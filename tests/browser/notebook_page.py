"""One notebook in a JupyterLab tab: opens it, runs its cells, asks its kernel."""

from __future__ import annotations

import ast
import json
import time
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from playwright.sync_api import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab import Lab
    from playwright.sync_api import Locator, Page

# What a script waits for, such as a kernel that stands, may never come; Playwright waits for ever.
IN_TIME = """(argument) => {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("no answer in time")), MILLISECONDS);
  });
  return Promise.race([(SCRIPT)(argument), late]);
}"""

OPEN = """async ([path, id]) => {
  const app = window.jupyterapp;
  await app.restored;
  const options = {path, factory: "Notebook", kernel: {id}};
  const panel = await app.commands.execute("docmanager:open", options);
  await panel.context.ready;
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  window.nbvizPanel = panel;
}"""
OPEN_WITHOUT_KERNEL = """async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  const options = {path, factory: "Notebook"};
  const panel = await app.commands.execute("docmanager:open", options);
  await panel.context.ready;
  window.nbvizPanel = panel;
}"""
RUN = """async ([index, wait]) => {
  const panel = window.nbvizPanel;
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  const done = window.jupyterapp.commands.execute("notebook:run-cell");
  if (wait) await done;
}"""
ERROR = """(index) => {
  const outputs = window.nbvizPanel.content.widgets[index].model.sharedModel.toJSON().outputs;
  const error = outputs.find((output) => output.output_type === "error");
  return error ? error.ename + ": " + error.evalue : null;
}"""
CLEAN_UP = """async (id) => {
  const { kernels } = window.jupyterapp.serviceManager;
  const shown = window.nbvizPanel.sessionContext.session?.kernel;
  const own = shown?.id === id ? shown : undefined;
  const kernel = own ?? kernels.connectTo({ model: { id } });
  // An interrupt between two messages may end an old ipykernel.
  if (kernel.status !== "idle") await kernel.interrupt();
  // Every page that opens asks a kernel for all its widgets, with their source.
  const code = `
import sys
if "nbviz" in sys.modules:
    from nbviz.active_trainers import active_trainers
    for _found in active_trainers():
        _found.stop_and_wait()
if "ipywidgets" in sys.modules:
    sys.modules["ipywidgets"].Widget.close_all()
get_ipython().reset(new_session=False)
`;
  const { done } = kernel.requestExecute({code, silent: true});
  // What a subshell has done makes the status idle, too, while a cell runs.
  const late = setTimeout(() => kernel.interrupt(), 10_000);
  await done;
  clearTimeout(late);
  if (!own) kernel.dispose();
}"""
HOLDS_TEXT = """([index, text]) => {
  const outputs = window.nbvizPanel.content.widgets[index].model.sharedModel.toJSON().outputs;
  return outputs.some((output) => String(output.data?.["text/plain"]).includes(text));
}"""
EVALUATE = """async (expression) => {
  const kernel = window.nbvizPanel.sessionContext.session.kernel;
  const future = kernel.requestExecute({
    code: "", silent: true, store_history: false, user_expressions: {value: expression},
  });
  return (await future.done).content;
}"""
LIGHT = "[data-jp-theme-light=true]"
RESTART = "() => window.nbvizPanel.sessionContext.session.kernel.restart()"
IS_IDLE = "() => window.nbvizPanel.sessionContext.session?.kernel?.status === 'idle'"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
POLL_MS = 50  # else Playwright asks in each frame, and lets the page draw for that


class Notebook:
    """A notebook file, open in a tab.

    Args:
        page: The tab; JupyterLab is loaded into it unless it is there.
        lab: The server.
        cells: The source of each code cell.
        kernel: Name of the kernel to run.
        name: The file's name without its ending.
    """

    def __init__(
        self,
        page: Page,
        lab: Lab,
        cells: list[str],
        *,
        kernel: str,
        name: str,
    ) -> None:
        self.page = page
        self.lab = lab
        self.path = lab.folder / f"{name}.ipynb"
        self.kernel = kernel
        self.kernel_id = lab.kernel(kernel)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        nbformat.write(notebook, self.path)
        if not page.evaluate("window.jupyterapp !== undefined"):
            self._load()
        self._open()

    def open(self) -> None:
        """Load JupyterLab anew and open the file in it, with its kernel."""
        self._load()
        self._open()

    def _open(self) -> None:
        self.kernel_id = self.kernel_id or self.lab.kernel(self.kernel)
        self._ask(OPEN, [self.path.name, self.kernel_id])

    def open_without_kernel(self, *, is_trusted: bool = False) -> None:
        """Open the file as a reader does who does not have its kernel, and wants no other.

        It is a copy that names a kernel that nobody has.

        Args:
            is_trusted: Whether the reader has said that it may run code in the page.
        """
        content = json.loads(self.path.read_text())
        content["metadata"]["kernelspec"] = {"name": "elsewhere", "display_name": "elsewhere"}
        self._copy(content, is_trusted=is_trusted)
        self._load()
        self._ask(OPEN_WITHOUT_KERNEL, self.path.name)
        self.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click()

    def open_with_another_kernel(self, widgets: dict[str, Any]) -> None:
        """Open the file, which is trusted, with a kernel that knows nothing of its widgets.

        Args:
            widgets: The state of all widgets, as JupyterLab saves it if it is told to: it draws
                them from that.
        """
        content = json.loads(self.path.read_text())
        content["metadata"]["widgets"] = {WIDGET_STATE: widgets}
        self._copy(content, is_trusted=True)
        self._load()
        reply = self.lab.ask("/api/kernels", {"name": self.kernel})
        self.kernel_id = json.loads(reply)["id"]
        self._open()

    def _copy(self, content: dict[str, Any], *, is_trusted: bool) -> None:
        self.path = self.path.with_stem(f"{self.path.stem}-copy")
        self.path.write_text(json.dumps(content))
        if is_trusted:
            self.lab.trust(self.path)

    def _load(self) -> None:
        self.page.goto(f"{self.lab.url('/lab')}&reset")
        self.page.wait_for_function("window.jupyterapp !== undefined", polling=POLL_MS)

    def _ask(self, script: str, argument: Any = None, seconds: float = 180) -> Any:
        """Call a function in the page and return its result; fail if it takes longer."""
        milliseconds = str(int(seconds * 1000))
        script = IN_TIME.replace("MILLISECONDS", milliseconds).replace("SCRIPT", script)
        return self.page.evaluate(script, argument)

    def run(self, index: int, *, wait: bool = True) -> None:
        """Run a cell; with `wait`, until it has ended, and fail if it raised."""
        self._ask(RUN, [index, wait], seconds=300)
        if wait and (error := self.page.evaluate(ERROR, index)):
            pytest.fail(f"cell {index} of {self.path.name} raised {error}")

    def value(self, expression: str) -> Any:
        """Evaluate an expression in the kernel, between its cells, and return its JSON value."""
        asked = f"__import__('json').dumps({expression})"
        reply = self._ask(EVALUATE, asked)["user_expressions"]["value"]
        if reply["status"] != "ok":
            pytest.fail(f"{expression} raised {reply['ename']}: {reply['evalue']}")
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))

    def version(self) -> str:
        """Return the kernel's name by the version of ipykernel that it imports."""
        found = self.value("__import__('ipykernel').__version__")
        return "ipykernel-" + ".".join(found.split(".")[:2])

    def wait_for(
        self, expression: str, holds: Callable[[Any], bool] = bool, seconds: float = 120
    ) -> Any:
        """Wait until the value of an expression satisfies `holds`, and return it."""
        deadline = time.monotonic() + seconds
        while not holds(value := self.value(expression)):
            if time.monotonic() > deadline:
                pytest.fail(f"{expression} is still {value!r} after {seconds} s")
            time.sleep(POLL_MS / 1000)
        return value

    def output(self, index: int) -> Locator:
        """Return the outputs of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputArea")

    def wait_for_text(self, index: int, text: str) -> None:
        """Wait until the plain text of a cell's outputs, as they will be saved, holds `text`."""
        self.page.wait_for_function(HOLDS_TEXT, arg=[index, text], polling=POLL_MS)

    def save(self) -> dict[str, Any]:
        """Save the file, and return what it holds."""
        self._ask("() => window.nbvizPanel.context.save()")
        return json.loads(self.path.read_text())

    def reload(self) -> None:
        """Reload the tab, as a person would in mid-run."""
        self.save()
        self.open()

    def themes(self) -> tuple[str, str]:
        """Return JupyterLab's present theme, "light" or "dark", and the other."""
        is_light = self.page.evaluate(f"document.body.matches({LIGHT!r})")
        return ("light", "dark") if is_light else ("dark", "light")

    def set_theme(self, theme: str) -> None:
        """Switch JupyterLab to "light" or "dark"."""
        if theme == self.themes()[0]:
            return
        name = f"JupyterLab {theme.title()}"
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        body = f"body{LIGHT}" if theme == "light" else f"body:not({LIGHT})"
        self.page.wait_for_selector(body, state="attached")
        # Where a page has it, it covers it while style sheets are loaded, and takes the pointer.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def end_kernel(self) -> None:
        """Shut the kernel down; the file is opened with a new one after that."""
        self.lab.end_kernel(self.kernel_id)
        self.kernel_id = ""

    def restart_kernel(self) -> None:
        """Let the server end the kernel's process and start another in its place."""
        self.page.evaluate(RESTART)
        self.wait_for_idle_kernel()

    def wait_for_idle_kernel(self) -> None:
        """Wait until the kernel is there and waits for cells."""
        self.page.wait_for_function(IS_IDLE, polling=POLL_MS)

    def close(self) -> None:
        """End what the test left running in the kernel, which others use after it."""
        if not self.kernel_id:
            return
        try:
            self._ask(CLEAN_UP, self.kernel_id, seconds=60)
        except Error as error:
            stacks = self.lab.stacks()
            self.end_kernel()
            pytest.fail(f"what the test began in the kernel does not end: {error}\n{stacks}")
