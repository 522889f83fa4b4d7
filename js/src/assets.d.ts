/** The bundler turns style sheets and worker scripts into text. */
declare module "*.css" {
	const text: string;
	export default text;
}

declare module "*?worker" {
	const text: string;
	export default text;
}

/** Tells builds of nbviz apart; set by the bundler. */
declare const VERSION: string;
