// The last good route, kept over restarts: a balancer answers from it when nothing is known, and says so. Written whole or
// not at all. It stays valid for as long as its region names are those of the plan; its age is shown, never hidden.
import { join } from "node:path";
import { z } from "zod";
import { route as routeSchema } from "../api/balancer.ts";
import type { Plan } from "../domain/plan.ts";
import type { Route } from "../domain/route.ts";
import { makeFolder, readText, writeFileAtomic } from "../runtime/files.ts";
import { inTurn } from "../runtime/in-turn.ts";

const kept = z.object({
  version: z.literal(1),
  plan: z.string(),
  /** Wall clock: only to show the age. */
  savedAt: z.string(),
  route: routeSchema,
  /** The kernel path's last generation: one that was used must not be used again. */
  generation: z.number().int().nonnegative(),
});
export type KeptRoute = z.infer<typeof kept>;

export interface RouteStore {
  /** null: none, or not usable for this plan (`because` says which). */
  read(): Promise<{ readonly kept: KeptRoute | null; readonly because: string }>;
  save(route: Route, generation: number, savedAt: string): Promise<void>;
}

export function routeStore(folder: string, place: string, plan: Plan): RouteStore {
  const path = join(folder, `route-${place.replaceAll("/", "-")}.json`);
  const sites = new Set(plan.sites.map((site) => site.name));
  const oneAtATime = inTurn();
  return {
    read: async () => {
      const text = await readText(path);
      if (text === null) return { kept: null, because: "no route was kept" };
      const parsed = kept.safeParse(parseJson(text));
      if (!parsed.success) return { kept: null, because: `${path} can't be read as a route` };
      const route = parsed.data.route;
      const known = route.groups.every((group) =>
        Object.keys(group.weights).every((site) => sites.has(site)),
      );
      if (parsed.data.plan !== plan.name || !known)
        return { kept: null, because: `${path} is of another plan` };
      return { kept: parsed.data, because: `kept since ${parsed.data.savedAt}` };
    },
    save: (route, generation, savedAt) => {
      const content: KeptRoute = {
        version: 1,
        plan: plan.name,
        savedAt,
        generation,
        route: {
          ...route,
          groups: route.groups.map((group) => ({ ...group, weights: { ...group.weights } })),
        },
      };
      return oneAtATime(async () => {
        await makeFolder(folder);
        await writeFileAtomic(path, `${JSON.stringify(content)}\n`);
      });
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
