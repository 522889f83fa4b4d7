// Files that the reader takes away.

/** Hands a file to the reader's browser. */
export function download(content: Blob | string, name: string, type: string): void {
	const blob = typeof content === "string" ? new Blob([content], { type }) : content;
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	// The download has its own hold on the data once the click was handled.
	setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

/** A title as the name of a file. */
export function fileName(title: string, extension: string): string {
	const safe = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|-+$/g, "");
	return `${safe || "curves"}.${extension}`;
}

/** A text as a cell of a CSV file, quoted; a spreadsheet shows it and does not calculate it. */
export function csvCell(text: string): string {
	const shown = /^\s*[=+\-@]/.test(text) ? `'${text}` : text;
	return quote(shown);
}

function quote(text: string): string {
	return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
