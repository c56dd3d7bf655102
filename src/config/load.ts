/**
 * Reads a configuration file with everything it refers to, and checks all of it, offline. Every part is checked even when
 * others have problems, so that a person sees the whole list at once. Precedence: environment (BIFROST_*), file, defaults.
 */
import { resolve } from 'node:path'
import type { z } from 'zod'
import { loadAccess } from './access.ts'
import { loadAssets } from './assets.ts'
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type Config,
  type ConfigSources,
  type HttpConfig,
  type Listen,
  type OwnedName,
  type StoreConfig,
} from './config.ts'
import { loadAlerts } from './alerts.ts'
import { loadDevices } from './devices.ts'
import { readVariable } from './environment.ts'
import { fileSchema, includedSchema } from './file-schema.ts'
import { checkInterlocks } from './interlocks.ts'
import { httpTlsOf } from './http-tls.ts'
import { NO_ADDRESS, parseListen, reachFault } from './listen.ts'
import { toOrigin } from './origin.ts'
import { partOf, readParts, type Part, type SharedLoading } from './parts.ts'
import { ConfigError, ProblemList, type Place } from './problem.ts'
import { inOrder } from './problem-order.ts'
import { checkSchema } from './schema-check.ts'
import type { Loading } from './loading.ts'
import { NamedFiles } from './named-files.ts'
import { logOf } from './log-schema.ts'
import { loadReceive } from './receive.ts'
import { reportsOf } from './reports.ts'
import { SecretFiles } from './secret-files.ts'
import { loadSinks } from './sinks.ts'
import { closest } from './suggestion.ts'
import { refuseReferences } from './templates/reference-check.ts'
import { TemplateSet } from './templates/template-set.ts'
import { tracingOf } from './tracing.ts'

/** The configuration in `file`; throws a ConfigError that holds every problem at once. */
export async function loadConfig(file: string, sources: ConfigSources): Promise<Config> {
  return openConfig(file, sources).config
}

/** A configuration with the files that it was read from. */
export interface OpenConfig {
  readonly config: Config
  /** The file that was named, then those that it includes. */
  readonly parts: readonly [Part, ...Part[]]
  /** The sections by their names in the file, defaults filled in, before the environment. */
  readonly head: z.output<typeof fileSchema>
}

/** As `loadConfig`; `onDevice` is told of each device as it was written. */
export function openConfig(file: string, sources: ConfigSources, onDevice?: Loading['onDevice']): OpenConfig {
  const problems = new ProblemList()
  const files = new Set<string>()
  const parts = readParts(
    file,
    sharedLoading(sources, problems, (one) => files.add(one), onDevice),
  )
  const head = checkHead(parts, problems)
  const templates = new TemplateSet(parts[0].loading)
  for (const { root, loading } of parts) templates.readList(root.templates, loading)
  for (const { root, source } of parts)
    for (const [key, value] of Object.entries(root))
      if (key !== 'templates') refuseReferences(value, [key], source, problems)
  const names = { device: new Map<string, Place>(), sink: new Map<string, Place>() }
  const devices = parts.flatMap(({ root, loading }) => loadDevices(root.devices, templates, loading, names.device))
  const isOpen = parts.some(({ root }) => root.receive !== undefined)
  checkInterlocks(devices, isOpen, problems)
  const assets = loadAssets(head?.assets ?? [], devices, isOpen, partOf(parts, 'assets').loading)
  const sinks = parts.flatMap(({ root, loading }) => loadSinks(root.sinks, devices, loading, names.sink))
  const access = loadAccess(...sectionOf(parts, 'access'))
  const receive = loadReceive(...sectionOf(parts, 'receive'), devices)
  const alerts = loadAlerts(...sectionOf(parts, 'alerts'))
  const overrides = readOverrides(sources, problems)
  const tracing = tracingOf(head?.tracing, sources.env, (name, message) =>
    problems.add(placeOfTracing(name, parts), name, message),
  )
  // Another section may be wrong: that is no reason to leave this unsaid.
  const http = head?.http ?? fileSchema.shape.http.safeParse(partOf(parts, 'http').root.http).data
  if (http !== undefined) checkReach(http, overrides, partOf(parts, 'http').loading)
  if (problems.problems.length > 0 || head === undefined)
    throw new ConfigError(file, inOrder(problems.problems), problems.warnings)
  const data = overrides.data ?? partOf(parts, 'data').loading.openPath(head.data)
  const listen = overrides.listen ?? head.http.listen
  const config: Config = {
    version: 1,
    file: resolve(file),
    files: [...files],
    data,
    log: logOf(head.log, overrides, partOf(parts, 'log').loading.openPath),
    http: head.http.enabled ? httpOf(head.http, listen) : undefined,
    access,
    store: storeOf(head.store),
    secrets: secretsOf(head.secrets, partOf(parts, 'secrets').loading.openPath),
    audit: auditOf(head.audit),
    writes: { approveWithinMs: head.writes.approveWithin },
    network: head.network,
    discovery: head.discovery,
    tracing,
    templates: templates.origins(),
    roles: roleOwners(access, partOf(parts, 'access')),
    devices,
    sinks,
    ...(assets.length === 0 ? {} : { assets }),
    receive,
    alerts,
    reports: reportsOf(head.reports, data, partOf(parts, 'reports').loading.openPath),
    warnings: problems.warnings,
  }
  return { config, parts, head }
}

