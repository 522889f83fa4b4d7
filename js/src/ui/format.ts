// Numbers as people read them: few digits, units, and a width that does not jump.

const MINUS = "−";
// `toLocaleString` makes one for each number, which takes longer than a small chart.
const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** By significant digits. */
const formats: Record<number, Intl.NumberFormat> = {};

/** A number to `digits` significant digits, or whole; very small and very large ones as 1.2e−4. */
export function formatNumber(value: number, digits = 4): string {
	if (Number.isNaN(value)) return "NaN";
	if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
	if (value === 0) return "0";
	const size = Math.abs(value);
	if (size >= 1e-3 && size < 1e6) {
		if (size >= 10 ** digits) return signed(formatCount(value));
		const rounded = Number(value.toPrecision(digits));
		formats[digits] ??= new Intl.NumberFormat("en", { maximumSignificantDigits: digits });
		return signed(formats[digits].format(rounded));
	}
	const [mantissa = "", exponent = ""] = value.toExponential(digits - 1).split("e");
	return signed(`${Number(mantissa)}e${exponent.replace("+", "")}`);
}

/** A number as a person would type it into a field: 0.001, 3e-5. */
export function formatField(value: number): string {
	const rounded = Number(value.toPrecision(6));
	const size = Math.abs(rounded);
	return size !== 0 && (size < 1e-3 || size >= 1e6) ? rounded.toExponential() : String(rounded);
}

/** A count with its thousands apart. */
export function formatCount(value: number): string {
	return counts.format(value);
}

/** How many of something: 1 row, 1,200 rows. */
export function counted(count: number, one: string, many = `${one}s`): string {
	return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Seconds as 4.2 s, 42 s, 3 min 20 s, 2 h 05 min, 3 d 4 h. */
export function formatDuration(seconds: number): string {
	if (!Number.isFinite(seconds) || seconds < 0) return "–";
	if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
	const hours = Math.round(seconds / 3600);
	return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Seconds since the run started as a clock: 0:07.4, 12:31, 1:02:31. */
export function formatClock(seconds: number): string {
	if (!Number.isFinite(seconds) || seconds < 0) return "";
	const tenths = Math.floor(seconds * 10);
	const whole = Math.floor(tenths / 10);
	const clock = `${Math.floor(whole / 60) % 60}:${two(whole % 60)}`;
	if (whole >= 3600) return `${Math.floor(whole / 3600)}:${clock.padStart(5, "0")}`;
	return whole < 600 ? `${clock}.${tenths % 10}` : clock;
}

/** Bytes in powers of 1000, as device makers and `nvidia-smi` readers count them. */
export function formatBytes(bytes: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let size = bytes;
	let unit = 0;
	while (size >= 999.5 && unit < units.length - 1) {
		size /= 1000;
		unit += 1;
	}
	return `${size < 99.5 && unit > 0 ? Number(size.toPrecision(2)) : Math.round(size)} ${units[unit]}`;
}

/** A share of one as per cent, two significant digits. */
export function formatPercent(share: number): string {
	const percent = share * 100;
	if (percent > 0 && percent < 0.1) return "< 0.1 %";
	return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** A shape as 16 × 3 × 3. */
export function formatShape(shape: readonly number[]): string {
	return shape.length === 0 ? "scalar" : shape.join(" × ");
}

function signed(text: string): string {
	return text.replace(/-/g, MINUS);
}

function two(value: number): string {
	return String(value).padStart(2, "0");
}
