// Generated from nbviz/protocol/__init__.py by generate_protocol.py. Do not edit.
import type { Acknowledge, AssetSent, CommandDone, CommandFailed, KeepRun, Pull, Ready, SendAsset, SetWanted } from "./core.gen";
import type { ActOnUnseen, Control, EpochsStarted, EventsRecorded, GoingBackChanged, PhaseChanged, RunAdded, RunChanged, SettingsChanged, UnseenChanged } from "./run.gen";
import type { BucketsAppended, PointsAppended, RangeSent, SendRange, SeriesAdded, TagsExpected } from "./curves.gen";
import type { RenameRun, RunDescribed, ValuesRead } from "./runs.gen";
import type { LayersListed, SendWeights, WeightsKept, WeightsSent, WeightsUpdated } from "./weights.gen";
import type { ImageSent, MediaAdded, SendMedia, TensorSent, VideoSent } from "./media.gen";
import type { ConfusionAdded, ConfusionSent, SendConfusion } from "./confusion.gen";
import type { EditData, PredictionsAdded, PredictionsSent, SamplesSent, SendPredictions, SendSamples } from "./predictions.gen";
import type { RocAdded, RocSent, SendRoc } from "./roc.gen";
import type { RowsSent, SendRows, TablesAdded } from "./tables.gen";
import type { HistogramsAdded, HistogramsSent, SendHistograms } from "./histograms.gen";
import type { SendText, TextAdded, TextSent } from "./text.gen";
import type { AudioAdded, AudioSent, SendAudio } from "./audio.gen";
import type { FigureSent, FiguresAdded, LibrarySent, SendFigure, SendLibrary } from "./figures.gen";
import type { MeshSent, MeshesAdded, SendMesh } from "./mesh.gen";
import type { CancelLayout, ColumnSent, EmbeddingSent, EmbeddingsAdded, LayoutChanged, NeighboursSent, PositionsSent, SelectPoints, SendColumn, SendEmbedding, SendNeighbours, SendPositions, SendThumbnails, StartLayout, ThumbnailsSent } from "./projector.gen";
import type { GraphAdded, GraphBroken, GraphSent, OverlayUpdated, SendGraph } from "./graph.gen";
import type { LinesAppended } from "./log.gen";
import type { SystemListed, SystemSampled } from "./system.gen";

export type * from "./core.gen";
export type * from "./run.gen";
export type * from "./curves.gen";
export type * from "./runs.gen";
export type * from "./weights.gen";
export type * from "./media.gen";
export type * from "./confusion.gen";
export type * from "./predictions.gen";
export type * from "./roc.gen";
export type * from "./tables.gen";
export type * from "./histograms.gen";
export type * from "./text.gen";
export type * from "./audio.gen";
export type * from "./figures.gen";
export type * from "./mesh.gen";
export type * from "./projector.gen";
export type * from "./graph.gen";
export type * from "./log.gen";
export type * from "./system.gen";
export type * from "./summary.gen";
export type * from "./windows.gen";

export type Update = CommandDone | CommandFailed | AssetSent | RunAdded | RunChanged | SettingsChanged | GoingBackChanged | PhaseChanged | EpochsStarted | EventsRecorded | UnseenChanged | SeriesAdded | TagsExpected | PointsAppended | BucketsAppended | RangeSent | RunDescribed | ValuesRead | LayersListed | WeightsUpdated | WeightsKept | WeightsSent | MediaAdded | ImageSent | VideoSent | TensorSent | ConfusionAdded | ConfusionSent | PredictionsAdded | PredictionsSent | SamplesSent | RocAdded | RocSent | TablesAdded | RowsSent | HistogramsAdded | HistogramsSent | TextAdded | TextSent | AudioAdded | AudioSent | FiguresAdded | FigureSent | LibrarySent | MeshesAdded | MeshSent | EmbeddingsAdded | LayoutChanged | EmbeddingSent | PositionsSent | ColumnSent | ThumbnailsSent | NeighboursSent | GraphAdded | OverlayUpdated | GraphBroken | GraphSent | LinesAppended | SystemListed | SystemSampled;

export type Request = Ready | Acknowledge | Pull | SendAsset | SetWanted | KeepRun | Control | ActOnUnseen | SendRange | RenameRun | SendWeights | SendMedia | SendConfusion | SendPredictions | SendSamples | EditData | SendRoc | SendRows | SendHistograms | SendText | SendAudio | SendFigure | SendLibrary | SendMesh | SendEmbedding | SendPositions | SendColumn | SendThumbnails | SendNeighbours | StartLayout | CancelLayout | SelectPoints | SendGraph;

