// Generated from nbviz/protocol/graph.py by generate_protocol.py. Do not edit.

export type AutogradKind = "function" | "leaf" | "saved" | "output" | "base";

export type AutogradTie = "saved" | "view";

export type OverlayName = "activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio";

/** One box of the model's graph: a module call, an operation, an input or an output. */
export interface GraphNode {
	node_id: string;
	kind: "module" | "operation" | "input" | "output";
	label: string;
	type: string;
	path: string;
	detail: string;
	output_shapes: number[][];
	dtype: string;
	parameter_count: number;
	trainable_count: number;
	flops: number;
	child_count: number;
	tied: string[];
	repeat: number;
	source: string;
	autograd: "function" | "leaf" | "saved" | "output" | "base" | null;
	attributes: [string, string][];
	error?: string;
}

/** A tensor that flows from one box of a level to another. */
export interface GraphEdge {
	source: string;
	target: string;
	shape: number[];
	tie?: "saved" | "view";
}

/** One level of the graph: the inside of one module call, or the whole model. */
export interface GraphLevel {
	scope: string;
	title: string;
	nodes: GraphNode[];
	edges: GraphEdge[];
	inputs: [string, string][];
	outputs: [string, string][];
	input_ties?: ("saved" | "view" | null)[];
	output_ties?: ("saved" | "view" | null)[];
	note: string;
}

/** The run has a model; sent again when other layers of it are watched. */
export interface GraphAdded {
	kind: "graph_added";
	run_id: string;
	watched: string[];
}

/** What the boxes of the graph in sight were measured to be, for one overlay. Buffer: float64, a value for each of `nodes`. Boxes without a value are left out. */
export interface OverlayUpdated {
	kind: "overlay_updated";
	run_id: string;
	overlay: "activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio";
	step: number;
	nodes: string[];
	note: string;
	first: string[];
	buffer: number;
}

/** Where the step broke that the run comes to next: the first NaN or infinity of it. */
export interface GraphBroken {
	kind: "graph_broken";
	run_id: string;
	step: number;
	boxes: string[];
	is_backward: boolean;
	text: string;
}

/** Ask for levels of the model's graph by their scopes; "" is the whole model. */
export interface SendGraph {
	kind: "send_graph";
	client_id: string;
	request_id: number;
	run_id: string;
	scopes: string[];
}

/** Levels of the model's graph. */
export interface GraphSent {
	kind: "graph_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	levels: GraphLevel[];
	overlays: ("activation_mean" | "activation_std" | "dead_share" | "nonfinite_share" | "time" | "gradient_norm" | "weight_norm" | "update_ratio")[];
}

/** What comes unasked. */
export type GraphUpdate = GraphAdded | OverlayUpdated | GraphBroken;
