// What a lab's places keep their data on. Two kinds: memory, for everyone; a file system on a loop device, which can lose
// what was not synchronised, for root.
export type DiskKind = "memory" | "loop";

/** A disk is named by its place's network namespace and mounted at DISKS_FOLDER/NAME in the keeper and in every place. */
export interface Disks {
  /** A new, empty disk, mounted. */
  make(name: string): Promise<void>;
  /** Mounted and as empty as when it was new. Nothing may have it open. */
  wipe(name: string): Promise<void>;
  /** Only where there are unsynchronised writes to lose. */
  readonly power?: {
    /** All in one instant: what was not synchronised is gone, and none is mounted any more. Nothing may have them open. */
    cut(names: readonly string[]): Promise<void>;
    /** Mounted again, as a machine does when it starts. */
    restore(names: readonly string[]): Promise<void>;
  };
}

/** Inside the lab's mount namespace: /run there is the lab's own. */
export const LAB_FOLDER = "/run/outlast";
/** The keeper's own: covered by an empty file system in every place, so that nothing there has a handle to the lab. */
export const KEEPER_FOLDER = `${LAB_FOLDER}/keeper`;
export const DISKS_FOLDER = `${LAB_FOLDER}/disks`;
/** Where `outlast disks` waits for its one client; gone as soon as that has come. */
export const DISKS_SOCKET = `${KEEPER_FOLDER}/disks.sock`;

/** One line of the keeper; answered by one line, `{}` or `{ "error": … }`. */
export type DisksRequest =
  | { readonly make: string }
  | { readonly wipe: string }
  | { readonly cut: readonly string[] }
  | { readonly restore: readonly string[] };
