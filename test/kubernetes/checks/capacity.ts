/**
 * Whether all fits: the quota against everything that may run at once (the most of the autoscaler, the jobs, one job that drains), the limit range, the
 * budget for disruptions against the replicas, the autoscaler against its target.
 */
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { IJob } from 'kubernetes-models/batch/v1/Job'
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import type { IService } from 'kubernetes-models/v1/Service'
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota'
import { containersOf, ofKind, selects, workloads, type Objects, type Workload } from '../manifests.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, m: 0.001, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } // prettier-ignore

/** `250m`, `1Gi`: a quantity of Kubernetes as a number. */
export function quantity(text: string | number): number {
  const [, digits, unit] = /^([\d.]+)([a-zA-Z]*)$/.exec(String(text)) ?? []
  const factor = UNITS[unit ?? '?']
  if (digits === undefined || factor === undefined) throw new Error(`${text} is no quantity`)
  return Number(digits) * factor
}

/** A job that drains a volume, procedures/drain-volume.yaml: where there are several replicas it runs beside all else, elsewhere in place of the gateway. */
export const DRAIN = { 'requests.cpu': 0.1, 'requests.memory': 192 * 2 ** 20, 'limits.cpu': 1, 'limits.memory': 512 * 2 ** 20, 'requests.ephemeral-storage': 32 * 2 ** 20, 'limits.ephemeral-storage': 128 * 2 ** 20, pods: 1 } // prettier-ignore

/** How many of a workload there are at most. */
export function mostReplicas(objects: Objects, { owner, replicas }: Workload): number {
  const scaler = ofKind<IHorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler').find(
    ({ spec }) => spec.scaleTargetRef.kind === owner.kind && spec.scaleTargetRef.name === owner.metadata.name,
  )
  return scaler?.spec?.maxReplicas ?? replicas
}

/** What all pods together may want, by the names of a quota. */
export function mostWanted(objects: Objects): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  const add = (name: string, amount: number): void => void (sums[name] = (sums[name] ?? 0) + amount)
  for (const pod of workloads(objects)) {
    const most = mostReplicas(objects, pod)
    add('pods', most)
    const claim = (storage: string, count: number): void => {
      add('persistentvolumeclaims', count)
      add('requests.storage', count * quantity(storage))
    }
    for (const { storage } of pod.claims) claim(storage, most)
    for (const storage of scratchOf(pod)) claim(storage, most * podsKept(pod))
    for (const side of ['requests', 'limits'] as const)
      for (const what of ['cpu', 'memory', 'ephemeral-storage']) {
        const wanted = (containers: typeof pod.template.spec.containers) =>
          containers.map(({ resources }) => quantity(resources?.[side]?.[what] ?? 0))
        // Those that come first run one after another, before the others.
        const first = Math.max(0, ...wanted(pod.template.spec.initContainers ?? []))
        const together = wanted(pod.template.spec.containers).reduce((sum, one) => sum + one, 0)
        add(`${side}.${what}`, most * (Math.max(first, together) + proxyOf(objects, pod, side, what)))
      }
  }
  const ports = ofKind<IService>(objects, 'Service').filter(({ spec }) => spec?.type === 'NodePort')
  if (ports.length > 0) add('services.nodeports', ports.length)
  if (ofKind(objects, 'HorizontalPodAutoscaler').length > 0)
    for (const [name, amount] of Object.entries(DRAIN)) add(name, amount)
  return sums
}

/** Longer than a person waits who wants to start a job once more. */
const PATIENCE_SECONDS = 1800

/**
 * How many pods of a job there are at most. One that has ended takes no processor and no memory, but keeps its volumes until it is deleted: each try
 * has a pod of its own, and they stay as long as the job, beside one that a person starts meanwhile.
 */
function podsKept({ owner }: Workload): number {
  const spec = owner.kind === 'CronJob' ? (owner as ICronJob).spec.jobTemplate.spec : owner.kind === 'Job' ? (owner as IJob).spec : undefined // prettier-ignore
  if (spec === undefined) return 1
  return (spec.backoffLimit ?? 6) + 1 + ((spec.ttlSecondsAfterFinished ?? Infinity) > PATIENCE_SECONDS ? 1 : 0)
}

/** Volumes that are made and deleted with the pod. */
const scratchOf = ({ template }: Workload): string[] =>
  (template.spec.volumes ?? []).flatMap(({ ephemeral }) => {
    const storage = ephemeral?.volumeClaimTemplate?.spec.resources?.requests?.storage
    return storage === undefined ? [] : [String(storage)]
  })

const PROXY: Readonly<Record<string, string>> = { 'requests.cpu': 'CPU', 'limits.cpu': 'CPULimit', 'requests.memory': 'Memory', 'limits.memory': 'MemoryLimit' } // prettier-ignore

/** What Istio gives a proxy where nothing is said. */
const ISTIO: Readonly<Record<string, string>> = { 'requests.cpu': '100m', 'limits.cpu': '2', 'requests.memory': '128Mi', 'limits.memory': '1Gi' } // prettier-ignore

/** The proxy of a mesh runs beside all containers of its pod; what it may have is said by annotations, or else by the limit range. */
function proxyOf(objects: Objects, { labels, template }: Workload, side: 'requests' | 'limits', what: string): number {
  if (labels['sidecar.istio.io/inject'] !== 'true') return 0
  const said = template.metadata?.annotations?.[`sidecar.istio.io/proxy${PROXY[`${side}.${what}`]}`]
  if (said !== undefined) return quantity(said)
  if (what !== 'ephemeral-storage') return quantity(ISTIO[`${side}.${what}`] ?? 0)
  const [range] = ofKind<ILimitRange>(objects, 'LimitRange').flatMap(({ spec }) => spec!.limits)
  return quantity((side === 'requests' ? range?.defaultRequest : range?.default)?.[what] ?? 0)
}

