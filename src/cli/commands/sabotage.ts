// A drill's positive control: takes an acknowledged write out of the store. Started by src/drills/sabotage.ts in a lab.
import { Command } from "commander";
import { journalKey } from "../../api/ledger-keys.ts";
import { OutlastError } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import { loadPlan } from "../../plan/load.ts";
import { startEtcdClient } from "../../protocols/etcd/client.ts";
import { KV } from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";

const WITHIN_MS = 5_000;

export function build(): Command {
  return new Command("sabotage")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--unsafe-delete-journal <id>", "the entry to delete")
    .action(async ({ file, unsafeDeleteJournal }: { file: string; unsafeDeleteJournal: string }) => {
      const { sites, name } = await loadPlan(file);
      const address = sites[0]?.address ?? "";
      await using etcd = startEtcdClient(address, PORTS.engineClient);
      const key = new TextEncoder().encode(journalKey(unsafeDeleteJournal));
      const deleted = await etcd.call(
        KV.method.deleteRange,
        { key },
        { signal: AbortSignal.timeout(WITHIN_MS) },
      );
      if (deleted.kind !== "done") throw new OutlastError(deleted.failure);
      if (deleted.value.deleted === 1n) return;
      throw new OutlastError({
        code: "NOTHING_TO_DELETE",
        definite: true,
        what: `the journal has no entry ${unsafeDeleteJournal}`,
        where: `plan ${name}, member at ${address}`,
        next: "name an entry that was acknowledged",
      });
    });
}
