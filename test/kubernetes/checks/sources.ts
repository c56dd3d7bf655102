/** Where the files of a pod come from: ConfigMaps, and Secrets whoever makes them; and whether every file that something names is in one. */
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { ISecret } from 'kubernetes-models/v1/Secret'
import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate'
import type { IExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { containersOf, ofKind, workloads, type Objects, type Workload } from '../manifests.ts'

/** The keys of every Secret that something makes: a generator, cert-manager, the External Secrets Operator. */
export function secretsOf(objects: Objects): ReadonlyMap<string, readonly string[]> {
  const secrets = new Map<string, readonly string[]>()
  for (const { metadata, data = {}, stringData = {} } of ofKind<ISecret>(objects, 'Secret'))
    secrets.set(metadata.name, Object.keys({ ...data, ...stringData }))
  for (const { spec } of ofKind<ICertificate>(objects, 'Certificate'))
    secrets.set(spec!.secretName, ['tls.crt', 'tls.key', 'ca.crt'])
  for (const { metadata, spec } of ofKind<IExternalSecret>(objects, 'ExternalSecret'))
    secrets.set(
      spec?.target?.name ?? metadata.name,
      (spec?.data ?? []).map(({ secretKey }) => secretKey),
    )
  return secrets
}

const textsOf = (objects: Objects): ReadonlyMap<string, Readonly<Record<string, string>>> =>
  new Map(ofKind<IConfigMap>(objects, 'ConfigMap').map(({ metadata, data = {} }) => [metadata.name, data]))

/** In every namespace by itself. */
const GIVEN = new Map([['kube-root-ca.crt', ['ca.crt']]])

interface Source {
  readonly volume: string
  /** Undefined: anything may be written there. */
  readonly keys: readonly string[] | undefined
  readonly texts: Readonly<Record<string, string>>
}

export function sourceProblems(objects: Objects): string[] {
  const problems: string[] = []
  const [secrets, texts] = [secretsOf(objects), textsOf(objects)]
  for (const pod of workloads(objects)) {
    const say = (problem: string) => problems.push(`${pod.owner.kind} ${pod.owner.metadata.name}: ${problem}`)
    const sources = sourcesOf(pod, secrets, texts, say)
    const mounted = new Set<string>()
    for (const { name: container, volumeMounts = [], env = [], args = [], command = [] } of containersOf(pod)) {
      const places = new Map<string, Source>()
      for (const { name, mountPath, subPath } of volumeMounts) {
        mounted.add(name)
        const source = sources.get(name)
        if (source === undefined) say(`${container} mounts ${name}, which is no volume of it`)
        else places.set(mountPath, source)
        if (subPath !== undefined && source?.keys !== undefined)
          say(`${container}: ${mountPath} by subPath never changes`)
      }
      const words = [...args, ...command, ...env.map(({ value = '' }) => value), ...[...places.values()].flatMap(({ texts: all }) => Object.values(all))] // prettier-ignore
      for (const file of new Set(words.flatMap(filesIn))) {
        const [place] = [...places.keys()].filter((path) => file.startsWith(`${path}/`)).toSorted((a, b) => b.length - a.length) // prettier-ignore
        const keys = place === undefined ? undefined : places.get(place)!.keys
        if (keys !== undefined && !keys.includes(file.slice(place!.length + 1)))
          say(`${container}: ${file} is not in ${places.get(place!)!.volume} (${keys.join(', ')})`)
      }
      for (const name of new Set(words.flatMap(secretsIn)))
        if (places.has('/etc/bifrost') && !places.get('/run/secrets/bifrost')?.keys?.includes(name))
          say(`${container}: there is no secret ${name}`)
    }
    for (const name of sources.keys()) if (!mounted.has(name)) say(`nobody mounts ${name}`)
  }
  return [...problems, ...monitorProblems(objects, secrets)]
}

function sourcesOf(
  { template, claims }: Workload,
  secrets: ReturnType<typeof secretsOf>,
  texts: ReturnType<typeof textsOf>,
  say: (problem: string) => void,
): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>(
    claims.map(({ name }) => [name, { volume: name, keys: undefined, texts: {} }]),
  )
  for (const { name, configMap, secret, projected } of template.spec.volumes ?? []) {
    const source = { volume: name, keys: undefined as readonly string[] | undefined, texts: {} }
    if (configMap !== undefined) {
      const found = texts.get(configMap.name!)
      if (found === undefined) say(`there is no ConfigMap ${configMap.name}`)
      Object.assign(source, { keys: Object.keys(found ?? {}), texts: found ?? {} })
    }
    if (secret !== undefined) {
      const found = secrets.get(secret.secretName!)
      if (found === undefined) say(`nothing makes the Secret ${secret.secretName}`)
      source.keys = found ?? []
    }
    for (const one of projected?.sources ?? []) {
      const found = one.configMap && (texts.get(one.configMap.name!) ?? GIVEN.get(one.configMap.name!))
      if (one.configMap !== undefined && found === undefined) say(`there is no ConfigMap ${one.configMap.name}`)
    }
    sources.set(name, source)
  }
  return sources
}

/** Absolute paths of files that a text names. */
const filesIn = (text: string): string[] =>
  withoutComments(text).match(/(?<![\w:/$])\/(?:etc|run)\/[\w./-]*[\w-]\.?[\w-]+/g) ?? []
const secretsIn = (text: string): string[] =>
  [...withoutComments(text).matchAll(/\$\{secret:([\w.-]+)\}/g)].map(([, name]) => name!)
const withoutComments = (text: string): string => text.replaceAll(/^\s*(#|\/\/).*$/gm, '')

function monitorProblems(objects: Objects, secrets: ReturnType<typeof secretsOf>): string[] {
  return ofKind<IServiceMonitor>(objects, 'ServiceMonitor').flatMap(({ metadata, spec }) =>
    (spec?.endpoints ?? []).flatMap(({ tlsConfig }) =>
      [tlsConfig?.ca?.secret, tlsConfig?.cert?.secret, tlsConfig?.keySecret].flatMap((one) =>
        one !== undefined && secrets.get(one.name!)?.includes(one.key) === true
          ? []
          : [`ServiceMonitor ${metadata.name}: nothing makes ${one?.name}/${one?.key}`],
      ),
    ),
  )
}
