// The page's style: light and dark by the reader's preference, 400 px to print. One class per thing on the page.

export const STYLE = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#171b21;--muted:#586170;--line:#dde1e7;--soft:#eef0f4;
--ok:#b9d3ee;--bad:#cf2f1f;--bad-ink:#b3261a;--good:#16794a;--warn:#8a5a00;--accent:#1f5fbf;--under:rgba(207,47,31,.09);
--good-bg:#e3f4ea;--bad-bg:#fce8e5;--warn-bg:#fdf1d8;--p0:#1f5fbf;--p1:#b85c00;--p2:#7a3fb5;--p3:#0d7f83;--p4:#b02a6b;--p5:#5d6b00;--shadow:0 1px 2px rgba(20,28,40,.06)}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#171b21;--ink:#e8ebf0;--muted:#9aa5b5;--line:#2a313b;--soft:#1f252d;
--ok:#2b4a6e;--bad:#ff6a55;--bad-ink:#ff8d7c;--good:#5fd096;--warn:#f0b95a;--accent:#7fb2ff;--under:rgba(255,106,85,.12);
--good-bg:#12301f;--bad-bg:#3a1814;--warn-bg:#35270c;--p0:#7fb2ff;--p1:#ffab5c;--p2:#c79bff;--p3:#55ced2;--p4:#ff8fc0;--p5:#c5d35a;--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main,.top,footer{max-width:1180px;margin:0 auto;padding:0 20px}
h1,h2,h3{line-height:1.2;margin:0;text-wrap:balance}
h2{font-size:1.2rem;margin-bottom:4px}h3{font-size:1rem}
p{margin:0 0 8px}
a{color:var(--accent)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em;overflow-wrap:anywhere}
.note{color:var(--muted);font-size:.9rem;max-width:75ch}
.top{padding-top:26px;padding-bottom:6px}
.kicker{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;color:var(--muted);font-size:.88rem;margin-bottom:14px}
.kicker b{color:var(--ink);font-weight:650;letter-spacing:.01em}
.verdict{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:center;margin-bottom:8px}
h1{font-size:clamp(1.7rem,4.4vw,2.5rem);font-weight:700;letter-spacing:-.018em}
.lead{font-size:clamp(1.05rem,2.2vw,1.28rem);line-height:1.4;max-width:62ch;margin-bottom:14px}
.badge{display:inline-flex;align-items:center;gap:.45em;padding:.22em .8em;border-radius:99px;font-weight:650;font-size:.92rem;white-space:nowrap}
.badge.met,.badge.valid{background:var(--good-bg);color:var(--good)}
.badge.missed,.badge.invalid{background:var(--bad-bg);color:var(--bad-ink)}
.badge.open{background:var(--warn-bg);color:var(--warn)}
.reasons{background:var(--warn-bg);border-radius:10px;padding:10px 14px;margin:0 0 14px;list-style:none}
.reasons.missed{background:var(--bad-bg)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(185px,1fr));gap:12px;margin:0 0 20px}
.fact{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:13px 15px;box-shadow:var(--shadow)}
.fact dt{color:var(--muted);font-size:.85rem}
.fact dd{margin:0}
.fact .figure{font-size:1.62rem;font-weight:680;letter-spacing:-.015em;line-height:1.25}
.fact .small{font-size:.85rem;color:var(--muted)}
.fact.good .figure{color:var(--good)}.fact.bad .figure{color:var(--bad-ink)}.fact.open .figure{color:var(--warn)}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px;margin:0 0 18px;box-shadow:var(--shadow)}
section>.note{margin-bottom:14px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.87rem;color:var(--muted);margin:0 0 12px;padding:0;list-style:none}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.legend i.line{height:3px;border-radius:2px;vertical-align:4px}
.region{padding:14px 0 4px;border-top:1px solid var(--line)}
.region-head{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;margin-bottom:4px}
.plots{position:relative}
.row{display:grid;grid-template-columns:9.2rem minmax(0,1fr);gap:0 12px;margin-bottom:6px;align-items:center}
.row .name{font-size:.87rem;line-height:1.25}
.row .name b{font-weight:600;white-space:nowrap}
.row .name span{color:var(--muted);display:block}
.row .name span.bad{color:var(--bad-ink)}
.plot{position:relative;height:30px;background:var(--soft);border-radius:4px;overflow:hidden}
.plot svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.plot.share{background:var(--ok)}
.plot.share .failed{fill:var(--bad)}.plot.share .empty{fill:var(--soft)}
.plot.latency{height:112px}
.plot.latency path{fill:none;stroke-width:1.8;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.plot.latency .slow{stroke-width:1;opacity:.5}
.plot.latency .grid{stroke:var(--line);stroke-width:1}
.s0{stroke:var(--p0)}.s1{stroke:var(--p1)}.s2{stroke:var(--p2)}.s3{stroke:var(--p3)}.s4{stroke:var(--p4)}.s5{stroke:var(--p5)}
.b0{background:var(--p0)}.b1{background:var(--p1)}.b2{background:var(--p2)}.b3{background:var(--p3)}.b4{background:var(--p4)}.b5{background:var(--p5)}
.ylabel.ceiling{transform:none}
.ylabel{position:absolute;left:5px;font-size:.72rem;color:var(--muted);transform:translateY(-100%);pointer-events:none;line-height:1.2}
.under{position:absolute;top:0;bottom:0;background:var(--under);pointer-events:none}
.share .under{display:none}
.mark{position:absolute;top:0;bottom:0;width:0;border-left:1.5px solid var(--ink);pointer-events:none;z-index:2}
.mark.heal{border-left-style:dashed}
.mark.event{border-left:1px dotted var(--muted)}
.mark-labels,.ticks{position:relative;height:1.3rem;font-size:.78rem}
.mark-labels>span,.ticks span{position:absolute;white-space:nowrap}
.mark-labels>span{padding-left:0;font-weight:620;transform:translateX(-2px)}
.mark-labels>span.flip{transform:translateX(calc(-100% + 2px))}
.mark-labels .fault{color:var(--bad-ink)}.mark-labels .heal{color:var(--good)}
.ticks span{color:var(--muted);transform:translateX(-50%)}.ticks span.last{transform:translateX(-100%)}.ticks span.first{transform:none}
.cursor{position:absolute;top:0;bottom:0;width:0;border-left:1px solid var(--accent);display:none;pointer-events:none;z-index:3}
#tip{position:fixed;z-index:9;display:none;max-width:min(340px,92vw);background:var(--card);color:var(--ink);border:1px solid var(--line);border-radius:8px;padding:7px 10px;font-size:.84rem;box-shadow:0 6px 22px rgba(10,14,20,.22);pointer-events:none;white-space:pre-line}
.lane{position:relative;background:var(--soft);border-radius:4px;overflow:hidden}
.dot{position:absolute;width:9px;height:9px;margin:-4.5px 0 0 -4.5px;border-radius:50%;background:var(--muted);z-index:3;box-shadow:0 0 0 1.5px var(--soft)}
.dot.bad{background:var(--bad);border-radius:1px;transform:rotate(45deg)}
.dot.good{background:var(--good)}
.dot.change{background:var(--accent);border-radius:2px}
.lanes h3{margin:16px 0 4px;font-size:.95rem}
.scroll{overflow:auto;max-width:100%;border:1px solid var(--line);border-radius:10px}
.scroll.tall{max-height:27rem}
.scroll:focus-visible,a:focus-visible,summary:focus-visible,select:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;font-weight:620;padding:0 0 6px}
.scroll caption{padding:9px 12px 7px}
th,td{text-align:left;padding:6px 12px;border-top:1px solid var(--line);vertical-align:top}
thead th{color:var(--muted);font-weight:560;font-size:.84rem;border-top:0}
.scroll.tall thead th{position:sticky;top:0;background:var(--card);z-index:4;box-shadow:0 1px 0 var(--line)}
tbody th{font-weight:560}
td.number,th.number{text-align:right;white-space:nowrap}
td.nowrap{white-space:nowrap}td.text{min-width:15rem}
td.bad,.bad-text{color:var(--bad-ink);font-weight:620}td.good,.good-text{color:var(--good);font-weight:620}td.open{color:var(--warn);font-weight:620}
tr.worst{background:var(--soft)}
tr.fault td{background:var(--bad-bg)}tr.heal td{background:var(--good-bg)}
tr:target td{outline:2px solid var(--accent);outline-offset:-2px}
tr:target{background:var(--warn-bg)}
.tone{display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:8px;background:var(--muted);flex:none}
.tone.bad{background:var(--bad);border-radius:1px;transform:rotate(45deg)}.tone.good{background:var(--good)}.tone.change{background:var(--accent);border-radius:2px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:20px 26px;align-items:start}
.columns>*{min-width:0}
.bar{position:relative;height:16px;min-width:90px;background:var(--soft);border-radius:3px;margin-top:3px;overflow:hidden}
.bar i{position:absolute;top:0;bottom:0;background:var(--accent);border-radius:2px;min-width:2px}
.bar i.predicted{background:var(--muted)}
.bar i.limit{background:none;border:0;border-right:2px solid var(--ink);border-radius:0}
.gantt td:last-child,.gantt th:last-child{width:52%}
.gantt.wide td:last-child,.gantt.wide th:last-child{width:72%}
.gantt .note{font-size:.85rem}
.controls{display:none;flex-wrap:wrap;gap:8px 14px;margin:0 0 10px;font-size:.88rem}
.js .controls{display:flex}
.controls label{display:flex;gap:6px;align-items:center}
.controls select,.controls input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:7px;padding:4px 8px;max-width:100%}
.witness{margin:8px 0 0;padding-left:1.2em;font-size:.9rem}
.judgement{padding:12px 0;border-top:1px solid var(--line)}.judgement:first-of-type{border-top:0}
.judgement .badge{margin-right:8px}
details summary{cursor:pointer;font-weight:600}
pre{overflow:auto;background:var(--soft);border-radius:10px;padding:12px 14px;font-size:.83rem;line-height:1.45;margin:10px 0 0}
.pairs{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 16px;margin:0;font-size:.9rem}
.pairs dt{color:var(--muted)}.pairs dd{margin:0;overflow-wrap:anywhere}
.spread{position:relative;height:26px;margin:6px 8px 22px;border-bottom:1px solid var(--line)}
.spread i{position:absolute;bottom:-6px;width:12px;height:12px;margin-left:-6px;border-radius:50%;background:var(--accent);opacity:.85}
.spread i.missed{background:var(--bad);border-radius:2px}
.spread span{position:absolute;font-size:.78rem;color:var(--muted);transform:translateX(-50%);white-space:nowrap;bottom:-24px}
.spread em{position:absolute;bottom:0;top:4px;border-left:2px solid var(--ink);font-style:normal}
.spread em span{bottom:auto;top:-12px;transform:translateX(-100%);padding-right:6px}
footer{color:var(--muted);font-size:.86rem;padding-bottom:40px}
footer dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:10px 26px;margin:8px 0 0}
footer dt{font-weight:620;color:var(--ink)}footer dd{margin:0}
@media (max-width:640px){
main,.top,footer{padding-left:12px;padding-right:12px}
section{padding:15px 13px;border-radius:12px}
.facts{grid-template-columns:1fr 1fr;gap:8px}.fact:last-child:nth-child(odd){grid-column:1/-1}.fact{padding:10px 11px}.fact .figure{font-size:1.3rem}
.row{grid-template-columns:minmax(0,1fr)}
.row .name{display:flex;gap:6px;flex-wrap:wrap;margin-bottom:2px}.row .name span{display:inline}
.row.axis .name{display:none}
th,td{padding:6px 8px}
.pairs{grid-template-columns:minmax(0,1fr);gap:0}.pairs dd{margin-bottom:6px}
.plot.latency{height:96px}
.mark-labels .wide,.ticks .minor{display:none}
#events thead{display:none}
#events tr{display:grid;grid-template-columns:auto 1fr auto;border-top:1px solid var(--line);padding:5px 0}
#events tr[hidden]{display:none}
#events td{border:0;padding:1px 10px;color:var(--muted);font-size:.83rem;text-align:left}
#events td:last-child{grid-column:1/-1;color:inherit;font-size:.9rem}
#events tr.fault,#events tr.heal{background:var(--soft)}
}
@media print{
body{background:#fff}section,.fact{box-shadow:none;break-inside:avoid}.scroll.tall{max-height:none;overflow:visible}.controls,#tip{display:none!important}
section.long{break-inside:auto}.plot,.lane,.dot,.bar,.badge,.tone{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
