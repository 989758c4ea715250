// What the page of a verdict has beyond the report's style: the lanes of the drawn witness.

export const VERDICT_STYLE = `
.chart{padding:10px 12px 12px;background:var(--soft);margin:0 0 14px}
.chart-lane{padding:3px 0 5px}
.lane-name{position:sticky;left:0;z-index:1;display:inline-block;padding-right:5px;background:var(--soft);font-size:.8rem;color:var(--muted);line-height:1.4}
.track{position:relative;height:28px;border-bottom:1px solid var(--line)}
.bar-op{position:absolute;top:1px;height:25px;border-radius:5px;padding:0 6px;font-size:.8rem;line-height:23px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;border:1px solid var(--muted);color:var(--muted);background:var(--card);min-width:8px}
.bar-op.shown{border:1.5px solid var(--bad);background:var(--bad-bg);color:var(--ink);font-weight:600;z-index:2}
.valid-page .bar-op.shown,.unknown-page .bar-op.shown{border-color:var(--accent);background:var(--card)}
.bar-op b{display:inline-block;min-width:1.35em;margin-right:.45em;text-align:center;border-radius:99px;background:var(--bad);color:#fff;font-size:.92em;line-height:1.35}
.valid-page .bar-op b,.unknown-page .bar-op b{background:var(--accent)}
@media (prefers-color-scheme:dark){.bar-op b{color:#16100f}}
.bar-op.open-end{border-right:0;border-top-right-radius:0;border-bottom-right-radius:0;-webkit-mask-image:linear-gradient(90deg,#000 45%,rgba(0,0,0,.12));mask-image:linear-gradient(90deg,#000 45%,rgba(0,0,0,.12))}
.bar-op.refused{border-style:dashed;text-decoration:line-through}
.guide{position:absolute;top:-26px;bottom:0;border-left:1px dotted var(--muted);opacity:.45;pointer-events:none}
.legend i.key{width:22px;height:12px;border:1.5px solid var(--muted);background:var(--card)}
.legend i.key.shown{border-color:var(--bad);background:var(--bad-bg)}
.valid-page .legend i.key.shown,.unknown-page .legend i.key.shown{border-color:var(--accent);background:var(--card)}
.legend i.key.open-end{border-right:0;-webkit-mask-image:linear-gradient(90deg,#000 30%,transparent);mask-image:linear-gradient(90deg,#000 30%,transparent)}
ol.witness{padding-left:2em}ol.witness li{margin:2px 0;overflow-wrap:anywhere}ol.witness li::marker{font-weight:700}
main .pairs{grid-template-columns:max-content minmax(0,1fr);gap:3px 16px}main .pairs dd{margin-bottom:0}
h1{overflow-wrap:anywhere}
section h3{margin:18px 0 4px}
`;
