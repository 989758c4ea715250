// The disks of a lab that can lose power; started by start-lab, in a mount namespace of its own.
import { Command } from "commander";
import { loopDisks } from "../../lab/disks/loop-disks.ts";
import { serveDisks } from "../../lab/disks/serve-disks.ts";
import { systemClock } from "../../runtime/clock.ts";

/** By the Filesystem Hierarchy Standard on disk, as /tmp need not be. */
const IMAGES_FOLDER = "/var/tmp";

export function build(): Command {
  return new Command("disks")
    .requiredOption("--lab <name>", "name of the lab")
    .requiredOption("--bytes <n>", "size of each disk", Number)
    .action(async ({ lab, bytes }: { lab: string; bytes: number }) => {
      const starterGone = new Promise((resolve) => process.stdin.once("end", resolve).resume());
      {
        await using disks = loopDisks({
          lab,
          imagesFolder: IMAGES_FOLDER,
          bytesPerDisk: bytes,
          clock: systemClock,
        });
        await serveDisks(disks, () => process.stdout.write(`{"ready":true}\n`), starterGone);
      }
      process.exit(0); // its input may still be open
    });
}
