// The controls above the cloud.
import type { Method } from "../../protocol/index.gen";
import { element } from "../../ui/element";
import { segmentedControl } from "../../ui/segmented-control";

export interface ControlsHost {
	chooseTag(tag: string): void;
	chooseDims(dims: 2 | 3): void;
	chooseMethod(method: Method): void;
	chooseColour(column: number): void;
	search(text: string): void;
	/** Takes what the search found as the selection. */
	selectFound(): void;
	setLasso(isOn: boolean): void;
	setImages(isOn: boolean): void;
	reset(): void;
}

const METHODS: Record<string, Method> = { PCA: "pca", "t-SNE": "tsne", UMAP: "umap" };

export class Controls {
	readonly parts: readonly HTMLElement[];
	private readonly tag = element("select", "nbviz-select", { "aria-label": "Embedding" });
	private readonly colour = element("select", "nbviz-select", { "aria-label": "Colour by" });
	private readonly found = element("button", "nbviz-button nbviz-button-small", {
		type: "button",
		title: "Select what was found",
	});
	private readonly images: HTMLButtonElement;
	private readonly lasso: HTMLButtonElement;
	private readonly search = element("input", "nbviz-input nbviz-projector-search", {
		type: "search",
		placeholder: "Search labels",
		"aria-label": "Search labels; #12 finds point 12",
		spellcheck: "false",
	});
	private tags = "";
	private columns = "";

	constructor(host: ControlsHost, dims: 2 | 3, method: Method) {
		this.images = toggle("Images", "Show images in place of points", (isOn) =>
			host.setImages(isOn),
		);
		this.lasso = toggle("Lasso", "Drag around points to select them; Shift adds", (isOn) =>
			host.setLasso(isOn),
		);
		const reset = element(
			"button",
			"nbviz-button nbviz-button-small",
			{ type: "button", title: "Look from the front again (0, or double-click)" },
			"Reset view",
		);
		reset.addEventListener("click", () => host.reset());
		this.tag.addEventListener("change", () => host.chooseTag(this.tag.value));
		this.colour.addEventListener("change", () => host.chooseColour(Number(this.colour.value)));
		this.search.addEventListener("input", () => host.search(this.search.value));
		this.search.addEventListener("keydown", (event) => {
			if (event.key === "Enter") host.selectFound();
		});
		this.found.addEventListener("click", () => host.selectFound());
		this.found.hidden = true;
		this.parts = [
			this.tag,
			segmentedControl("Dimensions", { "2D": "2", "3D": "3" }, String(dims), (value) =>
				host.chooseDims(value === "2" ? 2 : 3),
			),
			segmentedControl("Projection", METHODS, method, (value) => host.chooseMethod(value)),
			this.colour,
			this.search,
			this.found,
			this.lasso,
			this.images,
			reset,
		];
	}

	/** Lists what can be chosen. */
	list(
		tags: readonly string[],
		tag: string,
		columns: readonly string[],
		column: number,
		hasImages: boolean,
	): void {
		const named = JSON.stringify(tags);
		if (named !== this.tags) {
			this.tags = named;
			this.tag.replaceChildren(...tags.map((one) => element("option", "", { value: one }, one)));
		}
		this.tag.hidden = tags.length < 2;
		this.tag.value = tag;
		const listed = JSON.stringify(columns);
		if (listed !== this.columns) {
			this.columns = listed;
			this.colour.replaceChildren(
				element("option", "", { value: "-1" }, "One colour"),
				...columns.map((one, place) =>
					element("option", "", { value: String(place) }, `by ${one || "label"}`),
				),
			);
		}
		this.colour.hidden = columns.length === 0;
		this.colour.value = String(column);
		this.search.hidden = columns.length === 0;
		this.images.hidden = !hasImages;
	}

	showFound(count: number | undefined): void {
		this.found.hidden = count === undefined;
		this.found.disabled = count === 0;
		this.found.textContent = count === 1 ? "Select 1" : `Select ${count?.toLocaleString("en")}`;
	}
}

function toggle(text: string, title: string, turn: (isOn: boolean) => void): HTMLButtonElement {
	const button = element(
		"button",
		"nbviz-button nbviz-button-small nbviz-projector-toggle",
		{ type: "button", "aria-pressed": "false", title },
		text,
	);
	button.addEventListener("click", () => {
		const isOn = button.getAttribute("aria-pressed") !== "true";
		button.setAttribute("aria-pressed", String(isOn));
		turn(isOn);
	});
	return button;
}