export function capacityProblems(objects: Objects): string[] {
  return [...quotaProblems(objects), ...limitProblems(objects), ...budgetProblems(objects), ...scalerProblems(objects)]
}

function quotaProblems(objects: Objects): string[] {
  const quotas = ofKind<IResourceQuota>(objects, 'ResourceQuota')
  if (quotas.length !== 1) return [`there are ${quotas.length} quotas, not 1`]
  const hard = quotas[0]!.spec?.hard ?? {}
  return Object.entries(mostWanted(objects)).flatMap(([name, wanted]) => {
    if (hard[name] === undefined) return [`the quota says nothing of ${name}`]
    const bound = quantity(hard[name])
    if (wanted > bound * 1.000001) return [`quota: ${name} is ${hard[name]}, and ${wanted} may be wanted`]
    // A quota that bounds nothing is none.
    return bound > 3 * wanted ? [`quota: ${name} is ${hard[name]}, more than three times what is ever wanted`] : []
  })
}

function limitProblems(objects: Objects): string[] {
  const limits = ofKind<ILimitRange>(objects, 'LimitRange').flatMap(({ spec }) => spec!.limits)
  const ofType = (type: string) => limits.find((one) => one.type === type)
  const problems: string[] = []
  const hold = (who: string, values: Readonly<Record<string, string | number>>, type: string): void => {
    for (const [what, value] of Object.entries(values)) {
      const { min, max } = ofType(type) ?? {}
      if (min?.[what] !== undefined && quantity(value) < quantity(min[what]))
        problems.push(`${who}: ${what} ${value} is less than the limit range lets it be`)
      if (max?.[what] !== undefined && quantity(value) > quantity(max[what]))
        problems.push(`${who}: ${what} ${value} is more than the limit range lets it be`)
    }
  }
  for (const pod of workloads(objects)) {
    for (const { name, resources } of containersOf(pod)) {
      hold(`${pod.owner.metadata.name}/${name}`, resources?.requests ?? {}, 'Container')
      hold(`${pod.owner.metadata.name}/${name}`, resources?.limits ?? {}, 'Container')
      for (const [what, least] of Object.entries(resources?.requests ?? {}))
        if (quantity(least) > quantity(resources?.limits?.[what] ?? least))
          problems.push(`${pod.owner.metadata.name}/${name}: it wants more ${what} than it may have`)
    }
    for (const storage of [...pod.claims.map((claim) => claim.storage), ...scratchOf(pod)])
      hold(`${pod.owner.metadata.name}, a volume`, { storage }, 'PersistentVolumeClaim')
  }
  return problems
}

/** A budget that lets nothing go stops every drain of a node; several replicas without one are stopped together. */
function budgetProblems(objects: Objects): string[] {
  const budgets = ofKind<IPodDisruptionBudget>(objects, 'PodDisruptionBudget')
  return workloads(objects).flatMap((pod) => {
    const { name } = pod.owner.metadata
    if (pod.owner.kind !== 'StatefulSet') return []
    const mine = budgets.filter(({ spec }) => selects(spec!.selector, pod.labels))
    const scaler = ofKind<IHorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler').find(
      ({ spec }) => spec.scaleTargetRef.name === name,
    )
    const least = scaler?.spec?.minReplicas ?? pod.replicas
    if (mine.length === 0) return least > 1 ? [`${name}: ${least} replicas and no budget for disruptions`] : []
    if (mine.length > 1) return [`${name}: ${mine.length} budgets, and Kubernetes refuses to evict by two`]
    const { minAvailable, maxUnavailable } = mine[0]!.spec!
    if (minAvailable !== undefined && Number(minAvailable) >= least)
      return [`${name}: of ${least} replicas ${minAvailable} have to stay: no node could ever be drained`]
    if (maxUnavailable !== undefined && Number(maxUnavailable) < 1)
      return [`${name}: none may go: no node could ever be drained`]
    if (maxUnavailable !== undefined && least > 1 && Number(maxUnavailable) >= least)
      return [`${name}: all ${least} may go at once`]
    return []
  })
}

function scalerProblems(objects: Objects): string[] {
  return ofKind<IHorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler').flatMap(({ metadata, spec }) => {
    const problems: string[] = []
    const { minReplicas = 1, maxReplicas, metrics = [], behavior } = spec
    if (!(minReplicas >= 1 && minReplicas < maxReplicas)) problems.push('its least is not less than its most')
    const kinds = metrics.map(({ resource, pods }) => resource?.name ?? pods?.metric.name)
    for (const wanted of ['cpu', 'memory', 'bifrost_capacity_used_ratio'])
      if (!kinds.includes(wanted)) problems.push(`it does not look at ${wanted}`)
    const [up, down] = [behavior?.scaleUp, behavior?.scaleDown]
    if ((down?.stabilizationWindowSeconds ?? 0) < 600) problems.push('it scales down in haste')
    if (!(up?.policies?.length && down?.policies?.length)) problems.push('it does not say how fast')
    const target = workloads(objects).find(({ owner }) => owner.metadata.name === spec.scaleTargetRef.name)
    const grace = target?.template.spec.terminationGracePeriodSeconds ?? 30
    if ((down?.policies ?? []).some(({ periodSeconds }) => periodSeconds < grace))
      problems.push('the next one goes before the one before has ended')
    const stated = target?.owner as { spec?: { replicas?: number } } | undefined
    if (stated?.spec?.replicas !== undefined && stated.spec.replicas !== null)
      problems.push('its target says how many too: each `kubectl apply` would undo it')
    return problems.map((problem) => `HorizontalPodAutoscaler ${metadata.name}: ${problem}`)
  })
}
