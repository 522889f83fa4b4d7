// Light or dark, as the page around the widget is; canvases read their colours here.

/** Colours that canvases draw with, as CSS colour strings. */
export interface Theme {
	readonly isDark: boolean;
	readonly surface: string;
	readonly sunken: string;
	readonly border: string;
	readonly grid: string;
	readonly text: string;
	readonly textSoft: string;
	readonly accent: string;
	readonly good: string;
	readonly warn: string;
	readonly bad: string;
	readonly series: readonly string[];
	readonly font: string;
}

/** Marks `root` (the element with class `nbviz`) light or dark and keeps it so. Returns a function that ends that. */
export function followTheme(root: HTMLElement, changed: () => void): () => void {
	const update = () => {
		const theme = pageIsDark(root) ? "dark" : "light";
		if (root.dataset.theme !== theme) {
			root.dataset.theme = theme;
		}
		changed();
	};
	update();
	const observer = new MutationObserver(update);
	const { body, documentElement } = document;
	for (const element of [documentElement, body, ...shadowHosts(root)]) {
		observer.observe(element, {
			attributes: true,
			attributeFilter: [
				"class",
				"style",
				"data-jp-theme-light",
				"data-jp-theme-name",
				"data-theme",
				"theme",
			],
		});
	}
	const media = window.matchMedia("(prefers-color-scheme: dark)");
	media.addEventListener("change", update);
	return () => {
		observer.disconnect();
		media.removeEventListener("change", update);
	};
}

/** The theme in force at `root`. */
export function readTheme(root: Element): Theme {
	const style = getComputedStyle(root);
	const color = (name: string) => style.getPropertyValue(`--nbviz-${name}`).trim();
	return {
		isDark: (root.closest(".nbviz") as HTMLElement | null)?.dataset.theme === "dark",
		surface: color("surface"),
		sunken: color("sunken"),
		border: color("border"),
		grid: color("grid"),
		text: color("text"),
		textSoft: color("text-soft"),
		accent: color("accent"),
		good: color("good"),
		warn: color("warn"),
		bad: color("bad"),
		series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => color(`series-${n}`)),
		font: color("font") || "sans-serif",
	};
}

function pageIsDark(root: HTMLElement): boolean {
	const { body, documentElement } = document;
	const jupyter = body.dataset.jpThemeLight;
	if (jupyter !== undefined) return jupyter === "false";
	if (body.classList.contains("vscode-dark") || body.classList.contains("vscode-high-contrast")) {
		return true;
	}
	if (body.classList.contains("vscode-light")) return false;
	const colab = documentElement.getAttribute("theme");
	if (colab) return colab === "dark";
	const { backgroundColor, color } = surroundings(root);
	// Where nothing is painted the page's text tells: a dark scheme writes light text.
	const behind = luminance(backgroundColor);
	if (behind !== undefined) return behind < 0.4;
	const written = luminance(color);
	if (written !== undefined) return written > 0.6;
	return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The element around another one, also where that is the first in a shadow root. */
function parentOf(element: Element): Element | null {
	const { parentNode } = element;
	return parentNode instanceof ShadowRoot ? parentNode.host : element.parentElement;
}

function shadowHosts(root: Element): Element[] {
	const hosts: Element[] = [];
	for (let at: Node = root.getRootNode(); at instanceof ShadowRoot; at = at.host.getRootNode()) {
		hosts.push(at.host);
	}
	return hosts;
}

/** The paint behind `root`, "" for none, and the colour of the text around it. */
function surroundings(root: Element): { backgroundColor: string; color: string } {
	const start = parentOf(root) ?? root;
	const { color } = getComputedStyle(start);
	for (let at: Element | null = start; at; at = parentOf(at)) {
		const { backgroundColor } = getComputedStyle(at);
		if (isOpaque(backgroundColor)) return { backgroundColor, color };
	}
	return { backgroundColor: "", color };
}

function isOpaque(color: string): boolean {
	return color !== "" && !/^transparent$|(^rgba.*,|\/) 0(\.\d+)?\)$/.test(color);
}

/** 0 for black to 1 for white; undefined for what is no colour. */
function luminance(color: string): number | undefined {
	const [r, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
	if (r === undefined) return undefined;
	if (/^ok/.test(color)) return r;
	if (/^l/.test(color)) return r / 100; // lab and lch
	return (0.2126 * r + 0.7152 * g + 0.0722 * b) / (/^c/.test(color) ? 1 : 255);
}
