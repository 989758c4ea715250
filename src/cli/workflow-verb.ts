// Verbs that ask an agent for a workflow and follow it to its end: what each is for is in commands/<verb>.ts.
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { Command } from "commander";
import { AGENT_ROUTES, workflowAnswer, type WorkflowAnswer, type WorkflowAsked } from "../api/agent.ts";
import { addressOf } from "../domain/address.ts";
import { type ExitCode, OutlastError } from "../domain/outcome.ts";
import { type Plan, PORTS } from "../domain/plan.ts";
import { loadPlan } from "../plan/load.ts";
import { systemClock as clock } from "../runtime/clock.ts";
import { interruption } from "../runtime/process.ts";

export interface WorkflowOptions {
  readonly file: string;
  readonly via?: string;
  readonly tokenFile: string;
  readonly by?: string;
  readonly reason?: string;
}

const LOOK_MS = 150;
const CALL_MS = 5_000;

const failure = (code: string, what: string, where: string, next: string, exit: ExitCode): OutlastError =>
  new OutlastError({ code, definite: exit === 4, what, where, next }, exit);

/** The agents to be asked, one after the other until one answers. */
function agentsOf(plan: Plan, via: string | undefined, preferred: string | undefined): [string, string][] {
  const sites = plan.sites.filter(({ name }) => via === undefined || name === via);
  const rank = (name: string) => (name === preferred ? 0 : 1);
  return sites
    .toSorted((a, b) => rank(a.name) - rank(b.name))
    .map(({ name, address }) => [name, `http://${addressOf(address, `site ${name}`)}:${PORTS.agent}`]);
}

async function ask(
  base: string,
  path: string,
  signal: AbortSignal,
  body?: { readonly token: string; readonly asked: WorkflowAsked },
): Promise<{ readonly status: number; readonly body: unknown } | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
  try {
    const response = await fetch(
      base + path,
      body === undefined
        ? { signal: limit }
        : {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${body.token}` },
            body: JSON.stringify(body.asked),
            signal: limit,
          },
    );
    return { status: response.status, body: await response.json() };
  } catch {
    return null; // it does not answer: the next one may
  }
}

/** Prints each proof as it comes. Throws OutlastError: refused (exit 4), nobody answers (exit 3). */
export async function runWorkflow(
  options: WorkflowOptions,
  asked: Omit<WorkflowAsked, "by" | "reason">,
  preferred?: string,
): Promise<void> {
  const signal = interruption();
  const plan = await loadPlan(options.file);
  const token = (await readFile(options.tokenFile, "utf8")).trim();
  const by = options.by ?? userInfo().username;
  const whole: WorkflowAsked = {
    ...asked,
    by,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  };
  const agents = agentsOf(plan, options.via, preferred);
  let begun: WorkflowAnswer | null = null;
  for (const [site, base] of agents) {
    const answer = await ask(base, AGENT_ROUTES.ask.path, signal, { token, asked: whole });
    if (answer === null) continue;
    if (answer.status !== 202) {
      const { error } = answer.body as { error?: string };
      throw failure(
        "WORKFLOW_REFUSED",
        error ?? `it answered ${answer.status}`,
        `agent of ${site}`,
        "look at its status",
        4,
      );
    }
    begun = workflowAnswer.parse(answer.body);
    break;
  }
  if (begun === null)
    throw failure(
      "NO_AGENT_ANSWERS",
      "no agent answers",
      agents.map(([name]) => name).join(", "),
      "see that one runs",
      3,
    );
  let told = 0;
  for (let now: WorkflowAnswer = begun; ; ) {
    for (const { what, by: who } of now.proofs.slice(told)) process.stdout.write(`${who}: ${what}\n`);
    told = now.proofs.length;
    if (now.ended === "done") return;
    if (now.ended !== null)
      throw failure(
        "WORKFLOW_REFUSED",
        now.endedBecause ?? now.ended,
        `step ${told + 1}`,
        "look at its status",
        4,
      );
    await clock.sleep(LOOK_MS, signal);
    if (signal.aborted)
      throw failure(
        "INTERRUPTED",
        `${begun.id} goes on without this command`,
        now.step ?? "",
        "ask an agent for it",
        130,
      );
    for (const [, base] of agents) {
      const answer = await ask(base, AGENT_ROUTES.workflow.path.replace(":id", begun.id), signal);
      if (answer?.status !== 200) continue;
      now = workflowAnswer.parse(answer.body);
      break;
    }
  }
}

export const workflowCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--token-file <path>", "the agents' token (the file token in an agent's data folder)")
    .option("--via <site>", "ask this site's agent only")
    .option("--by <name>", "who asks (the name of this user)")
    .option("--reason <text>", "why, for the record");
