// What the process that judges tells the one that watches it: one JSON value a line on its standard output.
import type { Judged } from "../evidence/verdict/judged.ts";

export type JudgeMessage =
  | { readonly stage: "reading"; readonly file: string; readonly operations: number }
  | { readonly stage: "judging"; readonly model: string }
  | { readonly stage: "judged"; readonly judged: Judged };

export const sendMessage = (message: JudgeMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};
