import { expect, test } from "vitest";
import { orderCharts, splitTag } from "../../src/charts/tags";

test.each([
	["loss/train", "loss", "train", false],
	["loss/val", "loss", "val", true],
	["train/loss", "loss", "train", false],
	["val_loss", "loss", "val", true],
	["train_loss", "loss", "train", false],
	["accuracy_val", "accuracy", "val", true],
	["head/loss/test", "head/loss", "test", true],
	["accuracy", "accuracy", "", false],
	["norm/layer1", "norm/layer1", "", false],
	["train", "train", "", false],
	["/train", "/train", "", false],
	["", "", "", false],
])("%s belongs to chart %s", (tag, chart, split, isValidation) => {
	expect(splitTag(tag)).toMatchObject({ chart, split, isValidation });
});

test.each([
	["lr", true],
	["lr/backbone", false],
	["optimizer/lr", true],
	["lr_0", true],
	["learning_rate", true],
	["lrap", false],
])("%s is a setting: %s", (tag, isSetting) => {
	expect(splitTag(tag).isSetting).toBe(isSetting);
});

test("loss stands first, learning rate and gradient norm last, others as they came", () => {
	const titles = ["grad_norm", "zebra", "lr", "accuracy", "apple", "loss"];
	expect(orderCharts(titles)).toEqual(["loss", "accuracy", "zebra", "apple", "lr", "grad_norm"]);
});