/** All that one page needs to draw now; the frames after it continue from `sequence`. */
export interface Snapshot {
	kind: "snapshot";
	client_id: string;
	sequence: number;
	updates: (CommandDone | CommandFailed | AssetSent | RunAdded | RunChanged | SettingsChanged | GoingBackChanged | PhaseChanged | EpochsStarted | EventsRecorded | UnseenChanged | SeriesAdded | TagsExpected | PointsAppended | BucketsAppended | RangeSent | RunDescribed | ValuesRead | LayersListed | WeightsUpdated | WeightsKept | WeightsSent | MediaAdded | ImageSent | VideoSent | TensorSent | ConfusionAdded | ConfusionSent | PredictionsAdded | PredictionsSent | SamplesSent | RocAdded | RocSent | TablesAdded | RowsSent | HistogramsAdded | HistogramsSent | TextAdded | TextSent | AudioAdded | AudioSent | FiguresAdded | FigureSent | LibrarySent | MeshesAdded | MeshSent | EmbeddingsAdded | LayoutChanged | EmbeddingSent | PositionsSent | ColumnSent | ThumbnailsSent | NeighboursSent | GraphAdded | OverlayUpdated | GraphBroken | GraphSent | LinesAppended | SystemListed | SystemSampled)[];
}

/** What is new since frame `sequence - 1`. `client_id` is empty when it is for every page. */
export interface Frame {
	kind: "frame";
	client_id: string;
	sequence: number;
	updates: (CommandDone | CommandFailed | AssetSent | RunAdded | RunChanged | SettingsChanged | GoingBackChanged | PhaseChanged | EpochsStarted | EventsRecorded | UnseenChanged | SeriesAdded | TagsExpected | PointsAppended | BucketsAppended | RangeSent | RunDescribed | ValuesRead | LayersListed | WeightsUpdated | WeightsKept | WeightsSent | MediaAdded | ImageSent | VideoSent | TensorSent | ConfusionAdded | ConfusionSent | PredictionsAdded | PredictionsSent | SamplesSent | RocAdded | RocSent | TablesAdded | RowsSent | HistogramsAdded | HistogramsSent | TextAdded | TextSent | AudioAdded | AudioSent | FiguresAdded | FigureSent | LibrarySent | MeshesAdded | MeshSent | EmbeddingsAdded | LayoutChanged | EmbeddingSent | PositionsSent | ColumnSent | ThumbnailsSent | NeighboursSent | GraphAdded | OverlayUpdated | GraphBroken | GraphSent | LinesAppended | SystemListed | SystemSampled)[];
}

/** Answers to one page's request, outside the sequence of frames. */
export interface Reply {
	kind: "reply";
	client_id: string;
	updates: (CommandDone | CommandFailed | AssetSent | RunAdded | RunChanged | SettingsChanged | GoingBackChanged | PhaseChanged | EpochsStarted | EventsRecorded | UnseenChanged | SeriesAdded | TagsExpected | PointsAppended | BucketsAppended | RangeSent | RunDescribed | ValuesRead | LayersListed | WeightsUpdated | WeightsKept | WeightsSent | MediaAdded | ImageSent | VideoSent | TensorSent | ConfusionAdded | ConfusionSent | PredictionsAdded | PredictionsSent | SamplesSent | RocAdded | RocSent | TablesAdded | RowsSent | HistogramsAdded | HistogramsSent | TextAdded | TextSent | AudioAdded | AudioSent | FiguresAdded | FigureSent | LibrarySent | MeshesAdded | MeshSent | EmbeddingsAdded | LayoutChanged | EmbeddingSent | PositionsSent | ColumnSent | ThumbnailsSent | NeighboursSent | GraphAdded | OverlayUpdated | GraphBroken | GraphSent | LinesAppended | SystemListed | SystemSampled)[];
}

export type Message = Snapshot | Frame | Reply;

/** Which updates answer a request, by its kind. */
export interface Answers {
	send_asset: AssetSent;
	set_wanted: CommandDone;
	keep_run: CommandDone;
	control: CommandDone;
	act_on_unseen: CommandDone;
	send_range: RangeSent;
	rename_run: CommandDone;
	send_weights: WeightsSent;
	send_media: ImageSent | VideoSent | TensorSent;
	send_confusion: ConfusionSent;
	send_predictions: PredictionsSent;
	send_samples: SamplesSent;
	edit_data: CommandDone;
	send_roc: RocSent;
	send_rows: RowsSent;
	send_histograms: HistogramsSent;
	send_text: TextSent;
	send_audio: AudioSent;
	send_figure: FigureSent;
	send_library: LibrarySent;
	send_mesh: MeshSent;
	send_embedding: EmbeddingSent;
	send_positions: PositionsSent;
	send_column: ColumnSent;
	send_thumbnails: ThumbnailsSent;
	send_neighbours: NeighboursSent;
	start_layout: CommandDone;
	cancel_layout: CommandDone;
	select_points: CommandDone;
	send_graph: GraphSent;
}
