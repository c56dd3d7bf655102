/** The addresses of all screens as THE LIST has them, read as text: what it imports is for browsers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const screenPaths = (): string[] =>
  [
    ...readFileSync(join(import.meta.dirname, '..', 'src', 'shell', 'screens.ts'), 'utf8').matchAll(
      / screen\(\s*'(\/[^']*)'/g,
    ),
  ].map(([, path]) => path!)
