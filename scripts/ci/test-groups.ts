/**
 * Which tests belong to which job: `test-groups.ts GROUP` prints files. Each file is in one group: what a rule below takes, else integration
 * for `test/`, else unit.
 */
import { globSync } from 'node:fs'
import { join } from 'node:path'

export const TEST_FILES = ['src', 'test', 'simulators', 'ui', 'bench'].map((folder) => `${folder}/**/*.test.ts`)

/** In this order. */
const RULES: readonly (readonly [group: string, pattern: RegExp])[] = [
  ['interop', /^test\/(interop|tshark|peers|captures|rsyslog|otel-collector|metrics-on-the-wire|monitoring\/)/],
  [
    'security',
    /^test\/(api-fuzz|fuzz|insecure|network-rules|outbound-tls|tls-scan|page-access|page-policy|accounts-start|config-rights|threat-model|security|workflows|ci-scripts)/,
  ],
  ['security', /^src\/(accounts|audit|secrets|access|http\/auth)\//],
  ['integration', /^test\//],
  ['unit', /./],
]

export const GROUPS: readonly string[] = [...new Set(RULES.map(([group]) => group))]

export const groupOf = (file: string): string => RULES.find(([, pattern]) => pattern.test(file))![0]

/** All files of a group, sorted. */
export function filesOf(root: string, group: string): string[] {
  const files = globSync(TEST_FILES, { cwd: root, exclude: (name) => name === 'node_modules' })
  return files.filter((file) => groupOf(file) === group).toSorted()
}

if (import.meta.main) {
  const [group = ''] = process.argv.slice(2)
  if (!GROUPS.includes(group)) {
    console.error(`no group '${group}'; there are ${GROUPS.join(', ')}`)
    process.exit(2)
  }
  console.log(filesOf(join(import.meta.dirname, '..', '..'), group).join('\n'))
}
