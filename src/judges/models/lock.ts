// At most one holder. The holder is the session, because its process is retired when an answer is lost.
import { refused, type SequentialModel } from "./model.ts";

export const LOCK: SequentialModel = {
  name: "lock",
  summary: "acquire and release: never two holders, and only the holder releases",
  perKey: true,
  kinds: new Set(["acquire", "release"] as const),
  reads: new Set(),
  initial: null,
  step(state, { op, process, session }) {
    const who = session === undefined ? `process ${process}` : `session ${session}`;
    if (op === "acquire") return state === null ? who : refused;
    return state === who ? null : refused;
  },
};
