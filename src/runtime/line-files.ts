// Files of lines, plain, gzip or zstd: read in batches and written with a bounded buffer, never whole in memory.
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";

export interface LineBatch {
  /** Without their line ends. */
  readonly lines: readonly string[];
  /** Number of the first of them, from 1. */
  readonly firstLine: number;
  /** false: the file ended without a line end, so its last line may be cut off. */
  readonly ended: boolean;
}

const CHUNK_BYTES = 1024 * 1024;

async function decompressorOf(path: string): Promise<NodeJS.ReadWriteStream | null> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.subarray(0, bytesRead).toString("hex");
    if (magic.startsWith("1f8b")) return createGunzip({ chunkSize: CHUNK_BYTES });
    if (magic === "28b52ffd") return createZstdDecompress({ chunkSize: CHUNK_BYTES });
    return null;
  } finally {
    await file.close();
  }
}

/** What made a line file unreadable, with the number of the line that was being read. */
export interface LineFault {
  readonly line: number;
  readonly what: string;
}

export interface ByteBatch {
  /** Whole lines, without the last one's end. */
  readonly bytes: Buffer;
  /** false: the file ended without a line end, so its last line may be cut off. */
  readonly ended: boolean;
}

/**
 * Yields the lines of a file in batches of about 1 MiB, as bytes. A line longer than `lineBytesMax` and a broken
 * compression are handed to `refuse`, which throws. Errors of the file system throw as they are.
 */
export async function* readByteBatches(
  path: string,
  lineBytesMax: number,
  refuse: (what: string) => never,
): AsyncGenerator<ByteBatch> {
  const decompressor = await decompressorOf(path);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let stream: Readable = source;
  if (decompressor !== null) {
    source.on("error", (error) => (decompressor as unknown as Readable).destroy(error));
    stream = source.pipe(decompressor) as unknown as Readable;
  }
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  try {
    for await (const data of stream) {
      const chunk = data as Buffer;
      const end = chunk.lastIndexOf(10);
      if (end < 0) {
        pending.push(chunk);
        pendingBytes += chunk.length;
        if (pendingBytes > lineBytesMax) refuse(`the line has more than ${lineBytesMax} bytes`);
        continue;
      }
      const head = chunk.subarray(0, end);
      const bytes = pending.length === 0 ? head : Buffer.concat([...pending, head]);
      pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
      pendingBytes = chunk.length - end - 1;
      yield { bytes, ended: true };
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (
      decompressor !== null &&
      (code.startsWith("Z_") || code.startsWith("ZSTD_") || code === "ERR_BUFFER_TOO_LARGE")
    )
      refuse(`its compression is broken or cut off (${code})`);
    throw cause;
  } finally {
    source.destroy();
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), ended: false };
}

/** The same, as text. */
export async function* readLineBatches(
  path: string,
  lineBytesMax: number,
  refuse: (fault: LineFault) => never,
): AsyncGenerator<LineBatch> {
  let line = 1;
  const refuseHere = (what: string): never => refuse({ line, what });
  for await (const { bytes, ended } of readByteBatches(path, lineBytesMax, refuseHere)) {
    const lines = bytes.toString().split("\n");
    yield { lines, firstLine: line, ended };
    line += lines.length;
  }
}

export interface LineWriter extends AsyncDisposable {
  /** Takes one line without its end. Throws the error of an earlier write, or when the buffer is full. */
  write(line: string): void;
  /** Resolves when the file has taken nearly all that was written so far: for those who write faster than the disk. */
  drain(): Promise<void>;
  /** Writes what is left; rejects when anything could not be written. */
  close(): Promise<void>;
}

const FLUSH_BYTES = 64 * 1024;
const FLUSH_MS = 100;

/**
 * Creates a file of lines; `.gz` and `.zst` at the end of its name compress it. Never overwrites: an existing file
 * rejects with EEXIST. At most `bufferBytesMax` wait for the disk.
 */
export async function openLineWriter(path: string, bufferBytesMax = 64 * 1024 * 1024): Promise<LineWriter> {
  const file = await open(path, "wx");
  const target = createWriteStream(path, { fd: file.fd, autoClose: false });
  const compressor = path.endsWith(".gz")
    ? createGzip({ level: 4 })
    : path.endsWith(".zst")
      ? createZstdCompress()
      : new PassThrough();
  const input = compressor as unknown as Writable;
  let failure: unknown = null;
  const finished = pipeline(compressor, target).catch((cause: unknown) => {
    failure = cause;
  });
  let lines: string[] = [];
  let size = 0;
  let waiting = 0;
  let timer: NodeJS.Timeout | null = null;
  let closing: Promise<void> | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (lines.length === 0 || failure !== null) return;
    const chunk = Buffer.from(`${lines.join("\n")}\n`);
    lines = [];
    size = 0;
    waiting += chunk.length;
    input.write(chunk, () => {
      waiting -= chunk.length;
    });
  };
  const finish = async () => {
    flush();
    input.end();
    await finished;
    await file.close();
    if (failure !== null) throw failure;
  };
  const close = () => {
    closing ??= finish();
    return closing;
  };
  return {
    write(line) {
      if (failure !== null) throw failure;
      if (closing !== null) throw new RangeError(`write after close: ${path}`);
      if (waiting + target.writableLength + size > bufferBytesMax)
        throw new RangeError(`more than ${bufferBytesMax} bytes wait to be written to ${path}`);
      lines.push(line);
      size += line.length + 1;
      if (size >= FLUSH_BYTES) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    drain() {
      flush();
      return new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure as Error);
        input.write(Buffer.alloc(0), (error) => (error ? reject(error) : resolve()));
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
