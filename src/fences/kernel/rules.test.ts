import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMark, markMeaning, readsMark } from "./marks.ts";
import { durationMs, parseEvidence } from "./parse-evidence.ts";
import { fenceRouting } from "./routing.ts";
import { changeRules, fenceRules, letReadsPass } from "./rules.ts";
import type { FenceSpec } from "./spec.ts";

const spec: FenceSpec = {
  owner: "ledger",
  addresses: [{ family: "ip", site: "10.77.1.1", engine: "169.254.77.1", peers: ["10.77.2.1", "10.77.3.1"] }],
  ports: { engine: 5432, readWrite: 5432, replication: 5433, readOnly: 5434, ticket: 7461, confirm: 7462 },
  users: { agent: 990, engine: 991 },
  timings: { ticketMs: 400, fenceMs: 600 },
  routing: { mark: 0x6f75, priority: 100 },
};
const closed = { epoch: null, reads: null, timings: spec.timings };

test("the whole table of a primary in epoch 7", () => {
  assert.equal(
    fenceRules(spec, { ...closed, epoch: 7 }),
    `table inet outlast_fence_ledger
delete table inet outlast_fence_ledger
table inet outlast_fence_ledger {
  comment "outlast: fence of outlast_fence_ledger"
  set ticket { type mark; flags timeout,dynamic; size 4096; }
  set lease { type mark; flags timeout,dynamic; size 64; }
  set readers { type mark; flags timeout; size 64; }
  set seen { type mark; flags timeout,dynamic; size 4096; }
  counter to_engine_passed { }
  counter from_engine_passed { }
  counter refused { }
  counter withheld { }
  chain refresh {
    udp dport 7461 @th,96,32 0x07000000 update @ticket { @th,64,32 timeout 400ms } accept
    udp dport 7462 @th,96,32 0x07000000 meta mark set @th,64,32 meta mark @ticket update @lease { @th,96,32 timeout 600ms } accept
  }
  chain current {
    tcp dport 5432 ct mark set 0x00000007
  }
  chain begins {
    ip saddr { 10.77.2.1, 10.77.3.1 } tcp dport 5433 ct mark set 0x70000000
    jump current
  }
  chain arriving {
    type filter hook prerouting priority mangle; policy accept;
    iifname != "lo" ip daddr 169.254.77.1 counter name "refused" drop
    ip daddr 10.77.1.1 tcp dport { 5432, 5434, 5433 } meta mark set 0x00006f75
    ip daddr 10.77.1.1 tcp dport { 5432, 5434, 5433 } ct state new tcp flags & (fin|syn|rst|ack) == syn jump begins
  }
  chain departing {
    type filter hook output priority mangle; policy accept;
    ip daddr 10.77.1.1 tcp dport { 5432, 5434, 5433 } ct state new tcp flags & (fin|syn|rst|ack) == syn jump begins
    ip daddr 169.254.77.1 tcp dport 5432 meta skuid { 990, 991 } ct state new tcp flags & (fin|syn|rst|ack) == syn ct mark set 0x71000000
  }
  chain translate {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 10.77.1.1 tcp dport { 5432, 5434, 5433 } dnat ip to 169.254.77.1:5432
  }
  chain translate_local {
    type nat hook output priority -100; policy accept;
    ip daddr 10.77.1.1 tcp dport { 5432, 5434, 5433 } dnat ip to 169.254.77.1:5432
  }
  chain to_engine {
    ct mark { 0x70000000, 0x71000000 } accept
    ct mark @lease counter name "to_engine_passed" accept
    ct mark @readers counter name "to_engine_passed" accept
    counter name "refused" reject with tcp reset
  }
  chain from_engine {
    tcp flags & rst == rst accept
    ct mark { 0x70000000, 0x71000000 } accept
    ct mark @lease update @seen { ct mark timeout 1h } counter name "from_engine_passed" accept
    ct mark @readers update @seen { ct mark timeout 1h } counter name "from_engine_passed" accept
    counter name "withheld" drop
  }
  chain entering {
    type filter hook input priority filter; policy accept;
    udp dport { 7461, 7462 } drop
    ip daddr 169.254.77.1 tcp dport 5432 jump to_engine
  }
  chain passing {
    type filter hook forward priority filter; policy accept;
    ip daddr 169.254.77.1 tcp dport 5432 jump to_engine
    ip saddr 169.254.77.1 tcp sport 5432 jump from_engine
    ip daddr { 10.77.2.1, 10.77.3.1 } tcp dport 5433 counter name "refused" reject with tcp reset
  }
  chain leaving {
    type filter hook output priority filter; policy accept;
    oifname "lo" meta skuid 990 udp dport { 7461, 7462 } jump refresh
    udp dport { 7461, 7462 } counter name "refused" drop
    ip saddr 169.254.77.1 tcp sport 5432 jump from_engine
    ip daddr { 10.77.2.1, 10.77.3.1 } tcp dport 5433 meta skuid != 991 counter name "refused" reject with tcp reset
  }
}
`,
  );
});

