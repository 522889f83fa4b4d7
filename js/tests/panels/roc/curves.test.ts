// What is read from curves, and what follows from them at a threshold.
import { expect, test } from "vitest";
import {
	atThreshold,
	bestPlace,
	type Curve,
	calibration,
	calibrationError,
	nearestPlace,
	prPoints,
	readCurves,
	rocPoints,
} from "../../../src/panels/roc/curves";
import { inflateDoubles } from "../../../src/session/buffers";
import { fixture } from "../../fixtures";

/** Targets 0 0 1 1 1 0 and scores 0.1 0.4 0.35 0.8 0.9 0.8, as Python sends them. */
async function example(): Promise<Curve> {
	const { message, buffers } = fixture("roc_sent");
	const [bytes] = buffers;
	if (!bytes) throw new Error("the fixture has no buffer");
	const [curve] = readCurves(message, await inflateDoubles(bytes)).curves;
	if (!curve) throw new Error("the fixture has no curve");
	return curve;
}

const EMPTY: Curve = {
	name: "",
	positives: 0,
	negatives: 0,
	averagePrecision: Number.NaN,
	rocAuc: Number.NaN,
	truePositives: new Float64Array(127),
	falsePositives: new Float64Array(127),
	points: {
		threshold: new Float64Array(),
		truePositives: new Float64Array(),
		falsePositives: new Float64Array(),
	},
	bins: {
		samples: new Float64Array(10),
		scores: new Float64Array(10),
		positives: new Float64Array(10),
	},
};

test("counts at a threshold, and what they are worth", async () => {
	const curve = await example();
	const half = atThreshold(curve, 63);
	expect(half).toMatchObject({
		threshold: 0.5,
		truePositives: 2,
		falsePositives: 1,
		falseNegatives: 1,
		trueNegatives: 2,
	});
	expect(half.precision).toBeCloseTo(2 / 3);
	expect(half.recall).toBeCloseTo(2 / 3);
	expect(half.f1).toBeCloseTo(2 / 3);
	expect(half.accuracy).toBeCloseTo(4 / 6);
	expect(atThreshold(curve, 0)).toMatchObject({ truePositives: 3, falsePositives: 3, recall: 1 });
	expect(atThreshold(curve, 126).precision).toBeNaN();
});

test("the exact curves run through each score that there is", async () => {
	const curve = await example();
	expect([...curve.points.threshold]).toEqual([0.9, 0.8, 0.4, 0.35, 0.1]);
	expect(rocPoints(curve)).toEqual([
		[0, 0],
		[0, 1 / 3],
		[1 / 3, 2 / 3],
		[2 / 3, 2 / 3],
		[2 / 3, 1],
		[1, 1],
	]);
	expect(prPoints(curve).map(([, precision]) => precision)).toEqual([1, 2 / 3, 0.5, 0.6, 0.5]);
});

test("the calibration compares mean scores with shares", async () => {
	const curve = await example();
	const bins = calibration(curve);
	expect(bins.map(({ samples }) => samples)).toEqual([1, 1, 1, 2, 1]);
	expect(bins[3]).toMatchObject({ score: 0.8, share: 0.5 });
	const expected = (0.1 + 0.65 + 0.4 + 2 * 0.3 + 0.1) / 6;
	expect(calibrationError(curve)).toBeCloseTo(expected);
});

test("the best threshold, and the one nearest to a place in a plot", async () => {
	const curve = await example();
	const best = atThreshold(curve, bestPlace(curve));
	for (let place = 0; place < 127; place += 1) {
		const { f1 } = atThreshold(curve, place);
		expect(Number.isNaN(f1) || f1 <= best.f1).toBe(true);
	}
	const place = nearestPlace(curve, "roc", [0.3, 0.7]) ?? -1;
	expect(atThreshold(curve, place)).toMatchObject({ truePositives: 2, falsePositives: 1 });
});

test("nothing has no curve and no error", () => {
	expect([prPoints(EMPTY), rocPoints(EMPTY), calibration(EMPTY)]).toEqual([[], [], []]);
	expect(calibrationError(EMPTY)).toBeNaN();
	expect(atThreshold(EMPTY, 63).f1).toBeNaN();
	expect(nearestPlace(EMPTY, "pr", [0.5, 0.5])).toBeUndefined();
});
