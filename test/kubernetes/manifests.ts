/**
 * The manifests as they reach a cluster: every overlay, and the components that no overlay takes on top of one, built by kustomize from a copy of
 * the tree in which the secrets of the edge box are.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec'
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { IJob } from 'kubernetes-models/batch/v1/Job'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { kustomize } from '../../src/testing/kubectl.ts'
import { temporaryFolder, type Cleanup } from '../../src/testing/peers.ts'

export const ROOT = join(import.meta.dirname, '..', '..')
export const TREE = join(ROOT, 'deploy', 'kubernetes')

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}
export type Objects = readonly KubernetesObject[]

/** Name of the composition: what it is made of, below deploy/kubernetes. */
const COMPOSITIONS = {
  edge: ['overlays/edge'],
  staging: ['overlays/staging'],
  production: ['overlays/production'],
  replicas: ['overlays/replicas'],
  'production with a mesh': ['overlays/production', 'components/mesh-istio'],
  'base with a plain Prometheus': [
    'base',
    'components/cert-manager',
    'components/external-secrets',
    'components/prometheus',
  ],
} as const
export type Composition = keyof typeof COMPOSITIONS
export const NAMES = Object.keys(COMPOSITIONS) as Composition[]

/** A plain Prometheus needs more room than the base has: who takes it raises the quota. */
const ROOM = `
patches:
  - target: { kind: ResourceQuota, name: bifrost }
    patch: |-
      apiVersion: v1
      kind: ResourceQuota
      metadata: { name: bifrost }
      spec:
        hard: { requests.cpu: '1', requests.memory: 1Gi, limits.cpu: '3', limits.memory: 2Gi, requests.storage: 60Gi }
`

/** Builds them all; each as its objects. */
export async function buildAll(t: Cleanup): Promise<Readonly<Record<Composition, Objects>>> {
  const folder = join(temporaryFolder(t), 'kubernetes')
  cpSync(TREE, folder, { recursive: true })
  const secrets = join(folder, 'overlays', 'edge', 'secrets')
  for (const name of [
    'admin-password',
    'mqtt-password',
    'mqtt-ca.crt',
    'installation-key',
    'tls.crt',
    'tls.key',
    'ca.crt',
  ])
    // prettier-ignore
    writeFileSync(join(secrets, name), `${name}\n`)
  const built = await Promise.all(
    NAMES.map(async (name) => {
      const [first, ...components] = COMPOSITIONS[name]
      if (components.length === 0) return [name, parseObjects(await kustomize(join(folder, first)))] as const
      const own = join(folder, 'overlays', name.replaceAll(' ', '-'))
      mkdirSync(own)
      const list = components.map((one) => `  - ../../${one}\n`).join('')
      const room = first === 'base' ? ROOM : ''
      writeFileSync(
        join(own, 'kustomization.yaml'),
        `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: bifrost\nresources:\n  - ../../${first}\ncomponents:\n${list}${room}`,
      )
      return [name, parseObjects(await kustomize(own))] as const
    }),
  )
  return Object.fromEntries(built) as unknown as Record<Composition, Objects>
}

/** What a person applies by hand: procedures/NAME.yaml. */
export const PROCEDURES = ['drain-volume', 'restore'] as const
export const procedure = (name: (typeof PROCEDURES)[number]): Objects =>
  parseObjects(readFileSync(join(TREE, 'procedures', `${name}.yaml`), 'utf8'))

const parseObjects = (text: string): KubernetesObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject)

/** All objects of a kind, as what they are. */
export const ofKind = <T>(objects: Objects, kind: string): (T & KubernetesObject)[] =>
  objects.filter((object) => object.kind === kind) as (T & KubernetesObject)[]

/** Anything that starts pods. */
export interface Workload {
  readonly owner: KubernetesObject
  readonly template: IPodTemplateSpec & { readonly spec: NonNullable<IPodTemplateSpec['spec']> }
  readonly labels: Readonly<Record<string, string>>
  /** Of volumes that each pod has for itself. */
  readonly claims: readonly { readonly name: string; readonly storage: string }[]
  /** As it says; an autoscaler may say more. */
  readonly replicas: number
}

export function workloads(objects: Objects): Workload[] {
  return objects.flatMap((owner): Workload[] => {
    const made = (template: IPodTemplateSpec | undefined, replicas: number, claims: Workload['claims'] = []) => [
      { owner, template: template as Workload['template'], labels: template?.metadata?.labels ?? {}, claims, replicas },
    ]
    if (owner.kind === 'StatefulSet') {
      const { spec } = owner as unknown as IStatefulSet
      const claims = (spec?.volumeClaimTemplates ?? []).map((claim) => ({
        name: claim.metadata?.name ?? '',
        storage: String(claim.spec?.resources?.requests?.storage),
      }))
      return made(spec?.template, spec?.replicas ?? 1, claims)
    }
    if (owner.kind === 'CronJob') return made((owner as unknown as ICronJob).spec?.jobTemplate.spec?.template, 1)
    if (owner.kind === 'Job') return made((owner as unknown as IJob).spec?.template, 1)
    return []
  })
}

/** The containers of a pod, those that come first included. */
export const containersOf = ({ template }: Workload) => [
  ...(template.spec.initContainers ?? []),
  ...template.spec.containers,
]

/** Whether a selector of labels picks these. */
export function selects(
  selector: { matchLabels?: Record<string, string>; matchExpressions?: Expression[] } | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {}
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
  )
}
interface Expression {
  key: string
  operator: string
  values?: string[]
}
