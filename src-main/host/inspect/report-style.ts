/** The look of the report: dark and light as the reader's system has it. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f8; --card: #fff; --line: #d0d4da; --text: #191b1f; --dim: #4b515b; --accent: #a85f10; --bad: #b3332b }
@media (prefers-color-scheme: dark) { :root { --bg: #111215; --card: #191b1f; --line: #2d3138; --text: #eceef1; --dim: #a9afb9; --accent: #f2a65a; --bad: #ea6a62 } }
body { max-width: 1240px; margin: 0 auto; padding: 32px 24px 80px; background: var(--bg); color: var(--text); font: 14px/1.5 system-ui, sans-serif }
h1 { margin: 0 0 12px; font-size: 26px }
h2 { margin: 44px 0 10px; font-size: 18px }
h3 { margin: 20px 0 6px; font-size: 14px }
small, .hint, .over, dt, figcaption { color: var(--dim) }
small { font-weight: 400 }
.over { margin: 8px 0 4px; font-size: 12px }
header { display: flex; flex-wrap: wrap; gap: 28px; align-items: flex-start }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 0 }
dd { margin: 0 }
.picture { max-width: 320px; width: 100%; border-radius: 8px }
.note { color: var(--accent) }
.tokens { display: flex; flex-wrap: wrap; gap: 4px; margin: 4px 0 }
.token { display: inline-flex; gap: 6px; padding: 2px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--card); font: 12px/1.6 ui-monospace, monospace }
.token i { font-style: normal }
.token b { color: var(--dim); font-weight: 400 }
.token em { color: var(--accent); font-style: normal }
.token.start, .token.end, .token.padding { border-style: dashed; color: var(--dim) }
.cut .token { color: var(--bad); text-decoration: line-through }
figure { min-width: 0; margin: 0; padding: 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
figcaption { margin-top: 8px; font-size: 12px }
.numbers { font-family: ui-monospace, monospace; font-size: 11px }
.maps, .pair, .three { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 12px }
.map { width: 100%; height: 140px; image-rendering: pixelated }
.views { display: flex; gap: 8px }
.views img { flex: 1 1 0; min-width: 0; aspect-ratio: 1; object-fit: contain }
.tiles { image-rendering: pixelated }
.bars { width: 100%; height: 28px; margin-top: 8px }
.bars path { stroke: var(--accent); stroke-width: 0.8 }
.plot svg { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px }
.wide { overflow-x: auto; margin-top: 8px }
table { border-collapse: collapse; font: 11px/1.6 ui-monospace, monospace }
td, th { padding: 1px 8px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th { color: var(--dim); font-weight: 400 }
article { margin-bottom: 8px }
details { margin-top: 8px; font-size: 12px }
summary { color: var(--dim); cursor: pointer }
`;
