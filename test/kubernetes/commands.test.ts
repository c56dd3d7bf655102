/** What the containers of the backup are told is what the command line takes: words of a command, and options that this command has. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { COMMANDS, type CommandInfo } from '../../src/cli/commands.ts'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { buildAll, PROCEDURES, procedure, workloads, type Composition, type Objects } from './manifests.ts'
import { assertFinds, pick, type Loose, type Mutation } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const SHELL = ['/bin/sh', '-c']

/** The words of `bifrost` alone. A shell gets them as one, after `exec`; what it puts in there itself is one word for us. */
function wordsOf(command: readonly string[]): string[] {
  if (SHELL.some((word, at) => command[at] !== word)) return [...command]
  return (command[2] ?? '').replace(/^.*?\bexec /, '').match(/(?:"[^"]*"|\S)+/g)!
}

/** What is wrong with these words. */
function commandProblems(words: readonly string[]): string[] {
  const [program, ...rest] = words
  if (program !== 'bifrost') return [`${program} is not bifrost`]
  let commands: readonly CommandInfo[] | undefined = COMMANDS
  let command: CommandInfo | undefined
  let at = 0
  for (; commands !== undefined; at++) {
    const found: CommandInfo | undefined = commands.find(({ usage }) => usage.split(' ')[0] === rest[at])
    if (found === undefined) return [`there is no command ${rest.slice(0, at + 1).join(' ')}`]
    command = found
    commands = found.commands
  }
  const problems: string[] = []
  const { usage, options = [] } = command!
  const known = new Map(
    options.flatMap(([flags]) => flags.match(/-{1,2}[a-z-]+/g)!.map((flag) => [flag, flags] as const)),
  )
  const operands: string[] = []
  for (let next = at; next < rest.length; next++) {
    const word = rest[next]!
    if (!word.startsWith('-')) {
      operands.push(word)
      continue
    }
    const [flag = '', value] = word.split('=')
    const flags = known.get(flag)
    if (flags === undefined) problems.push(`${usage}: there is no option ${flag}`)
    else if (flags.includes('<') && value === undefined && (rest[++next] ?? '-').startsWith('-'))
      problems.push(`${usage}: ${flag} has no value`)
  }
  const most = usage.split(' ').length - 1
  if (problems.length === 0 && operands.length > most) problems.push(`${usage}: ${operands.join(' ')} is too much`)
  return problems
}

/** Of every container of the backup that starts `bifrost`; the others start the script that collects. */
function backupProblems(objects: Objects): string[] {
  return workloads(objects)
    .filter(({ labels }) => labels['app.kubernetes.io/component'] === 'backup')
    .flatMap(({ owner, template }) =>
      template.spec.containers.flatMap(({ name, command = [] }) =>
        commandProblems(wordsOf(command)).map((problem) => `${owner.metadata.name}/${name}: ${problem}`),
      ),
    )
}

const commandOf = (objects: Objects, name: string): Loose =>
  pick(objects, 'CronJob', name).spec!.jobTemplate!.spec!.template!.spec!.containers![0]!.command!
const replaceWord = (objects: Objects, name: string, at: number, from: string | RegExp, to: string): void => {
  const words = commandOf(objects, name) as unknown as string[]
  const changed = words[at]!.replace(from, to)
  assert.notEqual(changed, words[at])
  words[at] = changed
}

const DEFECTS: readonly Mutation[] = [
  ...['create', 'cluster', 'prune', 'drill'].map((job) => ({
    defect: `${job}: an option that the command does not have`,
    change: (o: Objects) => replaceWord(o, `bifrost-backup-${job}`, 3, '-c', '--settings'),
    found: /there is no option --settings/,
  })),
  { defect: 'the same within a shell', change: (o) => replaceWord(o, 'bifrost-backup-verify', 2, '-c ', '--settings '), found: /verify: there is no option --settings/ }, // prettier-ignore
  { defect: 'an option of another command', change: (o) => replaceWord(o, 'bifrost-backup-verify', 2, '--read', '--scratch'), found: /verify: there is no option --scratch/ }, // prettier-ignore
  { defect: 'a command that is none', change: (o) => replaceWord(o, 'bifrost-backup-prune', 2, 'prune', 'forget'), found: /there is no command backup forget/ }, // prettier-ignore
  { defect: 'an option without its value', change: (o) => void commandOf(o, 'bifrost-backup-create').pop(), found: /create: -c has no value/ }, // prettier-ignore
  { defect: 'a word too much', change: (o) => void commandOf(o, 'bifrost-backup-create').push('all' as never), found: /create: all is too much/ }, // prettier-ignore
  { defect: 'another program', change: (o) => replaceWord(o, 'bifrost-backup-create', 0, 'bifrost', 'restic'), found: /restic is not bifrost/ }, // prettier-ignore
]

for (const name of ['production', 'replicas'] as const)
  test(`${name}: each job of the backup says what the command line takes`, { skip }, () => {
    assertFinds(backupProblems, built[name], DEFECTS)
  })

test('what a person applies by hand says what the command line takes', () => {
  for (const name of PROCEDURES)
    for (const { template } of workloads(procedure(name)))
      for (const { command = ['bifrost'], args = [] } of template.spec.containers)
        assert.deepEqual(commandProblems([...command, ...args]), [], name)
  // Its crippled control.
  assert.deepEqual(commandProblems(['bifrost', 'backup', 'restore', '--keep']), ['restore [snapshot]: there is no option --keep']) // prettier-ignore
})

test('all parts of a backup have their job', { skip }, () => {
  const jobs = workloads(built.production).filter(({ owner }) => owner.kind === 'CronJob')
  const done = jobs.map(({ template }) => wordsOf(template.spec.containers[0]!.command ?? [])[2])
  assert.deepEqual([...new Set(done)].toSorted(), ['create', 'drill', 'prune', 'verify'])
})

test('the check reads the seventh of the day, as the kubelet hands the words on', { skip }, () => {
  const script = (commandOf(built.production, 'bifrost-backup-verify') as unknown as string[])[2]!
  // The kubelet leaves one dollar of two, and puts a variable in place of $(NAME): there may be none of those.
  assert.doesNotMatch(script, /(^|[^$])\$\(/)
  const shell = script.replaceAll('$$(', '$(').replace('exec bifrost', 'echo')
  const { stdout } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' })
  assert.match(stdout, /--read [1-7]\/7\n$/)
})
