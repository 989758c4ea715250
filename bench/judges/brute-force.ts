// Is the brute force that the tests trust (test/judges/brute-register.ts) right? Against Porcupine 1.3.1, built from its Go
// module, on every history of up to 3 operations, every 40th of 4, and 100 000 random ones. Ends with exit 1 at the first
// difference. Run it by hand: sh scripts/run-node bench/judges/brute-force.ts
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Operation } from "../../src/domain/history.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { runOk } from "../../src/runtime/process.ts";
import { bruteRegister } from "../../test/judges/brute-register.ts";
import { enumerateDistinct, TELLING_KINDS } from "../../test/judges/enumerate.ts";
import { randomRegister } from "../../test/judges/random-register.ts";

const VERSION = "1.3.1";
const value = (given: unknown): number => (given === null || given === undefined ? -1 : Number(given));

function textOf(operations: readonly Operation[]): string {
  const lines = operations.flatMap(({ op, input, output, outcome, invoked, completed }) => {
    if (outcome === "fail" || (op === "read" && outcome !== "ok")) return [];
    const [from, to] = op === "cas" ? (input as [unknown, unknown]) : [op === "read" ? output : input, null];
    const refused = op === "cas" && outcome === "ok" && output === false;
    const kind = op === "read" ? "r" : op === "write" ? "w" : refused ? "n" : "s";
    return [`${kind} ${value(from)} ${value(to)} ${invoked} ${completed ?? -1}\n`];
  });
  return `${lines.join("")}.\n`;
}

const folder = await mkdtemp(join(tmpdir(), "outlast-brute-"));
try {
  const go = (...args: string[]) => runOk(["go", ...args], { cwd: folder, timeoutMs: 300_000 });
  await runOk(["cp", "bench/judges/porcupine-each/main.go", folder]);
  await go("mod", "init", "peer");
  await go("get", `github.com/anishathalye/porcupine@v${VERSION}`);
  await go("build", "-o", "peer", ".");
  const [asked, answered] = [join(folder, "histories"), join(folder, "answers")];
  const file = createWriteStream(asked);
  const expected: boolean[] = [];
  let pending: string[] = [];
  const add = (operations: readonly Operation[]) => {
    expected.push(bruteRegister(operations));
    pending.push(textOf(operations));
  };
  const flush = async () => {
    if (!file.write(pending.join(""))) await once(file, "drain");
    pending = [];
  };
  for (const n of [1, 2, 3]) enumerateDistinct(n, TELLING_KINDS, add);
  await flush();
  enumerateDistinct(4, TELLING_KINDS, add, 40);
  await flush();
  const enumerated = expected.length;
  const random = seededRandom(9);
  for (let seed = 0; seed < 100_000; seed += 1)
    add(
      randomRegister(seed, {
        operations: 4 + random.below(6),
        processes: 4,
        values: random.pick([0, 2, 3]),
        casRatio: random.pick([0, 0.3, 0.6]),
        unknownRatio: random.pick([0, 0.2, 0.4]),
        lieRatio: random.pick([0, 0.5, 1]),
        lateRatio: random.pick([0, 0.4]),
        overlap: random.pick([0.3, 1, 4]),
      }),
    );
  await flush();
  file.end();
  await once(file, "close");
  await runOk(["sh", "-c", '"$0" "$1" > "$2"', join(folder, "peer"), asked, answered], {
    timeoutMs: 900_000,
  });
  let at = 0;
  let different = 0;
  for await (const line of createInterface({ input: createReadStream(answered) })) {
    if ((line === "1") !== expected[at]) different += 1;
    at += 1;
  }
  const valid = expected.filter((each) => each).length;
  process.stdout.write(
    `porcupine ${VERSION}: ${at} histories (${enumerated} enumerated, ${at - enumerated} random), ${valid} valid, ${at - valid} invalid, ${different} judged differently by the brute force\n`,
  );
  process.exitCode = different === 0 && at === expected.length ? 0 : 1;
} finally {
  await removeTree(folder);
}
