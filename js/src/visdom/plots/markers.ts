// Plotly's marker symbols, as far as they are told apart at a few pixels.

type Point = readonly [number, number];

/** Adds a marker of about `size` pixels to a path; returns whether it is filled, not only stroked. */
export function addMarker(
	path: Path2D,
	symbol: string,
	x: number,
	y: number,
	size: number,
): boolean {
	const r = size / 2;
	const name = NUMBERED[symbol] ?? symbol;
	const [kind = ""] = name.split("-");
	const polygon = (points: readonly Point[]) => {
		for (const [i, [dx, dy]] of points.entries()) {
			if (i === 0) path.moveTo(x + dx * r, y + dy * r);
			else path.lineTo(x + dx * r, y + dy * r);
		}
		path.closePath();
	};
	switch (kind) {
		case "square":
			path.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
			break;
		case "diamond":
			polygon(around(4, -90));
			break;
		case "triangle":
			polygon(around(3, name.includes("down") ? 90 : -90));
			break;
		case "pentagon":
			polygon(around(5, -90));
			break;
		case "hexagon":
			polygon(around(6, -90));
			break;
		case "star":
			polygon(around(10, -90).map(([a, b], i): Point => (i % 2 ? [a * 0.45, b * 0.45] : [a, b])));
			break;
		case "cross":
		case "x": {
			const turn = kind === "x" ? Math.SQRT1_2 : 1;
			const [across, up] = kind === "x" ? [turn, turn] : [1, 0];
			path.moveTo(x - across * r, y - up * r);
			path.lineTo(x + across * r, y + up * r);
			path.moveTo(x - up * r, y + across * r);
			path.lineTo(x + up * r, y - across * r);
			return false;
		}
		default:
			path.moveTo(x + r, y);
			path.arc(x, y, r, 0, 2 * Math.PI);
	}
	return !name.includes("open");
}

/** Points of a circle, from an angle on, in degrees. */
function around(count: number, first: number): Point[] {
	return Array.from({ length: count }, (_, i) => {
		const angle = ((first + (360 / count) * i) * Math.PI) / 180;
		return [Math.cos(angle), Math.sin(angle)];
	});
}

/** Plotly's numbers of symbols; from 100 on they are open. */
const NUMBERED: Readonly<Record<string, string>> = Object.fromEntries(
	["circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down"].flatMap(
		(name, number) => [
			[String(number), name],
			[String(number + 100), `${name}-open`],
		],
	),
);
