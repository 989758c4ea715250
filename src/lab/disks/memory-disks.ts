// Disks in memory, each a tmpfs of its own: synchronising costs nothing, and nothing can be lost by a loss of power.
import { mkdir } from "node:fs/promises";
import { runOk } from "../../runtime/process.ts";
import { type Disks, DISKS_FOLDER } from "./disks.ts";

export function memoryDisks(bytes: number): Disks {
  const make = async (name: string) => {
    const folder = `${DISKS_FOLDER}/${name}`;
    await mkdir(folder, { recursive: true });
    await runOk(["mount", "-t", "tmpfs", "-o", `size=${bytes},mode=0755`, "outlast", folder]);
  };
  return {
    make,
    wipe: async (name) => {
      await runOk(["umount", `${DISKS_FOLDER}/${name}`]);
      await make(name);
    },
  };
}
