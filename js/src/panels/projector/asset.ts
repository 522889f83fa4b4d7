// The drawing of the projector as an asset, loaded when a run has embeddings and it is first seen.

import space from "../../charts/space/space.css";
import { styled } from "../../session/styled";
import shared from "../../ui/controls.css";
import { mountProjector } from "./panel";
import projector from "./projector.css";

export const version = VERSION;
export const mount = styled(mountProjector, shared, space, projector);
