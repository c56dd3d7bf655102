/** One gateway stays one until devices are shared out, and no volume goes before a person lets it go. */
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { ofKind, workloads, type Composition, type Objects } from '../manifests.ts'
import { mostReplicas } from './capacity.ts'

/** How long the process takes to end after it has drained (STOP_LIMIT_MS of src/cli/serve.ts), and some room. */
const TO_END_SECONDS = 15
const PREPARED = 'bifrost.example.com/prepared-only'

export function replicaProblems(objects: Objects, composition: Composition): string[] {
  const gateway = workloads(objects).find(
    ({ owner }) => owner.kind === 'StatefulSet' && owner.metadata.name === 'bifrost',
  )
  if (gateway === undefined) return ['there is no gateway']
  const [container] = gateway.template.spec.containers
  const problems: string[] = []
  const place = container?.env?.find(({ name }) => name === 'BIFROST_REPLICA')
  if (place?.valueFrom?.fieldRef?.fieldPath !== "metadata.labels['apps.kubernetes.io/pod-index']")
    problems.push(
      'the gateway is not told which replica it is (BIFROST_REPLICA): a second one would not refuse to start',
    )
  if (composition !== 'replicas') {
    if (gateway.replicas !== 1) problems.push(`${gateway.replicas} replicas would poll every device twice`)
    if (ofKind(objects, 'HorizontalPodAutoscaler').length > 0) problems.push('there is an autoscaler')
    return problems
  }
  if (gateway.owner.metadata.annotations?.[PREPARED] === undefined || gateway.labels[PREPARED] !== 'true')
    problems.push('it does not say that it is prepared only')
  const args = container?.args ?? []
  const drain = Number.parseInt(args[args.indexOf('--drain') + 1] ?? '', 10)
  if (!args.includes('--drain')) problems.push('a replica that is scaled away does not deliver before it goes')
  else if ((gateway.template.spec.terminationGracePeriodSeconds ?? 30) < drain + TO_END_SECONDS)
    problems.push('a replica is killed while it delivers')
  return problems
}

export function volumeProblems(objects: Objects): string[] {
  const problems: string[] = []
  for (const { metadata, spec } of ofKind<IStatefulSet>(objects, 'StatefulSet')) {
    const { persistentVolumeClaimRetentionPolicy: retention, volumeClaimTemplates = [], template } = spec!
    if (retention?.whenScaled !== 'Retain' || retention.whenDeleted !== 'Retain')
      problems.push(`${metadata.name}: its volume goes with its replica (whenScaled, whenDeleted)`)
    const mounts =
      template.spec?.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)) ?? []
    if (!volumeClaimTemplates.some((claim) => mounts.includes(claim.metadata?.name ?? '')))
      problems.push(`${metadata.name} has no volume of its own`)
    for (const claim of volumeClaimTemplates)
      if (claim.spec?.accessModes?.some((mode) => !mode.startsWith('ReadWriteOnce')))
        problems.push(`${metadata.name}: a volume that is shared`)
  }
  const pods = workloads(objects)
  const claimed = pods.flatMap((pod) =>
    pod.claims.flatMap(({ name }) =>
      Array.from({ length: mostReplicas(objects, pod) }, (_, at) => ({
        claim: `${name}-${pod.owner.metadata.name}-${at}`,
        pod: `${pod.owner.metadata.name}-${at}`,
      })),
    ),
  )
  for (const { owner, template } of pods)
    for (const { persistentVolumeClaim } of template.spec.volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue
      const found = claimed.find(({ claim }) => claim === persistentVolumeClaim.claimName)
      if (found === undefined) problems.push(`${owner.metadata.name}: nobody claims ${persistentVolumeClaim.claimName}`)
      // ReadWriteOnce: all pods that mount it are on one node.
      const terms = template.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
      const isBeside = terms.some(
        ({ topologyKey, labelSelector }) =>
          topologyKey === 'kubernetes.io/hostname' &&
          labelSelector?.matchLabels?.['statefulset.kubernetes.io/pod-name'] === found?.pod,
      )
      if (!isBeside) problems.push(`${owner.metadata.name} is not put beside the pod whose volume it mounts`)
    }
  return problems
}
