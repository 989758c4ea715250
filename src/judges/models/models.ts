// The table of sequential models. A new row is all that a new kind of object needs.
import { COUNTER } from "./counter.ts";
import { LOCK } from "./lock.ts";
import type { SequentialModel } from "./model.ts";
import { MULTI_REGISTER } from "./multi-register.ts";
import { QUEUE } from "./queue.ts";
import { REGISTER } from "./register.ts";
import { SET } from "./set.ts";

/** Those that have no judge of their own elsewhere. */
export const MODELS: readonly SequentialModel[] = [COUNTER, SET, QUEUE, LOCK, MULTI_REGISTER];
export { REGISTER };