test("an epoch that begins takes the tickets and the lease of the last one away, in the same transaction", () => {
  assert.deepEqual(changeRules(spec, { ...closed, epoch: 7 }, { ...closed, epoch: 8 }), [
    "flush chain inet outlast_fence_ledger refresh",
    "add rule inet outlast_fence_ledger refresh udp dport 7461 @th,96,32 0x08000000 update @ticket { @th,64,32 timeout 400ms } accept",
    "add rule inet outlast_fence_ledger refresh udp dport 7462 @th,96,32 0x08000000 meta mark set @th,64,32 meta mark @ticket update @lease { @th,96,32 timeout 600ms } accept",
    "flush chain inet outlast_fence_ledger current",
    "add rule inet outlast_fence_ledger current tcp dport 5432 ct mark set 0x00000008",
    "flush set inet outlast_fence_ledger ticket",
    "flush set inet outlast_fence_ledger lease",
    "flush set inet outlast_fence_ledger readers",
  ]);
});

test("other timings leave what is open as it is", () => {
  const open = { ...closed, epoch: 7, reads: 2 };
  const commands = changeRules(spec, open, { ...open, timings: { ticketMs: 200, fenceMs: 250 } });
  assert.deepEqual(
    commands.filter((command) => command.startsWith("flush set")),
    [],
  );
  assert.ok(commands.some((command) => command.includes("timeout 250ms")));
});

test("to close is to remove refresh rules, mark, tickets and lease together", () => {
  assert.deepEqual(changeRules(spec, { ...closed, epoch: 7, reads: 2 }, { ...closed, reads: 2 }), [
    "flush chain inet outlast_fence_ledger refresh",
    "flush chain inet outlast_fence_ledger current",
    "add rule inet outlast_fence_ledger current tcp dport 5434 ct mark set 0x40000002",
    "flush set inet outlast_fence_ledger ticket",
    "flush set inet outlast_fence_ledger lease",
  ]);
});

test("reads pass by a mark of their own", () => {
  assert.deepEqual(letReadsPass(spec, 2, 500), [
    "flush set inet outlast_fence_ledger readers",
    "add element inet outlast_fence_ledger readers { 0x40000002 timeout 500ms }",
  ]);
  assert.deepEqual(markMeaning(readsMark(2)), { kind: "reads", generation: 2 });
  assert.deepEqual(markMeaning(epochMark(7)), { kind: "epoch", epoch: 7 });
  for (const not of [0, -1, 1.5, 0x40000000]) assert.throws(() => epochMark(not), RangeError);
  assert.throws(() => readsMark(0x30000000), RangeError);
});

test("without our packet mark there is no way to the engine's address", () => {
  const { rules, addresses } = fenceRouting(spec);
  assert.deepEqual(
    rules.map(({ family, priority, which }) => `${family} ${priority}: ${which.join(" ")}`),
    [
      "-4 100: to 169.254.77.1 fwmark 0x00006f75 lookup local",
      "-4 101: to 169.254.77.1 iif lo lookup local",
      "-4 102: to 169.254.77.1 blackhole",
      "-4 103: lookup local protocol kernel",
    ],
  );
  assert.deepEqual(addresses, [
    { family: "-4", words: ["address", "replace", "169.254.77.1/32", "dev", "lo"] },
  ]);
});

test("nothing of a plan becomes a rule", () => {
  const [addresses] = spec.addresses;
  assert.ok(addresses !== undefined);
  for (const site of ["10.77.1.1 accept", "fd77::1", "10.77.1"])
    assert.throws(() => fenceRules({ ...spec, addresses: [{ ...addresses, site }] }, closed), RangeError);
  for (const site of ["fe80::1%eth0", "10.77.1.1", "::1 }"])
    assert.throws(
      () => fenceRules({ ...spec, addresses: [{ ...addresses, family: "ip6", site }] }, closed),
      RangeError,
    );
  assert.match(
    fenceRules({ ...spec, owner: "a; flush ruleset" }, closed),
    /^table inet outlast_fence_a__flush_ruleset\n/,
  );
});

test("evidence is read from what nft prints", () => {
  const text = `table inet outlast_fence_ledger {
\tset lease {
\t\ttype mark
\t\tsize 64
\t\tflags dynamic,timeout
\t\telements = { 0x00000007 timeout 600ms expires 84ms }
\t}

\tset readers {
\t\ttype mark
\t\telements = { 0x40000002 timeout 5s expires 4s900ms }
\t}

\tset seen {
\t\telements = { 0x00000006 timeout 1h expires 59m58s, 0x00000007 timeout 1h expires 59m59s996ms,
\t\t\t     0x40000002 timeout 1h expires 59m59s }
\t}

\tcounter to_engine_passed {
\t\tpackets 12 bytes 700
\t}

\tcounter from_engine_passed {
\t\tpackets 11 bytes 700
\t}

\tcounter refused {
\t\tpackets 3 bytes 700
\t}

\tcounter withheld {
\t\tpackets 2 bytes 700
\t}
}
`;
  assert.deepEqual(parseEvidence(text), {
    open: [{ epoch: 7, forMs: 84 }],
    reads: [{ generation: 2, forMs: 4_900 }],
    lastPassed: [
      { epoch: 6, agoMs: 2_000 },
      { epoch: 7, agoMs: 4 },
    ],
    packets: { toEngine: 12, fromEngine: 11, refused: 3, withheld: 2 },
  });
  assert.equal(durationMs("1h2m3s4ms"), 3_723_004);
});
