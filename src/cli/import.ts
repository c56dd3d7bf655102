/**
 * `bifrost import KIND FILE`: the configuration of another gateway as one of ours. It is made in a folder of its own beside the wanted one and
 * checked there as `bifrost check` does; what would not pass is left out with its reason, so that what is written is valid. Nothing is
 * overwritten. Exit 0 when all came over, 5 when something was left out, 78 when the file is not of that kind.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigError, type Problem } from '../config/problem.ts'
import { loadConfig } from '../config/load.ts'
import { closest } from '../config/suggestion.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import { folderProblem, makeFolders } from '../core/folder.ts'
import type { ImportedDevice, LeftOut, SourceFile } from '../importers/importer.ts'
import { filesOf, type FolderOptions } from '../importers/folder.ts'
import { importerByName, importers } from '../importers/index.ts'
import { reportLines, reportOf } from '../importers/report.ts'
import { MOST_BYTES } from '../importers/source-text.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'

/** Each round leaves out what the check refused; a list with very many bad rows needs several. */
const MOST_ROUNDS = 200

export async function run(call: Call): Promise<number> {
  const [kind = '', path = ''] = call.args
  const importer = importerByName(kind)
  if (importer === undefined) throw unknownKind(kind)
  const folder = resolve(textOption(call, 'output') ?? `${basename(path).replace(/\.[^.]*$/, '')}-imported`)
  await refuseExisting(folder)
  const file = await readSource(path)
  const imported = await readAs(kind, file)
  const options = { keepWritable: call.options.keepWritable === true, kind, source: file.name }
  const kept = await keepValid(imported.devices, folder, options)
  const leftOut = [...imported.leftOut, ...kept.leftOut]
  const report = reportOf(kept.devices, { kind, source: file.name, leftOut, changed: imported.changed, keptWritable: options.keepWritable }) // prettier-ignore
  const lines = reportLines(report)
  const files = filesOf(kept.devices, options).set('import-report.txt', `${lines.join('\n')}\n`)
  await writeFolder(folder, files)
  if (call.terminal.json) call.terminal.resultJson({ folder, files: [...files.keys()], ...report })
  else for (const line of lines) call.terminal.result(line)
  call.terminal.say(`Written to ${folder}. Next: bifrost check -c ${join(folder, 'bifrost.yaml')}`)
  return leftOut.length === 0 ? Exit.ok : Exit.different
}

function unknownKind(kind: string): GatewayError {
  const names = importers.map(({ name }) => name)
  const meant = closest(kind, names)
  return new GatewayError('USAGE', `unknown kind "${kind}"${meant === undefined ? '' : `, did you mean ${meant}?`}; known are ${names.join(', ')}`) // prettier-ignore
}

async function readSource(path: string): Promise<SourceFile> {
  let handle
  try {
    handle = await open(path)
    const { size } = await handle.stat()
    if (size > MOST_BYTES)
      throw new GatewayError('CONFIG_INVALID', `${path} has ${size} bytes; at most ${MOST_BYTES} are read: export a part of it`) // prettier-ignore
    return { name: basename(path), bytes: await handle.readFile() }
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('NOT_FOUND', `${path} cannot be read: ${messageOf(error)}`)
  } finally {
    await handle?.close()
  }
}

/** A file of another kind is told with the kind that it looks like. */
async function readAs(kind: string, file: SourceFile) {
  try {
    return await importerByName(kind)!.read(file)
  } catch (error) {
    const other = importers.find((one) => one.name !== kind && one.looksLike(file))
    if (!(error instanceof GatewayError) || other === undefined) throw error
    throw new GatewayError('CONFIG_INVALID', `${error.message}; it looks like ${other.name}: bifrost import ${other.name} ${file.name}`) // prettier-ignore
  }
}

async function refuseExisting(folder: string): Promise<void> {
  if (!existsSync(folder)) return
  const names = await readdir(folder).catch(() => ['a file'])
  if (names.length > 0)
    throw new GatewayError('CONFLICT', `${folder} has ${names[0]} in it, and nothing is overwritten; name another folder with -o`) // prettier-ignore
}

/** The devices without what the check of a configuration refuses, and why that was refused. */
async function keepValid(devices: readonly ImportedDevice[], folder: string, options: FolderOptions) {
  const leftOut: LeftOut[] = []
  let kept = devices
  await makeFolders(dirname(folder))
  const trial = await mkdtemp(join(dirname(folder), '.import-'))
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (const [name, text] of filesOf(kept, options)) await writeFile(join(trial, name), text)
      const problems = await problemsOf(join(trial, 'bifrost.yaml'))
      if (problems.length === 0) return { devices: kept, leftOut }
      kept = without(kept, problems, listNames(kept, options), leftOut)
    }
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
  throw new GatewayError('CONFIG_INVALID', `too much of ${options.source} has no place here; first: ${leftOut[0]?.why ?? ''}`) // prettier-ignore
}

async function problemsOf(file: string): Promise<readonly Problem[]> {
  const [{ drivers }, { sinks }] = await Promise.all([import('../drivers/index.ts'), import('../sinks/index.ts')])
  try {
    await loadConfig(file, { drivers, sinks, env: {}, requireFiles: true })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const listNames = (devices: readonly ImportedDevice[], options: FolderOptions): string[] =>
  [...filesOf(devices, options).keys()].slice(0, devices.length)

const NEXT = 'Look it up in the manual of the device and write it by hand.'

function without(
  devices: readonly ImportedDevice[],
  problems: readonly Problem[],
  lists: readonly string[],
  leftOut: LeftOut[],
): ImportedDevice[] {
  // prettier-ignore
  const bad = new Map<string, string>()
  for (const { file, line, path, message } of problems) {
    const list = lists.indexOf(basename(file))
    const device = /^devices\[(\d+)\]/.exec(path)?.[1]
    if (list >= 0 && line > 1) bad.set(`${list}/${line - 2}`, message)
    else if (device !== undefined) bad.set(device, message)
    else throw new GatewayError('CONFIG_INVALID', `the result would not be valid: ${path} ${message}`)
  }
  return devices.flatMap((device, at) => {
    const why = bad.get(String(at))
    if (why !== undefined) {
      leftOut.push({
        place: device.place,
        what: `device "${device.name}" with ${device.tags.length} tags`,
        why,
        next: NEXT,
      })
      return []
    }
    const tags = device.tags.filter((tag, row) => {
      const reason = bad.get(`${at}/${row}`)
      if (reason !== undefined) leftOut.push({ place: tag.place, what: `tag "${device.name}/${tag.name}"`, why: reason, next: NEXT }) // prettier-ignore
      return reason === undefined
    })
    return tags.length === 0 ? [] : [{ ...device, tags }]
  })
}

/** All files or none: they are made beside the folder and moved into its place at once. */
async function writeFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  try {
    const made = await mkdtemp(join(dirname(folder), '.import-'))
    try {
      for (const [name, text] of files) await writeFile(join(made, name), text, { flag: 'wx' })
      if (existsSync(folder)) await rmdir(folder)
      await rename(made, folder)
    } finally {
      await rm(made, { recursive: true, force: true })
    }
  } catch (error) {
    throw new GatewayError('CONFLICT', `the folder ${folder} cannot be made: ${folderProblem(error)}; name another one with -o`) // prettier-ignore
  }
}
