"""How the page looks. Colours are told apart by those who do not see all of them, and have a dark set of their own."""

CSS = """
:root { color-scheme: light dark; --ink: #1b2330; --soft: #5b6675; --line: #dfe4ea; --paper: #ffffff; --panel: #f6f8fa;
  --baseline: #2a6fb5; --target: #e08214; --bad: #b3261e; --bad-soft: #fbe9e7; --good: #1a7f4b; --good-soft: #e5f4ec; --plain-soft: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --soft: #9aa6b5; --line: #323b47; --paper: #12171d; --panel: #1a2129;
  --baseline: #6cb0f2; --target: #f5a742; --bad: #ff8a80; --bad-soft: #3a1d1b; --good: #6fd39e; --good-soft: #16301f; --plain-soft: #232b35; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 12px; overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 0 0 8px; overflow-wrap: anywhere; }
p { margin: 0 0 10px; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .note { font-size: 13px; margin-top: 8px; }
.verdict { font-size: 18px; padding: 14px 18px; border-radius: 10px; border-left: 6px solid var(--soft); background: var(--plain-soft); }
.verdict.bad { border-color: var(--bad); background: var(--bad-soft); }
.verdict.good { border-color: var(--good); background: var(--good-soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 16px 0 0; }
dl div { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } .scroll table { min-width: 620px; } .card .scroll table { min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { display: inline-block; white-space: nowrap; padding: 0 8px; border-radius: 9px; font-size: 13px; background: var(--plain-soft); color: var(--soft); }
.badge.bad { background: var(--bad-soft); color: var(--bad); }
.badge.good { background: var(--good-soft); color: var(--good); }
.card { border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; margin: 0 0 16px; break-inside: avoid; }
.card .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 18px 28px; align-items: start; }
.legend { margin-top: 14px; } .scroll + .scroll { margin-top: 16px; }
td a { white-space: nowrap; }
.legend span { margin-right: 18px; white-space: nowrap; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; }
.legend i.baseline { background: var(--baseline); } .legend i.target { background: var(--target); }
svg.chart { width: 100%; height: auto; display: block; }
svg.share-bar { width: 110px; height: 8px; background: var(--plain-soft); border-radius: 4px; vertical-align: middle; margin-right: 8px; }
svg .baseline { fill: var(--baseline); } svg .target { fill: var(--target); } svg .share { fill: var(--target); }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .course { stroke: var(--baseline); stroke-width: 2.5; }
svg .threshold { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 5; }
svg .over { fill: var(--bad); } svg .under { fill: var(--good); }
svg text { fill: var(--soft); font-size: 12px; } svg .small { font-size: 11px; } svg .strong { fill: var(--ink); font-weight: 600; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; } svg .start { text-anchor: start; }
details { border: 1px solid var(--line); border-radius: 12px; padding: 10px 18px; margin: 0 0 12px; }
details[open] { padding-bottom: 18px; } summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 420px; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px; font-size: 12.5px; user-select: all; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
a { color: inherit; }
@media print { main { max-width: none; padding: 0; } pre { max-height: none; } }
"""
