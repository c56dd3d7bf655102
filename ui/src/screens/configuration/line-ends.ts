/** A text field of the browser knows line feeds alone: what somebody did not touch gets back the line ends that it had. */

const LINES = /[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g

const plain = (line: string): string => line.replace(/\r\n?$/, '\n')

/** `typed`, with the line ends of `before` where its lines are the same; new lines end as the first one of it does. */
export function withLineEnds(before: string, typed: string): string {
  if (!before.includes('\r')) return typed
  const [old, now] = [before.match(LINES) ?? [], typed.match(LINES) ?? []]
  let head = 0
  while (head < old.length && head < now.length && plain(old[head]!) === now[head]) head++
  let tail = 0
  const most = Math.min(old.length, now.length) - head
  while (tail < most && plain(old.at(-1 - tail)!) === now.at(-1 - tail)) tail++
  const end = /[\r\n]+$/.exec(old[0] ?? '')?.[0] ?? '\n'
  const changed = now.slice(head, now.length - tail).map((line) => line.replace(/\n$/, end))
  return [...old.slice(0, head), ...changed, ...old.slice(old.length - tail)].join('')
}
