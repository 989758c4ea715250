// The report in a real browser: both widths, both colour schemes, with and without scripts. Needs Chromium at
// /usr/bin/chromium or where OUTLAST_CHROMIUM says; without it these tests fail, they are not skipped.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { removeTree } from "../../src/runtime/files.ts";
import { sampleDrill } from "../evidence/sample-drill.ts";
import { writeSample } from "../evidence/sample-evidence.ts";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser: Browser;
let root = "";
let url = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "outlast-browser-"));
  url = pathToFileURL(join(await writeSample(root, sampleDrill({ lost: 3 })), "report.html")).href;
  browser = await chromium.launch({
    executablePath: process.env["OUTLAST_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ARGUMENTS,
  });
});
after(async () => {
  await browser.close();
  await removeTree(root);
});

interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
}

async function look(
  { width, colorScheme, javaScriptEnabled = true }: Look,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    javaScriptEnabled,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  try {
    await page.goto(url);
    await body(page);
    assert.deepEqual(complaints, []);
    assert.deepEqual(
      requests.filter((asked) => asked !== url && !asked.startsWith("data:")),
      [],
    );
  } finally {
    await context.close();
  }
}

async function keyFactsVisible(page: Page): Promise<void> {
  for (const fact of [
    "Paris lost",
    "Objective missed",
    "3 of 9 750 acknowledged writes lost",
    "What clients saw",
    "Where the time went",
    "paris not reachable: 2 probes in a row without an answer in 200 ms",
    "journal: violated",
    "Every run of this drill",
    "3.6.16",
  ])
    assert.ok(await page.getByText(fact, { exact: false }).first().isVisible(), fact);
}

// Relative luminance and contrast as WCAG 2.1 defines them, over every element with text of its own.
const LOW_CONTRAST = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const channel = (v) => { const s = v / 255; return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== "");
    if (!own || node.closest("script") !== null || node.getClientRects().length === 0) continue;
    const [a, b] = [luminance(parse(getComputedStyle(node).color)), luminance(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(node.tagName + "." + node.className + " " + node.textContent.slice(0, 30));
  }
  return bad;
})()`;

for (const width of [1280, 400])
  for (const colorScheme of ["light", "dark"] as const)
    test(`at ${width} pixels, ${colorScheme}: quiet, no requests, no sideways scrolling, readable`, () =>
      look({ width, colorScheme }, async (page) => {
        await keyFactsVisible(page);
        const sideways = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
        assert.ok(Number(sideways) <= 0, `${String(sideways)} pixels too wide`);
        assert.deepEqual(await page.evaluate(LOW_CONTRAST), []);
        const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        assert.match(String(ground), colorScheme === "light" ? /rgb\(2\d\d/ : /rgb\(\d\d?,/);
      }));

test("without scripts the facts and the charts are still there", () =>
  look({ width: 1280, colorScheme: "light", javaScriptEnabled: false }, async (page) => {
    await keyFactsVisible(page);
    assert.equal(await page.locator(".plot.share svg path.failed").count(), 9);
    assert.equal(await page.locator(".controls").isVisible(), false);
  }));

test("the pointer over a chart or an event tells what it shows, and the list can be filtered", () =>
  look({ width: 1280, colorScheme: "dark" }, async (page) => {
    const strip = page.locator(".plot.share").first();
    await strip.scrollIntoViewIfNeeded();
    await strip.hover({ position: { x: 20, y: 10 } });
    assert.match(
      (await page.locator("#tip").textContent()) ?? "",
      /eu-west, dns: 10 of 10 succeeded\n\s+median/,
    );
    await page.locator(".dot.change").first().hover();
    assert.match((await page.locator("#tip").textContent()) ?? "", /term 3, leader etcd-london/);
    await page.selectOption("#by-place", "gateway/eu-west");
    await page.fill("#by-text", "route 4");
    assert.equal(await page.locator("#shown").textContent(), "2 shown");
    assert.equal(await page.locator("#events tbody tr:visible").count(), 2);
  }));

test("headings go down one level at a time, and every table has a caption", () =>
  look({ width: 400, colorScheme: "light" }, async (page) => {
    const levels = (await page.evaluate(
      `[...document.querySelectorAll("h1,h2,h3")].map((node) => Number(node.tagName[1]))`,
    )) as number[];
    assert.equal(levels.filter((level) => level === 1).length, 1);
    assert.ok(levels.every((level, index) => level - (levels[index - 1] ?? 0) <= 1));
    assert.equal(await page.locator("table").count(), await page.locator("table > caption").count());
  }));
