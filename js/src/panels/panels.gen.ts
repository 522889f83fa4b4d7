// Generated from nbviz/panels/__init__.py by generate_protocol.py. Do not edit.
import { panel as toolbar } from "./toolbar";
import { panel as curves } from "./curves";
import { panel as weights } from "./weights";
import { panel as media } from "./media";
import { panel as graph } from "./graph";
import { panel as log } from "./log";

export const PANELS = [toolbar, curves, weights, media, graph, log] as const;
