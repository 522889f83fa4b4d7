import { expect, test } from "vitest";
import { betterValues, orderCharts, splitTag } from "../../src/charts/tags";
import { rule } from "../fixtures";

interface Rule {
	readonly tags: readonly {
		readonly tag: string;
		readonly chart: string;
		readonly split: string;
		readonly is_validation: boolean;
		readonly is_setting: boolean;
	}[];
	readonly orders: readonly { readonly charts: string[]; readonly ordered: string[] }[];
}

const { tags, orders } = rule<Rule>("tags");
const { better } = rule<{ better: [string, "lower" | "higher" | null][] }>("better");

test.each(tags)(
	"$tag belongs to chart $chart",
	({ tag, chart, split, is_validation, is_setting }) => {
		const expected = { chart, split, isValidation: is_validation, isSetting: is_setting };
		expect(splitTag(tag)).toEqual(expected);
	},
);

test.each(orders)(
	"loss stands first, what was set and the gradient norm last: $charts",
	(order) => {
		expect(orderCharts(order.charts)).toEqual(order.ordered);
	},
);

test.each(better)("the better values of %s are %s", (tag, values) => {
	expect(betterValues(tag)).toBe(values ?? undefined);
});
