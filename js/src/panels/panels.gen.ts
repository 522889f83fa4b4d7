// Generated from nbviz/panels/__init__.py by generate_protocol.py. Do not edit.
import { panel as toolbar } from "./toolbar";
import { panel as curves } from "./curves";
import { panel as runs } from "./runs";
import { panel as weights } from "./weights";
import { panel as media } from "./media";
import { panel as predictions } from "./predictions";
import { panel as confusion } from "./confusion";
import { panel as roc } from "./roc";
import { panel as tables } from "./tables";
import { panel as histograms } from "./histograms";
import { panel as text } from "./text";
import { panel as audio } from "./audio";
import { panel as figures } from "./figures";
import { panel as projector } from "./projector";
import { panel as mesh } from "./mesh";
import { panel as graph } from "./graph";
import { panel as log } from "./log";
import { panel as system } from "./system";

export const PANELS = [toolbar, curves, runs, weights, media, predictions, confusion, roc, tables, histograms, text, audio, figures, projector, mesh, graph, log, system] as const;
