// Asks a running balancer for its route, and why it is so.
import { request } from "node:http";
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { BALANCER_ROUTES, type BalancerStatus, balancerStatus } from "../../api/balancer.ts";
import { OutlastError } from "../../domain/outcome.ts";
import { type Plan, PORTS } from "../../domain/plan.ts";
import { loadPlan } from "../../plan/load.ts";

const TIMEOUT_MS = 2_000;

interface Options {
  readonly file: string;
  readonly from?: string;
  readonly output: "text" | "json" | "yaml";
}

/** `from`: a site (name server) or a region (gateway); without it, the first name server that answers. */
function addressesOf(plan: Plan, from: string | undefined): string[] {
  const sites = plan.sites.filter(({ name }) => from === undefined || name === from);
  const regions = plan.regions.filter(({ name }) => from !== undefined && `gateway/${name}` === from);
  const found = [...sites.map(({ address }) => address), ...regions.map(({ gateway }) => gateway)];
  const known = found.filter((address) => address !== null);
  if (known.length > 0) return known;
  const names = [...plan.sites.map(({ name }) => name), ...plan.regions.map(({ name }) => `gateway/${name}`)];
  throw new OutlastError(
    {
      code: "BALANCER_UNKNOWN",
      definite: true,
      what:
        found.length > 0 ? "the plan gives no address to ask" : `no balancer ${from} in plan ${plan.name}`,
      where: "outlast route",
      next: `use a plan file with addresses; --from takes one of ${names.join(", ")}`,
    },
    2,
  );
}

function ask(host: string): Promise<BalancerStatus> {
  return new Promise((resolve, reject) => {
    const { method, path } = BALANCER_ROUTES.status;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const asked = request({ host, port: PORTS.balancer, method, path, signal }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        try {
          resolve(balancerStatus.parse(JSON.parse(text)));
        } catch (cause) {
          reject(cause as Error);
        }
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

function lines(status: BalancerStatus): string[] {
  const { route } = status;
  if (route === null) return [`${status.place}: no route (${status.routeFrom})`];
  const head = `${status.place}: serial ${route.serial}, epoch ${route.epoch ?? "unknown"}, ${route.held ? "held, " : ""}${status.routeFrom}`;
  const groups = route.groups.map(({ region, weights, because }) => {
    const sites = Object.entries(weights).map(([site, weight]) =>
      weight === 1 ? site : `${site} (${weight})`,
    );
    return `  ${region} → ${sites.join(", ") || "nothing"}: ${because}`;
  });
  const health = status.health.map(
    ({ site, reachable, ableToCommit, because }) =>
      `  ${site}: ${reachable ? "reachable" : "unreachable"}, ${ableToCommit ? "able to commit" : "unable"}: ${because}`,
  );
  const rows = status.rows.map(
    ({ region, ageMs, fresh }) => `  row of ${region}: ${ageMs} ms old${fresh ? "" : ", too old"}`,
  );
  const planes = status.planes.map(
    ({ plane, state, serial }) => `  ${plane}: ${state}, serial ${serial ?? "none"}`,
  );
  return [head, ...groups, ...health, ...rows, ...planes];
}

async function show({ file, from, output }: Options): Promise<void> {
  const addresses = addressesOf(await loadPlan(file), from);
  const answers = await Promise.allSettled(addresses.map(ask));
  const status = answers.find((answer) => answer.status === "fulfilled")?.value;
  if (status === undefined) {
    const first = answers.find((answer) => answer.status === "rejected");
    throw new OutlastError({
      code: "BALANCER_SILENT",
      definite: true,
      what: `no balancer answered: ${(first?.reason as Error | undefined)?.message ?? "no reason"}`,
      where: addresses.map((address) => `${address}:${PORTS.balancer}`).join(", "),
      next: "ask from where the addresses can be reached ('outlast lab exec SITE -- …'), or start 'outlast balancer'",
    });
  }
  const text =
    output === "json"
      ? JSON.stringify(status, null, 2)
      : output === "yaml"
        ? stringify(status).trimEnd()
        : lines(status).join("\n");
  process.stdout.write(`${text}\n`);
  if (status.route === null) process.exitCode = 5;
}

export function build(): Command {
  return new Command("route")
    .description("Which sites a balancer sends each client region to, and why")
    .requiredOption("-f, --file <plan>", "plan file with addresses")
    .option("--from <place>", "ask this one: SITE or gateway/REGION")
    .addOption(
      new Option("-o, --output <format>", "how to print").choices(["text", "json", "yaml"]).default("text"),
    )
    .action(show);
}
