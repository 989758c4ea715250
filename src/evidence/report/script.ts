// What scripts add to the page: values under the pointer, events under the pointer, filters over the list. Everything
// that matters is there without them.

export const SCRIPT = `"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("data");
  const tip = document.getElementById("tip");
  document.documentElement.classList.add("js");
  const ms = (v) => v === null || v === undefined ? "none" : v < 10 ? v.toFixed(1) + " ms" : v < 1000 ? Math.round(v) + " ms" : (v / 1000).toFixed(2) + " s";
  const since = (at) => (at < data.zeroMs ? "−" : "+") + (Math.abs(at - data.zeroMs) / 1000).toFixed(1) + " s";
  const place = (event) => {
    tip.style.display = "block";
    const box = tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const above = event.clientY - box.height - 14;
    tip.style.left = Math.max(8, x) + "px";
    tip.style.top = (above < 8 ? event.clientY + 18 : above) + "px";
  };
  const hide = () => {
    tip.style.display = "none";
    for (const cursor of document.querySelectorAll(".cursor")) cursor.style.display = "none";
  };
  const plots = [...document.querySelectorAll(".plot")];
  for (const plot of plots) {
    const cursor = document.createElement("i");
    cursor.className = "cursor";
    plot.append(cursor);
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const share = Math.min(0.99999, Math.max(0, (event.clientX - box.left) / box.width));
      const bucket = Math.floor(share * data.buckets);
      for (const other of plots) {
        const line = other.querySelector(".cursor");
        line.style.display = "block";
        line.style.left = share * 100 + "%";
      }
      const rows = plot.dataset.series.split(" ").map((index) => {
        const one = data.series[index];
        const total = one.ok[bucket] + one.failed[bucket];
        return one.region + ", " + one.profile + ": " + one.ok[bucket] + " of " + total + " succeeded" +
          "\\n   median " + ms(one.p50Ms[bucket]) + ", 99 % " + ms(one.p99Ms[bucket]);
      });
      tip.textContent = since(bucket * data.bucketMs) + " (" + data.bucketMs + " ms)\\n" + rows.join("\\n");
      place(event);
    });
    plot.addEventListener("pointerleave", hide);
  }
  for (const dot of document.querySelectorAll(".dot")) {
    dot.addEventListener("pointerenter", (event) => {
      const row = document.getElementById("e" + dot.dataset.event);
      if (row === null) return;
      const [time, at, component, what] = [...row.cells].map((cell) => cell.textContent);
      tip.textContent = time + "  " + at + " · " + component + "\\n" + what;
      place(event);
    });
    dot.addEventListener("pointerleave", hide);
  }
  if (document.getElementById("events") === null) return;
  const fault = document.querySelector("#events tr.fault");
  const list = document.querySelector("#events").parentElement;
  if (fault !== null) list.scrollTop = Math.max(0, fault.offsetTop - 90);
  const byPlace = document.getElementById("by-place");
  const byComponent = document.getElementById("by-component");
  const byText = document.getElementById("by-text");
  const rows = [...document.querySelectorAll("#events tbody tr")];
  const filter = () => {
    const text = byText.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const keep = (byPlace.value === "" || row.dataset.place === byPlace.value) &&
        (byComponent.value === "" || row.dataset.component === byComponent.value) &&
        (text === "" || row.textContent.toLowerCase().includes(text));
      row.hidden = !keep;
      if (keep) shown += 1;
    }
    document.getElementById("shown").textContent = shown + " shown";
  };
  for (const control of [byPlace, byComponent, byText]) control.addEventListener("input", filter);
  addEventListener("hashchange", () => {
    byPlace.value = byComponent.value = byText.value = "";
    filter();
  });
})();
`;
