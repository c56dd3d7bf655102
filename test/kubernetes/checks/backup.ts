/**
 * The jobs of the backup: whom they ask and whether he answers when he is not well, room for a drill of a full volume, and times at which no job keeps
 * another one out.
 */
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { IService } from 'kubernetes-models/v1/Service'
import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate'
import { parse } from 'yaml'
import { containersOf, ofKind, selects, workloads, type Objects, type Workload } from '../manifests.ts'
import { quantity } from './capacity.ts'

export const backupProblems = (objects: Objects): string[] => [
  ...askProblems(objects),
  ...scratchProblems(objects),
  ...diskProblems(objects),
  ...timeProblems(objects),
]

const textOf = (objects: Objects, map: string, file: string): string | undefined =>
  ofKind<IConfigMap>(objects, 'ConfigMap').find(({ metadata }) => metadata.name === map)?.data?.[file]

/** The name by which the backup asks the gateway stands for its pod, ready or not, and is one that the gateway and its certificate know. */
function askProblems(objects: Objects): string[] {
  const text = textOf(objects, 'bifrost-backup', 'backup.yaml')
  if (text === undefined) return []
  const { hostname, port } = new URL((parse(text) as { gateway: { url: string } }).gateway.url)
  const [pod, name, namespace] = hostname.split('.')
  const problems: string[] = []
  const gateway = workloads(objects).find(({ owner }) => owner.kind === 'StatefulSet' && `${owner.metadata.name}-0` === pod) // prettier-ignore
  const service = ofKind<IService>(objects, 'Service').find(({ metadata }) => metadata.name === name && metadata.namespace === namespace) // prettier-ignore
  if (gateway === undefined || service === undefined) return [`${hostname} is not the name of the pod`]
  if (service.spec?.clusterIP !== 'None' || !selects({ matchLabels: service.spec.selector ?? {} }, gateway.labels))
    problems.push(`the Service ${name} gives the pod no name`)
  if (service.spec?.publishNotReadyAddresses !== true)
    problems.push(`the Service ${name} does not know a pod that is not ready`)
  if (!containersOf(gateway).some(({ ports = [] }) => ports.some((one) => one.containerPort === Number(port || 443))))
    problems.push(`no container listens on ${port || 443}`)
  const { http } = parse(textOf(objects, 'bifrost-config', 'bifrost.yaml') ?? '') as { http: { hosts: string[] } }
  if (!http.hosts.includes(hostname)) problems.push(`${hostname} is not in http.hosts`)
  const certificate = ofKind<ICertificate>(objects, 'Certificate').find(({ spec }) => spec?.secretName === 'bifrost-tls') // prettier-ignore
  const names = certificate?.spec?.dnsNames ?? []
  if (!names.some((one) => one === hostname || one === hostname.replace(/^[^.]+/, '*')))
    problems.push(`the certificate of the gateway does not name ${hostname}`)
  return problems
}

/** What a drill restores is at most what the volume of the gateway holds. */
function scratchProblems(objects: Objects): string[] {
  const pods = workloads(objects)
  const gateway = pods.find(({ owner }) => owner.kind === 'StatefulSet' && owner.metadata.name === 'bifrost')
  const most = Math.max(0, ...(gateway?.claims ?? []).map(({ storage }) => quantity(storage)))
  return pods.flatMap((pod) =>
    containersOf(pod).flatMap(({ command = [], volumeMounts = [] }) => {
      if (!command.includes('drill')) return []
      const folder = command[command.indexOf('--scratch') + 1] ?? ''
      const mount = volumeMounts.find(({ mountPath }) => folder === mountPath || folder.startsWith(`${mountPath}/`))
      const volume = pod.template.spec.volumes?.find(({ name }) => name === mount?.name)
      const claim = volume?.ephemeral?.volumeClaimTemplate?.spec.resources?.requests?.storage
      const room = quantity(claim ?? volume?.emptyDir?.sizeLimit ?? 0)
      return room >= most ? [] : [`${pod.owner.metadata.name}: ${folder} has room for ${room} bytes of the ${most} that a full volume holds`] // prettier-ignore
    }),
  )
}

/** A folder on the disk of the node counts as `ephemeral-storage` of the pod: past the limit of that the pod is evicted. */
function diskProblems(objects: Objects): string[] {
  return workloads(objects).flatMap((pod) => {
    const folders = (pod.template.spec.volumes ?? []).filter(({ emptyDir }) => emptyDir !== undefined && emptyDir.medium !== 'Memory') // prettier-ignore
    const most = folders.reduce((sum, { emptyDir }) => sum + quantity(emptyDir!.sizeLimit ?? Number.NaN), 0)
    const limit = pod.template.spec.containers.reduce((sum, { resources }) => sum + quantity(resources?.limits?.['ephemeral-storage'] ?? 0), 0) // prettier-ignore
    return most <= limit ? [] : [`${pod.owner.metadata.name}: its folders may take more than its ephemeral-storage`]
  })
}

interface Job {
  readonly name: string
  /** Minutes of a week. */
  readonly starts: readonly number[]
  /** Minutes after which it is ended, if not by itself. */
  readonly lasts: number
}

const WEEK = 7 * 24 * 60

/**
 * Two that make a backup never begin in one minute. Those that have a repository for themselves (prune, verify), and the drill that such a one would
 * stop, have ended before the next of them begins. Where they meet a backup, they wait for it by themselves.
 */
function timeProblems(objects: Objects): string[] {
  const all = ofKind<ICronJob>(objects, 'CronJob').map((job) => ({ what: whatOf(workloads([job])[0]!), job: jobOf(job) })) // prettier-ignore
  const creates = all.filter(({ what }) => what === 'create').map(({ job }) => job)
  const long = all.filter(({ what }) => what !== 'create').map(({ job }) => job)
  const problems: string[] = []
  for (const [at, one] of creates.entries())
    for (const other of creates.slice(at + 1))
      if (one.starts.some((start) => other.starts.includes(start)))
        problems.push(`${one.name} and ${other.name} begin in the same minute`)
  for (const one of long)
    for (const other of long)
      if (
        one !== other &&
        one.starts.some((start) => other.starts.some((next) => (next - start + WEEK) % WEEK < one.lasts))
      )
        // prettier-ignore
        problems.push(`${other.name} may begin while ${one.name} runs`)
  return problems
}

/** `create`, `drill` and so on. */
const whatOf = ({ template }: Workload): string =>
  /\bbackup[ ,]+(\w+)/.exec(template.spec.containers.flatMap(({ command = [] }) => command).join(' '))?.[1] ?? ''

function jobOf({ metadata, spec }: ICronJob): Job {
  const { schedule, startingDeadlineSeconds = 0, jobTemplate } = spec
  const [minute, hour, , , day] = schedule.split(' ') as [string, string, string, string, string]
  const starts = valuesOf(day, 7).flatMap((d) =>
    valuesOf(hour, 24).flatMap((h) => valuesOf(minute, 60).map((m) => (d * 24 + h) * 60 + m)),
  )
  const seconds = startingDeadlineSeconds + (jobTemplate.spec?.activeDeadlineSeconds ?? Infinity)
  return { name: metadata!.name!, starts, lasts: Math.ceil(seconds / 60) }
}

/** `*`, `7`, `0-6,8-59`: of cron no more is used here. */
function valuesOf(field: string, count: number): number[] {
  if (field === '*') return Array.from({ length: count }, (_, at) => at)
  return field.split(',').flatMap((part) => {
    const [from, to] = part.split('-').map(Number) as [number, number | undefined]
    return Array.from({ length: (to ?? from) - from + 1 }, (_, at) => from + at)
  })
}
