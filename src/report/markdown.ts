/** A report as Markdown. */
import type { Content, Table } from './content.ts'

export function toMarkdown({ title, verdict, lines, sections }: Content): string {
  const parts = sections.flatMap(({ title: heading, lines: text, table }) => [
    `## ${escape(heading)}`,
    ...text.map(escape),
    ...(table === undefined ? [] : [markdownTable(table)]),
  ])
  return `${[`# ${escape(title)}`, `**${escape(verdict)}**`, ...lines.map(escape), ...parts].join('\n\n')}\n`
}

/** Names come from elsewhere. */
const escape = (text: string): string => text.replaceAll(/[\\`*_<>[\]|]/g, '\\$&').replaceAll(/[\r\n]+/g, ' ')

function markdownTable({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
