// TeX between dollars as plain letters: Greek, roots and signs, and small numbers above and below.

const SIGNS: Readonly<Record<string, string>> = {
	...{ alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", zeta: "ζ", eta: "η" },
	...{ theta: "θ", iota: "ι", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π" },
	...{ rho: "ρ", sigma: "σ", tau: "τ", phi: "φ", chi: "χ", psi: "ψ", omega: "ω" },
	...{ Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ" },
	...{ Phi: "Φ", Psi: "Ψ", Omega: "Ω", pm: "±", times: "×", cdot: "·", div: "÷", le: "≤" },
	...{ leq: "≤", ge: "≥", geq: "≥", ne: "≠", neq: "≠", approx: "≈", infty: "∞", sum: "∑" },
	...{ int: "∫", partial: "∂", nabla: "∇", in: "∈", to: "→", rightarrow: "→", leftarrow: "←" },
	...{ sqrt: "√", ldots: "…", dots: "…", quad: " ", hbar: "ℏ", ell: "ℓ", circ: "°", sim: "∼" },
};
const ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const BELOW = "₀₁₂₃₄₅₆₇₈₉";

/** A text with what stands between dollars in letters that any font has. */
export function shortTex(text: string): string {
	return text.replace(/\$([^$]+)\$/g, (_, tex: string) => lettersOf(tex));
}

function lettersOf(tex: string): string {
	return tex
		.replace(/\\(?:text|mathrm|mathbf|mathit|operatorname)\s*\{([^{}]*)\}/g, "$1")
		.replace(/\\(?:left|right|,|;|!|displaystyle)/g, "")
		.replace(/\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "$1⁄$2")
		.replace(/\\([A-Za-z]+)/g, (whole, name: string) => SIGNS[name] ?? whole.slice(1))
		.replace(/([\^_])(?:\{([^{}]*)\}|(.))/g, (_, where: string, group = "", one = "") =>
			small(group || one, where === "^"),
		)
		.replace(/[{}]/g, "")
		.replace(/\s+/g, " ")
		.trim();
}

function small(text: string, isAbove: boolean): string {
	const digits = isAbove ? ABOVE : BELOW;
	const minus = isAbove ? "⁻" : "₋";
	// Of letters few are there above or below: they stand on the line.
	const letter = (one: string) =>
		one === "-" ? minus : ((/\d/.test(one) ? digits[Number(one)] : undefined) ?? one);
	return [...text].map(letter).join("");
}
