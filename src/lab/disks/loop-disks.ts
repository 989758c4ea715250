// Disks that can lose power: ext4 on a loop device each. The image is a file without a name from its first moment, and the
// device clears itself, so the end of this process and of the mount namespaces that see its mounts, however they come, is
// the end of file, device and mount: nothing here cleans up. Needs real root, in a mount namespace of its own.
//
//   make ──► mounted ──cut──► unmounted, unsynchronised writes gone ──restore──► mounted
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import { run, runOk } from "../../runtime/process.ts";
import { type Disks, DISKS_FOLDER } from "./disks.ts";

export interface LoopDisksOptions {
  /** Part of the images' names, as losetup(8) shows them. */
  readonly lab: string;
  /** On a real disk, so that synchronising costs what it costs. */
  readonly imagesFolder: string;
  readonly bytesPerDisk: number;
  readonly clock: Clock;
}

// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (linux, fs/ext4/ext4.h): neither data nor journal are written out.
// Node has no ioctl(2). All are opened first, so that all go down in the same instant.
const SHUTDOWN = `
my @disks = map { open(my $disk, "<", $_) or die "open $_: $!"; $disk } @ARGV;
for my $disk (@disks) { my $flags = pack("I", 2); ioctl($disk, 0x8004587d, $flags) or die "shutdown: $!"; }
`;
/** A file system that an init still holds while it ends, or a device that clears itself behind our back. */
const RELEASED_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 20;

interface Image {
  readonly name: string;
  readonly path: string;
  readonly fd: number;
}

export function loopDisks({
  lab,
  imagesFolder,
  bytesPerDisk,
  clock,
}: LoopDisksOptions): Disks & AsyncDisposable {
  const images = new Map<string, Image>();
  const mounted = new Set<string>();
  const folderOf = (disk: string) => `${DISKS_FOLDER}/${disk}`;
  /** As other programs can open it. */
  const fileOf = ({ fd }: Image) => `/proc/${process.pid}/fd/${fd}`;
  const imageOf = (disk: string): Image => {
    const image = images.get(disk);
    if (image === undefined) throw new RangeError(`no disk ${disk}`);
    return image;
  };

  const format = async (image: Image) => {
    ftruncateSync(image.fd, 0);
    ftruncateSync(image.fd, bytesPerDisk);
    const quick = "nodiscard,lazy_itable_init=1,lazy_journal_init=1"; // a new sparse file reads as zeros
    await runOk(["mkfs.ext4", "-q", "-F", "-m", "0", "-E", quick, fileOf(image)]);
  };
  const mount = async (disk: string) => {
    // ext4 writes out by itself every 5 s: too good to a program that does not synchronise.
    const options = "loop,noatime,nosuid,nodev,commit=300";
    await runOk(["mount", "-t", "ext4", "-o", options, fileOf(imageOf(disk)), folderOf(disk)]);
    mounted.add(disk);
    await goDirect(deviceOf(imageOf(disk)));
  };
  const shutDown = async (disks: readonly string[]) => {
    if (disks.length > 0) await runOk(["perl", "-e", SHUTDOWN, ...disks.map(folderOf)]);
  };
  const cut = async (disks: readonly string[]) => {
    await shutDown(disks);
    for (const disk of disks) {
      await runOk(["umount", folderOf(disk)]);
      mounted.delete(disk);
    }
    // Mounted twice, an image would be destroyed: not before the kernel has let go of it.
    const endMs = clock.nowMs() + RELEASED_WITHIN_MS;
    for (const disk of disks)
      while (deviceOf(imageOf(disk)) !== null) {
        if (clock.nowMs() > endMs) throw new Error(`the disk ${disk} is still in use`);
        await clock.sleep(LOOK_AGAIN_MS);
      }
  };

  return {
    async make(disk) {
      const name = `outlast-${lab}-${disk}`;
      const path = join(imagesFolder, `.${name}.${process.pid}`);
      const fd = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      const image = { name, path, fd };
      images.set(disk, image);
      await mkdir(folderOf(disk), { recursive: true });
      await format(image);
      await mount(disk);
    },
    async wipe(disk) {
      await cut([disk]);
      await format(imageOf(disk));
      await mount(disk);
    },
    power: {
      cut,
      restore: async (disks) => {
        await Promise.all(disks.map(mount));
      },
    },
    /** Nobody will read them again: without power the kernel has nothing to write out when it unmounts them. */
    async [Symbol.asyncDispose]() {
      await shutDown([...mounted]);
      for (const { fd } of images.values()) closeSync(fd);
    },
  };
}

/** The loop device that an image is on. */
function deviceOf({ path }: Image): string | null {
  for (const device of readdirSync("/sys/block").filter((name) => name.startsWith("loop"))) {
    try {
      const backing = readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8").trim();
      if (backing.replace(/ \(deleted\)$/, "") === path) return `/dev/${device}`;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause; // ENOENT: the device is free
    }
  }
  return null;
}

/** Past the host's page cache, where the host's file system can: a synchronised write is then on the host's disk. */
async function goDirect(device: string | null): Promise<void> {
  if (device !== null) await run(["losetup", "--direct-io=on", device]);
}
