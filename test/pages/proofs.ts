/** Tables of pages whose rows name tests: what a row names, and whether it is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Of one line of a table. */
export const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** `file` words of the title… */
export const proofsOf = (proof: string): [file: string, words: string][] =>
  [...proof.matchAll(/`((?:src|test)\/[\w/.-]+)` ([^;…]+)…/g)].map(([, file, words]) => [file!, words!])

/** What is wrong with a proof, or undefined. */
export function faultOf(file: string, words: string): string | undefined {
  const path = join(ROOT, `${file}.test.ts`)
  if (!existsSync(path)) return `there is no ${file}.test.ts`
  const titles = [...readFileSync(path, 'utf8').matchAll(/\btest\(\s*(?:\w+ \? )?(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)]
  return titles.some(([, , title]) => title!.includes(words)) ? undefined : `no test of ${file}.test.ts says "${words}"`
}
