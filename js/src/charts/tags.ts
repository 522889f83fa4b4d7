// Which tags share a chart, and in which order charts stand: loss first, learning rates last.

const TRAIN = ["train", "training"];
const VALIDATION = ["val", "valid", "validation", "test", "eval"];
const SPLITS = [...TRAIN, ...VALIDATION];
/** Tags that differ by class, or by group of parameters, are lines of one chart. */
const MEMBER = /^(?:.*\/)?per_class\/.+$|^(?:.*\/)?(?:lr|learning_rate)\/[^/]+$/;
const FIRST = ["loss", "accuracy"];
const LAST = ["lr", "grad_norm"];

export interface TagParts {
	/** The chart's title: `loss` for `loss/train`. */
	readonly chart: string;
	/** `train`, `val` …; empty where the tag has no split. */
	readonly split: string;
	readonly isValidation: boolean;
	/** What was set, such as a learning rate, rather than measured: never smoothed. */
	readonly isSetting: boolean;
}

/**
 * Takes a tag apart: `loss/train`, `train/loss`, `val_loss` and `loss_val` are understood, and what is
 * given by class (`per_class/recall/cat`) or by group of parameters (`lr/0`).
 */
export function splitTag(tag: string): TagParts {
	for (const separator of ["/", "_"]) {
		const end = tag.lastIndexOf(separator);
		const start = tag.indexOf(separator);
		const parts = [
			[tag.slice(0, Math.max(0, end)), tag.slice(end + 1)],
			[tag.slice(start + 1), tag.slice(0, Math.max(0, start))],
		] as const;
		for (const [chart, split] of parts) {
			if (chart !== "" && SPLITS.includes(split)) {
				const isValidation = VALIDATION.includes(split);
				return { chart, split, isValidation, isSetting: isSetting(chart) };
			}
		}
	}
	const end = tag.lastIndexOf("/");
	const [chart, split] = MEMBER.test(tag) ? [tag.slice(0, end), tag.slice(end + 1)] : [tag, ""];
	return { chart, split, isValidation: false, isSetting: isSetting(chart) };
}

const LOWER = asWords(
	"[a-z]*loss(es)?|[a-z]*errors?|err|perplexity|ppl|nll|cross_entropy|xent|mae|mse|rmse|rmsle|mape" +
		"|wer|cer|fid|overhead|time|latency",
);
const HIGHER = asWords(
	"acc|[a-z]*accuracy|f1|auc|auroc|auprc|precision|recall|m?iou|dice|bleu|rouge|r2|m?ap|mrr|ndcg" +
		"|psnr|ssim|mcc|kappa|top[0-9]+|score|rewards?|returns?|throughput",
);

/**
 * Which values of a tag are the better ones; undefined where its name does not tell. The kernel goes
 * by the same rule (`nbviz/training/better_values.py`).
 */
export function betterValues(tag: string): "lower" | "higher" | undefined {
	const words = `${tag} ${tag.replace(/([a-z0-9])([A-Z])/g, "$1_$2")}`.toLowerCase(); // valLoss, too
	if (LOWER.test(words)) return "lower";
	return HIGHER.test(words) ? "higher" : undefined;
}

/** Charts in the order in which people look: loss, accuracy, others as they came, lr, grad_norm. */
export function orderCharts(titles: Iterable<string>): string[] {
	return [...titles].sort((a, b) => rank(a) - rank(b));
}

/** Tells whether a tag holds a text or matches it as a regular expression, in any case. */
export function tagMatcher(text: string): (tag: string) => boolean {
	const wanted = text.toLowerCase();
	let pattern: RegExp | undefined;
	try {
		pattern = new RegExp(text, "i");
	} catch {
		// Not an expression, or not yet: it is text.
	}
	return (tag) => tag.toLowerCase().includes(wanted) || pattern?.test(tag) === true;
}

function rank(title: string): number {
	const name = lastPart(title);
	if (FIRST.includes(name)) return FIRST.indexOf(name) - FIRST.length;
	if (LAST.includes(name)) return 1 + LAST.indexOf(name);
	return isSetting(title) ? 1 : 0;
}

function asWords(names: string): RegExp {
	return new RegExp(`(^|[^a-z0-9])(${names})[0-9]*([^a-z0-9]|$)`);
}

function isSetting(chart: string): boolean {
	return /^(lr|learning_rate)(?![a-z])/.test(lastPart(chart));
}

function lastPart(title: string): string {
	return title.slice(title.lastIndexOf("/") + 1);
}
