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
	for (const element of [document.documentElement, document.body]) {
		observer.observe(element, {
			attributes: true,
			attributeFilter: ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "theme"],
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
	const behind = root.parentElement && opaqueBackground(root.parentElement);
	if (behind) return luminance(behind) < 0.4;
	return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function opaqueBackground(start: Element): string | undefined {
	for (let element: Element | null = start; element; element = element.parentElement) {
		const { backgroundColor } = getComputedStyle(element);
		if (backgroundColor && !/^transparent$|, 0\)$/.test(backgroundColor)) return backgroundColor;
	}
	return undefined;
}

function luminance(color: string): number {
	const [r = 255, g = 255, b = 255] = (color.match(/[\d.]+/g) ?? []).map(Number);
	return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}
