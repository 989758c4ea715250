// What must never be, in any world.
import { siteName } from "./model.ts";
import { at, isOpen, type World, type WorldSite } from "./world.ts";

/** null: all is well. */
export function violation(world: World): string | null {
  let serving: { readonly index: number; readonly epoch: number } | null = null;
  for (let index = 0; index < world.sites.length; index += 1) {
    const site = at(world.sites, index);
    for (const { epoch } of site.fence) {
      if (!isOpen(site, epoch)) continue;
      if (serving !== null)
        return `two epochs served at once: ${siteName(serving.index)} epoch ${serving.epoch}, ${siteName(index)} epoch ${epoch}`;
      serving = { index, epoch };
      const wrong = servedWrongly(world, site, index, epoch);
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

function servedWrongly(world: World, site: WorldSite, index: number, epoch: number): string | null {
  const { role, promotedEpoch, log } = site.member;
  if (role !== "primary" || promotedEpoch !== epoch) return null;
  for (let write = 1; write <= world.writes.length; write += 1)
    if (world.writes[write - 1]?.acknowledged === true && !log.includes(write))
      return `an acknowledged write is lost: write ${write} is not at ${siteName(index)}, which serves epoch ${epoch}`;
  // Epoch 1 was opened before the exploration began.
  if (epoch === 1 || world.sites.some(({ member }, other) => other !== index && member.log.includes(-epoch)))
    return null;
  return `${siteName(index)} serves epoch ${epoch} unprotected: no standby has followed it`;
}
