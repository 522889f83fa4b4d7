// How high charts are where the curves have a room of a fixed height: the two that matter most fill what
// a row of small ones leaves.

const SMALL = 92;
/** Title and gap of a chart, and the strip above all charts. */
const AROUND_CHART = 34;
const STRIP = 44;
/** What shows of the groups below, so that they are found. */
const GROUPS = 30;
const LOWEST = 104;
const HIGHEST = 440;
/** From this width the first two charts stand side by side; as in curves.css. */
const SIDE_BY_SIDE = 860;

/** Fits the charts in `body` to the room around `host` as long as both are there. */
export function fitHeights(host: HTMLElement, body: HTMLElement): () => void {
	const room = host.closest<HTMLElement>('[data-arrangement="screen"] .nbviz-main');
	if (!room) return () => undefined;
	const fit = () => {
		const { clientHeight, clientWidth } = room;
		const grid = body.querySelector<HTMLElement>(":scope > .nbviz-chart-grid");
		const count = Number(grid?.dataset.count ?? 0);
		const rows = count < 2 || clientWidth >= SIDE_BY_SIDE ? 1 : 2;
		const small = count > 2 ? SMALL + AROUND_CHART : 0;
		const groups = body.querySelector(".nbviz-curves-group:not([hidden])") ? GROUPS : 0;
		const left = (clientHeight - STRIP - small - groups) / rows - AROUND_CHART;
		const height = Math.round(Math.min(HIGHEST, Math.max(LOWEST, left)));
		// A room that is as high as its charts would grow with them.
		const isFixed = getComputedStyle(room).maxHeight === "none";
		body.style.setProperty("--plot-height", isFixed ? `${height}px` : "150px");
	};
	const sizes = new ResizeObserver(fit);
	sizes.observe(room);
	sizes.observe(body);
	fit();
	return () => sizes.disconnect();
}
