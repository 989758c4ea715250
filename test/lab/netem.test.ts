// The netem driver as far as a kernel without netem lets it be tried: its commands by equality and by the real `tc`'s parser, its
// way of measuring by lines of the real `ping`, its refusal by a real lab.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import { defaultLink } from "../../src/lab/link.ts";
import { linkLines, netemOptions, portLines } from "../../src/lab/netem/netem-rules.ts";
import { fidelityOf, pingTimeMs } from "../../src/lab/netem/pings.ts";
import { placeOf, topologyOf } from "../../src/lab/topology.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { run } from "../../src/runtime/process.ts";

const topology = topologyOf(await loadPlan("examples/etcd.yaml"));

test("each direction is one netem on the port that leads to its receiver, in the class of its sender", () => {
  const paris = placeOf(topology, "paris");
  assert.deepEqual(portLines(topology, paris).slice(0, 3), [
    "qdisc replace dev vp1 root handle 1: htb",
    "class replace dev vp1 parent 1: classid 1:2 htb rate 100gbit quantum 60000",
    "filter replace dev vp1 parent 1: protocol all pref 2 handle 1 flower src_mac 02:00:00:00:00:02 classid 1:2",
  ]);
  const direction = topology.links.filter(({ from, to }) => from === "frankfurt" && to === "paris");
  assert.deepEqual(linkLines(topology, direction), [
    "qdisc replace dev vp1 parent 1:2 handle 2: netem limit 20000 delay 5000us",
  ]);
});

test("a cut drops everything, jitter keeps the order, loss and rate are said as they are", () => {
  const link = { ...defaultLink, delayMs: 5 };
  assert.equal(netemOptions({ ...link, cut: true }), "limit 20000 delay 5000us loss 100%");
  assert.equal(
    netemOptions({ ...link, jitterMs: 0.5 }),
    "limit 20000 delay 5000us 500us rate 10000000000bit",
  );
  assert.equal(
    netemOptions({ ...link, lossRatio: 0.005, bandwidthBitsPerSecond: 1e6 }),
    "limit 20000 delay 5000us loss 0.5% rate 1000000bit",
  );
});

test("tc understands every line: what it says is the kernel's answer or that the device is not there", async () => {
  const tools = await provideTools(["tc", "unshare"], cacheFolder(), AbortSignal.timeout(60_000));
  assert.equal(tools.kind, "done");
  if (tools.kind !== "done") return;
  const { tc = "tc", unshare = "unshare" } = tools.value.paths;
  const odd = { ...defaultLink, delayMs: 5, jitterMs: 1, lossRatio: 0.01, bandwidthBitsPerSecond: 1e6 };
  const lines = topology.places
    .filter((place) => place.kind !== "clients")
    .flatMap((place) => portLines(topology, place))
    .concat(linkLines(topology, topology.links))
    .concat(linkLines(topology, [{ from: "paris", to: "london", ...odd }]));
  const { stderr } = await run([unshare, "--user", "--map-root-user", "--net", tc, "-force", "-batch", "-"], {
    input: `${lines.join("\n")}\n`,
    timeoutMs: 30_000,
  });
  assert.equal(stderr.match(/Cannot find device/g)?.length, lines.length);
  // The same check sees a word that tc does not know.
  const wrong = await run([unshare, "--user", "--map-root-user", "--net", tc, "-force", "-batch", "-"], {
    input: "qdisc replace dev lo root netem dealy 5ms\n",
    timeoutMs: 30_000,
  });
  assert.doesNotMatch(wrong.stderr, /Cannot find device/);
});

test("pings of whole links give medians and lateness", () => {
  assert.equal(pingTimeMs("64 bytes from 10.77.2.1: icmp_seq=4 ttl=64 time=10.4 ms"), 10.4);
  assert.equal(pingTimeMs("From 10.77.1.1 icmp_seq=9 Destination Host Unreachable"), null);
  const between = ["paris", "london"] as const;
  const found = fidelityOf([10.2, 10.4, 13].map((timeMs) => ({ between, timeMs, plannedMs: 10 })));
  assert.deepEqual(found.roundTripMs, [{ between: ["london", "paris"], median: 10.4 }]);
  assert.equal(found.latenessMs.max, 3);
});
