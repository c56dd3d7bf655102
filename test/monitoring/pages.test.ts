/** Pages of alerts help at night only when what they tell to type exists: commands, routes, options, settings and other alerts. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { COMMANDS, type CommandInfo } from '../../src/cli/commands.ts'
import { toolCommands } from '../../src/cli/tool-commands.ts'
import { drivers } from '../../src/drivers/index.ts'
import { readMatrix } from '../../src/http/auth/matrix.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGES = globSync('docs/runbooks/alerts/Bifrost*.md', { cwd: ROOT })
const alerts = globSync('deploy/monitoring/rules/*.yml', { cwd: ROOT }).flatMap((file) =>
  (parse(readFileSync(join(ROOT, file), 'utf8')) as { groups: { rules: { alert?: string }[] }[] }).groups.flatMap(
    (group) => group.rules.flatMap(({ alert }) => alert ?? []),
  ),
)

/** Switches that every command has. */
const EVERYWHERE = ['--json', '--quiet', '-q', '--no-color', '--no-input', '--help', '-h']

/** Why a command line is not one of ours; undefined: it is. */
export function notACommand(line: string): string | undefined {
  const [, ...words] = line.split(/\s+/)
  let commands: readonly CommandInfo[] = [...COMMANDS, ...toolCommands(drivers)]
  let found: CommandInfo | undefined
  while (words.length > 0) {
    const next = commands.find(({ usage }) => usage.split(' ')[0] === words[0])
    if (next === undefined) break
    found = next
    commands = next.commands ?? []
    words.shift()
  }
  if (found === undefined) return 'there is no such command'
  if (found.commands !== undefined && found.load === undefined) return 'one of its commands has to be named'
  const takes = found.usage.split(' ').length - 1
  const flags = [...EVERYWHERE, ...(found.options ?? []).flatMap(([names]) => names.match(/--?[a-z][\w-]*/g) ?? [])]
  for (const word of words) if (/^--?[a-z]/.test(word) && !flags.includes(word)) return `it has no option ${word}`
  if (takes === 0 && words.length > 0 && !words[0]!.startsWith('-')) return `it takes no ${words[0]}`
  return undefined
}

/** Commands of a page: those in code, up to what a shell would take as their end. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/`(bifrost [^`]+)`|^\s*(bifrost .+)$/gm)].map(([, inline, block]) =>
    (inline ?? block)!.split(/ (?:&&|\|\||\||>|;) /)[0]!.trim(),
  )

test('every alert has its page, and every page its alert', () => {
  assert.deepEqual(PAGES.map((page) => basename(page, '.md')).toSorted(), alerts.toSorted())
})

test('every command of a page exists, with its options', () => {
  let count = 0
  for (const page of PAGES) {
    for (const line of commandsOf(readFileSync(join(ROOT, page), 'utf8'))) {
      count++
      assert.equal(notACommand(line), undefined, `${page}: ${line}`)
    }
  }
  assert.ok(count > 100, `${count} commands found`)
})

test('every route of a page exists', () => {
  const routes = readMatrix()
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`))
  for (const page of PAGES) {
    for (const [, path] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\$BIFROST_URL(\/[\w/.-]+)/g))
      assert.ok(
        routes.some((route) => route.test(path!)),
        `${page}: GET ${path}`,
      )
  }
})

test('every alert that a page or the configuration of Alertmanager names exists', () => {
  const files = [...PAGES, 'deploy/monitoring/alertmanager/alertmanager.yml', 'deploy/monitoring/README.md']
  for (const file of files) {
    for (const [name] of readFileSync(join(ROOT, file), 'utf8').matchAll(/\bBifrost[A-Z]\w+(?:\([\w|]+\)\w*)?/g)) {
      const pattern = new RegExp(`^${name}$`)
      assert.ok(
        alerts.some((alert) => pattern.test(alert)),
        `${file}: ${name}`,
      )
    }
  }
})

test('every setting that a page names is one of the configuration', () => {
  const reference = readFileSync(join(ROOT, 'docs', 'reference', 'configuration.md'), 'utf8')
  for (const page of PAGES) {
    for (const [, group, name] of readFileSync(join(ROOT, page), 'utf8').matchAll(
      /`(store|http|receive)\.([\w.]+)`/g,
    )) {
      const section = reference.split(`\n## ${group}\n`)[1]!.split('\n## ')[0]!
      assert.ok(section.includes(`\`${name}\``), `${page}: ${group}.${name}`)
    }
  }
})

test('a command that does not exist is found (control)', () => {
  assert.match(notACommand('bifrost sinks list')!, /no such command/)
  assert.match(notACommand('bifrost sink list --all')!, /no option --all/)
  assert.match(notACommand('bifrost sink')!, /has to be named/)
  assert.equal(notACommand('bifrost sink list plant --json'), undefined)
})
