/**
 * The commands of a page: fenced blocks of `sh`, each with a mark behind the language that says what becomes of it here.
 *
 *     sh run [exit=N] [until=20s]       executed; until: again and again until it succeeds and shows what it should
 *     sh background as=NAME wait="TEXT" started, goes on; until TEXT was printed
 *     sh stop=NAME                      what was started is ended, as by Ctrl-C
 *     sh needs KIND                     cannot run here; docs/runbooks/README.md says what runs it instead
 *     text shows                        lines that the command before has to print, in this order; … stands for anything
 */
export interface Block {
  readonly line: number
  readonly kind: 'run' | 'background' | 'stop' | 'needs' | 'unmarked'
  /** NAME, or KIND of needs. */
  readonly name: string
  readonly text: string
  readonly exit: number
  readonly untilMs: number
  readonly wait: string
  readonly shows: readonly string[]
}

const FENCE = /^( *)(`{3,})([^\n`]*)\n([\s\S]*?)^\1\2 *$/gm

/** In the order of the page. A block of another language is none. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  for (const match of page.matchAll(FENCE)) {
    const [, indent = '', , info = '', body = ''] = match
    const [language = '', ...marks] = info.trim().split(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    const text = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd()
    const line = page.slice(0, match.index).split('\n').length
    const last = blocks.at(-1)
    if (language === 'text' && marks[0] === 'shows' && last?.kind === 'run') {
      blocks[blocks.length - 1] = { ...last, shows: text.split('\n') }
    } else if (['sh', 'bash', 'console', 'shell'].includes(language)) blocks.push(blockOf(line, marks, text))
  }
  return blocks
}

function blockOf(line: number, marks: readonly string[], text: string): Block {
  const option = (name: string): string | undefined =>
    marks
      .find((mark) => mark.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '')
  const common = { line, text, exit: Number(option('exit') ?? 0), wait: option('wait') ?? '', shows: [] }
  const untilMs = Number.parseInt(option('until') ?? '0') * 1000
  const [first = ''] = marks
  if (first === 'run') return { ...common, kind: 'run', name: '', untilMs }
  if (first === 'background') return { ...common, kind: 'background', name: option('as') ?? '', untilMs }
  if (first === 'needs') return { ...common, kind: 'needs', name: marks[1] ?? '', untilMs }
  const stop = option('stop')
  if (stop !== undefined) return { ...common, kind: 'stop', name: stop, untilMs }
  return { ...common, kind: 'unmarked', name: '', untilMs }
}

/** The first of the lines that does not come, in this order; undefined when all do. */
export function missingLine(output: string, shows: readonly string[]): string | undefined {
  let rest = output.split('\n')
  for (const wanted of shows) {
    const parts = wanted
      .trim()
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/ +/g, ' +'))
    const pattern = new RegExp(`^\\s*${parts.join('.*')}\\s*$`)
    const at = rest.findIndex((line) => pattern.test(line))
    if (at < 0) return wanted
    rest = rest.slice(at + 1)
  }
  return undefined
}
