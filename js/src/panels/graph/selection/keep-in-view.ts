// Keeps an element where the reader sees it while what stands above it changes its height.

/** For so long, as pictures that were waited for may still change the height. */
const HOLD_MS = 1500;
const GESTURES = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

let release = () => {};

/**
 * Carries out `change`, which may resize `above`, and scrolls so that `element` stays in its place on
 * the screen: at once, and while the change goes on, until the reader does something else.
 */
export function keepInView(
	element: Element,
	above: readonly HTMLElement[],
	change: () => void,
): void {
	release();
	const place = element.getBoundingClientRect().top;
	const heights = above.map((one) => one.offsetHeight);
	for (const one of above) one.style.minHeight = "";
	change();
	const scroller = scrollerOf(element);
	const settle = () => {
		const off = element.getBoundingClientRect().top - place;
		if (Math.abs(off) < 1) return;
		scroller.scrollTop += off;
		// At the top there is nothing left to scroll: what has shrunk keeps its room.
		if (element.getBoundingClientRect().top - place > -1) return;
		for (const [i, one] of above.entries()) {
			const height = heights[i] ?? 0;
			if (one.offsetHeight < height) one.style.minHeight = `${height}px`;
		}
	};
	settle();
	const observer = new ResizeObserver(settle);
	for (const one of above) observer.observe(one);
	const timer = setTimeout(() => release(), HOLD_MS);
	release = () => {
		observer.disconnect();
		clearTimeout(timer);
		for (const name of GESTURES) window.removeEventListener(name, release, true);
		release = () => {};
	};
	for (const name of GESTURES) window.addEventListener(name, release, true);
}

/** The nearest element around another that scrolls, else the page. */
function scrollerOf(element: Element): Element {
	for (let one = element.parentElement; one; one = one.parentElement) {
		const { overflowY } = getComputedStyle(one);
		const scrolls = overflowY === "auto" || overflowY === "scroll";
		if (scrolls && one.scrollHeight > one.clientHeight) return one;
	}
	return document.scrollingElement ?? document.documentElement;
}
