// A thread of judge-keys.ts: asked for some keys of shared columns, it answers what the near-linear judge says of each.
import type { RegisterKey, Registers } from "../domain/register-columns.ts";
import { columnsOf } from "../domain/register-columns.ts";
import { judgeColumns } from "../judges/judge-columns.ts";
import { answerAsked } from "../runtime/threads.ts";

export interface KeysQuestion {
  readonly rows: Registers["rows"];
  readonly keys: readonly RegisterKey[];
}

answerAsked((question) => {
  const { rows, keys } = question as KeysQuestion;
  return keys.map((key) => judgeColumns(columnsOf({ rows }, key)));
});
