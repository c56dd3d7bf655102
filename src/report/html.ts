/** A report as one HTML file: styles and charts inside, nothing is loaded from anywhere, made to be printed as well. */
import { chartOf } from './chart.ts'
import type { Content, Section, Table } from './content.ts'
import type { Words } from './words.ts'

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2429; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0.3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 0.3rem; }
p { margin: 0.3rem 0; color: #3d454d; }
.verdict { font-weight: 600; padding: 0.4rem 0.7rem; border: 1px solid #8a949e; border-left-width: 6px; color: #1f2429; }
.verdict.missed { border-color: #8f1d14; }
table { border-collapse: collapse; width: 100%; margin: 0.6rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 0.6rem; border-bottom: 1px solid #cdd3d9; } th { font-weight: 600; }
svg { width: 100%; height: auto; margin: 0.4rem 0; } svg text { font-size: 10px; fill: #3d454d; }
.kept { fill: #9aa5b0; } .missed rect, rect.missed { fill: #8f1d14; stroke: #1f2429; stroke-width: 0.5; } .unknown { fill: #eceff2; }
.axis { stroke: #8a949e; } .target { stroke: #1f2429; stroke-dasharray: 5 4; }
footer { margin-top: 2rem; font-size: 0.85rem; color: #59636d; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } section { break-inside: avoid; } }
`

export function toHtml({ title, verdict, isMet, lines, sections }: Content, words: Words): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escape(title)}</h1>`,
    `<p class="verdict${isMet ? '' : ' missed'}">${isMet ? '✓' : '✕'} ${escape(verdict)}</p>`,
    ...lines.map((line) => `<p>${escape(line)}</p>`),
    ...sections.map((section) => sectionHtml(section, words)),
    '<footer>Bars: share that was not good; dark with an outline where the objective was missed, pale where nothing was measured. The dashed line is what the objective allows.</footer>',
    '</body></html>\n',
  ].join('\n')
}

function sectionHtml({ title, lines, table, figures }: Section, words: Words): string {
  const parts = [
    `<h2>${escape(title)}</h2>`,
    ...lines.map((line) => `<p>${escape(line)}</p>`),
    ...(figures === undefined ? [] : [chartOf(figures, words)]),
    ...(table === undefined ? [] : [tableHtml(table)]),
  ]
  return `<section>${parts.join('\n')}</section>`
}

function tableHtml({ head, rows }: Table): string {
  const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}${tag === 'th' ? ' scope="col"' : ''}>${escape(cell)}</${tag}>`).join('')}</tr>`
  return `<table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => ESCAPES[found]!)