/** What all files of one configuration share while it is read. */
export const sharedLoading = (
  sources: ConfigSources,
  problems: ProblemList,
  onFile: (file: string) => void,
  onDevice?: Loading['onDevice'],
): SharedLoading => ({
  ...sources,
  problems,
  onDevice,
  tagLists: new Map(),
  secrets: new SecretFiles(sources.env, sources.containerSecrets),
  files: new NamedFiles((named) => named, sources.requireFiles === true),
  onFile,
})

/** What stands under a section, and how to read it: names of files are relative to where it stands. */
function sectionOf(parts: OpenConfig['parts'], section: string): [unknown, Loading] {
  const { root, loading } = partOf(parts, section)
  return [root[section], loading]
}

type Head = z.output<typeof fileSchema>

/** Who can reach the gateway from elsewhere is asked who he is, and not in the open. */
function checkReach(
  { enabled, listen, tls, ...http }: Head['http'],
  overrides: Overrides,
  { source, problems }: Loading,
): void {
  if (!enabled) return
  const fault = reachFault(overrides.listen ?? listen, { ...http, tls: tls !== undefined })
  if (fault === undefined) return
  if (overrides.listen !== undefined)
    problems.add({ file: 'environment', line: 1, column: 1 }, 'BIFROST_HTTP_LISTEN', fault)
  else problems.add(source.placeOf(['http', 'listen']), 'http.listen', fault)
}

const httpOf = ({ hosts, access, plain, metrics, tls, ...http }: Head['http'], listen: Listen): HttpConfig => ({
  listen,
  hosts,
  access,
  plain,
  metrics,
  ...(http.trustedProxies.length === 0 ? {} : { trustedProxies: http.trustedProxies }),
  ...(http.securityContact === undefined ? {} : { securityContact: http.securityContact }),
  ...(tls === undefined ? {} : { tls: httpTlsOf(tls) }),
})

const secretsOf = (
  { keyFile, keyCommand }: Head['secrets'],
  openPath: (named: string) => string,
): Config['secrets'] => ({ keyFile: keyFile === undefined ? undefined : openPath(keyFile), keyCommand })

const auditOf = ({ maxFileSize, maxFileAge, maxSize, maxAge }: Head['audit']) => ({
  maxFileBytes: maxFileSize,
  maxFileAgeMs: maxFileAge,
  maxBytes: maxSize,
  maxAgeMs: maxAge,
})

/** What a variable of the environment says is at no place of a file. */
const placeOfTracing = (name: string, parts: OpenConfig['parts']): Place =>
  name.startsWith('OTEL_')
    ? { file: 'environment', line: 1, column: 1 }
    : partOf(parts, 'tracing').source.placeOf(name.split('.'))

const roleOwners = ({ roles }: Config['access'], { source }: Part): OwnedName[] =>
  roles.map(({ name }, at) => ({ name, origin: toOrigin(source.placeOf(['access', 'roles', at])) }))

/** Each section from the file in which it stands; `version` is needed only in the first one. */
function checkHead(parts: OpenConfig['parts'], problems: ProblemList): Head | undefined {
  const [main, ...included] = parts
  const head = checkSchema(
    fileSchema,
    { source: main.source, path: [], value: main.root },
    problems,
    main.loading.files,
  )
  const rest = included.map(({ root, source, loading }) => {
    const checked = checkSchema(includedSchema, { source, path: [], value: root }, problems, loading.files)
    return Object.fromEntries(Object.entries(checked ?? {}).filter(([key]) => Object.hasOwn(root, key)))
  })
  return head && Object.assign({}, head, ...rest)
}

interface Overrides {
  data?: string
  listen?: Listen
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
    if (parsed === undefined) complain('BIFROST_HTTP_LISTEN', NO_ADDRESS)
    else overrides.listen = parsed
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
}: Head['store']): StoreConfig {
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
