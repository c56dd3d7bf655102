/**
 * Reads a configuration file with everything it refers to, and checks all of it, offline. Every part is checked even when
 * others have problems, so that a person sees the whole list at once. Precedence: environment (BIFROST_*), file, defaults.
 */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { z } from 'zod'
import { messageOf } from '../core/errors.ts'
import { loadAccess } from './access.ts'
import { LOG_FORMATS, LOG_LEVELS, type Config, type ConfigSources, type StoreConfig } from './config.ts'
import { loadDevices } from './devices.ts'
import { readVariable } from './environment.ts'
import { fileSchema } from './file-schema.ts'
import { listenFault, parseListen } from './listen.ts'
import { ConfigError, ProblemList } from './problem.ts'
import { inOrder } from './problem-order.ts'
import { checkSchema } from './schema-check.ts'
import { closestFile, type Loading } from './loading.ts'
import { NamedFiles } from './named-files.ts'
import { loadReceive } from './receive.ts'
import { loadSinks } from './sinks.ts'
import { closest } from './suggestion.ts'
import { firstForeignLine } from './utf8.ts'
import { refuseReferences } from './templates/reference-check.ts'
import { TemplateSet } from './templates/template-set.ts'
import { YamlSource, type YamlMapping } from './yaml-source.ts'

/** The configuration in `file`; throws a ConfigError that holds every problem at once. */
export async function loadConfig(file: string, sources: ConfigSources): Promise<Config> {
  return openConfig(file, sources).config
}

/** A configuration with the file that it was read from. */
export interface OpenConfig {
  readonly config: Config
  readonly source: YamlSource
  readonly root: YamlMapping
}

/** As `loadConfig`; `onDevice` is told of each device as it was written. */
export function openConfig(file: string, sources: ConfigSources, onDevice?: Loading['onDevice']): OpenConfig {
  const problems = new ProblemList()
  const source = new YamlSource(file, readText(file), sources.env, problems)
  const folder = dirname(resolve(file))
  const openPath = (named: string) => (isAbsolute(named) ? named : join(folder, named))
  const loading: Loading = {
    ...sources,
    source,
    problems,
    onDevice,
    tagLists: new Map(),
    files: new NamedFiles(openPath, sources.requireFiles === true),
    openPath,
    showPath: (named) => (isAbsolute(named) ? named : join(dirname(file), named)),
  }
  const root = toMapping(source.root, loading)
  const head = checkSchema(fileSchema, { source, path: [], value: root }, problems)
  const templates = new TemplateSet(loading)
  templates.readList(root.templates)
  for (const [key, value] of Object.entries(root))
    if (key !== 'templates') refuseReferences(value, [key], source, problems)
  const devices = loadDevices(root.devices, templates, loading)
  const sinks = loadSinks(root.sinks, devices, loading)
  const access = loadAccess(root.access, loading)
  const receive = loadReceive(root.receive, devices, loading)
  const overrides = readOverrides(sources, problems)
  if (problems.problems.length > 0 || head === undefined)
    throw new ConfigError(file, inOrder(problems.problems), problems.warnings)
  const listen = overrides.listen ?? head.http.listen
  const config: Config = {
    version: 1,
    file: resolve(file),
    data: overrides.data ?? resolve(folder, head.data),
    log: { level: overrides.level ?? head.log.level, format: overrides.format ?? head.log.format },
    http: head.http.enabled ? { listen, hosts: head.http.hosts, access: head.http.access } : undefined,
    access,
    store: storeOf(head.store),
    discovery: head.discovery,
    devices,
    sinks,
    receive,
    warnings: problems.warnings,
  }
  return { config, source, root }
}

function readText(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const nearest = missing ? closestFile(file) : undefined
    const message = missing ? 'there is no such file' : `it cannot be read: ${messageOf(error)}`
    throw new ConfigError(file, [
      { file, line: 1, column: 1, path: '', message, ...(nearest === undefined ? {} : { suggestion: nearest }) },
    ])
  }
  const foreign = firstForeignLine(bytes)
  if (foreign === undefined) return bytes.toString('utf8')
  throw new ConfigError(file, [{ file, ...foreign, path: '', message: 'this file is not UTF-8; save it as UTF-8' }])
}

function toMapping(root: unknown, { source, problems }: Loading): YamlMapping {
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as YamlMapping
  if (problems.problems.length === 0) {
    problems.add(
      source.placeOf([]),
      '',
      'expected a mapping that begins with `version: 1`; `bifrost init` writes an example',
    )
  }
  throw new ConfigError(source.file, problems.problems)
}

interface Overrides {
  data?: string
  listen?: NonNullable<ReturnType<typeof parseListen>>
  level?: Config['log']['level']
  format?: Config['log']['format']
}

/** BIFROST_DATA, BIFROST_HTTP_LISTEN, BIFROST_LOG_LEVEL and BIFROST_LOG_FORMAT go before what the file says. */
function readOverrides({ env }: ConfigSources, problems: ProblemList): Overrides {
  const overrides: Overrides = {}
  const complain = (name: string, message: string, suggestion?: string) =>
    problems.add({ file: 'environment', line: 1, column: 1 }, name, message, suggestion)
  const data = readVariable('BIFROST_DATA', env)
  if (data !== undefined && data !== '') overrides.data = resolve(data)
  const listen = readVariable('BIFROST_HTTP_LISTEN', env)
  if (listen !== undefined) {
    const parsed = parseListen(listen)
    const fault = listenFault(parsed)
    if (fault === undefined) overrides.listen = parsed!
    else complain('BIFROST_HTTP_LISTEN', fault)
  }
  const choose = <Word extends string>(name: string, words: readonly Word[]): Word | undefined => {
    const given = readVariable(name, env)
    const word = words.find((one) => one === given)
    if (given !== undefined && word === undefined)
      complain(name, `expected one of ${words.join(', ')}`, closest(given, words))
    return word
  }
  const level = choose('BIFROST_LOG_LEVEL', LOG_LEVELS)
  const format = choose('BIFROST_LOG_FORMAT', LOG_FORMATS)
  return { ...overrides, ...(level === undefined ? {} : { level }), ...(format === undefined ? {} : { format }) }
}

function storeOf({
  sync,
  syncEvery,
  preallocate,
  maxSize,
  maxAge,
  whenFull,
  thinOneIn,
  trends,
}: z.output<typeof fileSchema>['store']): StoreConfig {
  const syncEveryMs = sync === 'each' ? 0 : syncEvery
  const kept = { maxBytes: trends.maxSize, maxAgeMs: trends.maxAge }
  return {
    syncEveryMs,
    preallocateBytes: preallocate,
    maxBytes: maxSize,
    maxAgeMs: maxAge,
    policy: whenFull,
    thinOneIn,
    trends: kept,
  }
}
