// Generated from nbviz/protocol/mesh.py by generate_protocol.py. Do not edit.
import type { ItemTag } from "./core.gen";

/** Meshes that were logged. */
export interface MeshesAdded {
	run_id: string;
	items: ItemTag[];
	overhead_share: number;
	buffer: number;
	kind: "meshes_added";
}

/** Ask for the mesh of a tag at or before a step, from a byte on; as much as fits. */
export interface SendMesh {
	kind: "send_mesh";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	start: number;
}

/** A part of a mesh. Buffer: bytes `start` and following of `size` ones: of each vertex uint16 × 3, position = middle + (value / 65534 - 0.5) × span, 65535 for one that is not finite; then its RGB where there are colors, uint8 × 3; then of each face uint32 × 3. */
export interface MeshSent {
	kind: "mesh_sent";
	client_id: string;
	request_id: number;
	run_id: string;
	tag: string;
	step: number;
	vertices: number;
	vertices_logged: number;
	faces: number;
	has_colors: boolean;
	middle: number[];
	span: number;
	start: number;
	size: number;
	buffer: number;
}

/** What comes unasked. */
export type MeshUpdate = MeshesAdded;
