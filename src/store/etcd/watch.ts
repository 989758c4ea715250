// One etcd watch as items: create it, ask for progress while nothing comes, end it with a reason.
//
//   request stream:   create ──► progress? ──► progress? …            one every progressEveryMs
//   response stream:  created ──► changes | progress | cancelled …    none for silentMs: "unreachable"
//
// Only time in which this process could have read counts as silence: its own late turns are not the member's.
import type { Outcome } from "../../domain/outcome.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  WatchCreateRequest,
  WatchRequestSchema,
  WatchResponse,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Change, WatchEnd, WatchItem } from "../contract.ts";

type Request = MessageInitShape<typeof WatchRequestSchema>;

export interface WatchWiring {
  readonly after: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progressEveryMs: number;
  readonly silentMs: number;
  readonly create: Pick<WatchCreateRequest, "key" | "rangeEnd" | "startRevision">;
  open(input: AsyncIterable<Request>, signal: AbortSignal): AsyncIterable<Outcome<WatchResponse>>;
  changesOf(response: WatchResponse): Change[];
}

export async function* watchItems(wiring: WatchWiring): AsyncGenerator<WatchItem> {
  const { clock, signal, progressEveryMs, silentMs } = wiring;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const end = (because: WatchEnd["because"], what: string): WatchEnd => ({ kind: "ended", because, what });

  async function* requests(): AsyncGenerator<Request> {
    yield { requestUnion: { case: "createRequest", value: wiring.create } };
    while (!either.aborted) {
      await clock.sleep(progressEveryMs, either);
      if (!either.aborted) yield { requestUnion: { case: "progressRequest", value: {} } };
    }
  }

  let listenedMs = 0; // since the last answer
  let silent = false;
  const everyMs = Math.max(10, progressEveryMs / 4);
  let lookedAtMs = clock.nowMs();
  const watchdog = setInterval(() => {
    const nowMs = clock.nowMs();
    listenedMs += Math.min(nowMs - lookedAtMs, 2 * everyMs);
    lookedAtMs = nowMs;
    if (listenedMs <= silentMs) return;
    silent = true;
    over.abort();
  }, everyMs);

  let said = wiring.after;
  try {
    for await (const answer of wiring.open(requests(), either)) {
      listenedMs = 0;
      if (answer.kind !== "done") {
        if (signal.aborted) break;
        yield end("unreachable", silent ? `no answer for ${silentMs} ms` : answer.failure.what);
        return;
      }
      const response = answer.value;
      if (response.canceled) {
        yield response.compactRevision > 0n
          ? end("compacted", `compacted up to revision ${response.compactRevision}`)
          : end("unreachable", response.cancelReason);
        return;
      }
      if (response.created) continue;
      const changes = wiring.changesOf(response).filter(({ revision }) => revision > wiring.after);
      for (const [revision, same] of Map.groupBy(changes, (change) => change.revision)) {
        said = revision;
        yield { kind: "changes", revision, changes: same };
      }
      const upTo = Number(response.header?.revision ?? 0n);
      if (changes.length === 0 && upTo >= said) {
        said = upTo;
        yield { kind: "progress", revision: upTo };
      }
    }
    yield signal.aborted
      ? end("stopped", "the watch was stopped")
      : end("unreachable", silent ? `no answer for ${silentMs} ms` : "the member ended the watch");
  } finally {
    clearInterval(watchdog);
    over.abort();
  }
}
