/** What names something else in the manifests names something that is there: selectors, ports, services, accounts, ConfigMaps, Secrets and the keys in them. */
import type { IService } from 'kubernetes-models/v1/Service'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate'
import { containersOf, ofKind, selects, workloads, type Objects } from '../manifests.ts'
import { secretsOf } from './sources.ts'

const NAMESPACED_APART = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding'])

export function referenceProblems(objects: Objects): string[] {
  const has = (kind: string, name: string | undefined): boolean =>
    objects.some((object) => object.kind === kind && object.metadata.name === name)
  return [
    ...namespaceProblems(objects),
    ...selectorProblems(objects),
    ...portProblems(objects),
    ...nameProblems(objects, has),
    ...certificateProblems(objects, has),
    ...imageProblems(objects),
  ]
}

function namespaceProblems(objects: Objects): string[] {
  const [namespace] = ofKind(objects, 'Namespace')
  if (namespace === undefined) return ['there is no Namespace']
  return objects
    .filter(({ kind, metadata }) => !NAMESPACED_APART.has(kind) && metadata.namespace !== namespace.metadata.name)
    .map(({ kind, metadata }) => `${kind} ${metadata.name} is not in the namespace ${namespace.metadata.name}`)
}

/** Each selector picks a pod, and that of a StatefulSet its own. */
function selectorProblems(objects: Objects): string[] {
  const pods = workloads(objects)
  const picksNone = (selector: Parameters<typeof selects>[0]): boolean =>
    !pods.some(({ labels }) => selects(selector, labels))
  const problems: string[] = []
  for (const { metadata, spec } of ofKind<IService>(objects, 'Service'))
    if (picksNone({ matchLabels: spec?.selector ?? {} })) problems.push(`Service ${metadata.name} selects no pod`)
  for (const { metadata, spec } of ofKind<IPodDisruptionBudget>(objects, 'PodDisruptionBudget'))
    if (picksNone(spec?.selector)) problems.push(`PodDisruptionBudget ${metadata.name} selects no pod`)
  for (const { metadata, spec } of ofKind<INetworkPolicy>(objects, 'NetworkPolicy'))
    if (picksNone(spec?.podSelector)) problems.push(`NetworkPolicy ${metadata.name} selects no pod`)
  for (const { metadata, spec } of ofKind<IStatefulSet>(objects, 'StatefulSet')) {
    const { selector, template, serviceName } = spec!
    if (!selects(selector, template.metadata?.labels ?? {}))
      problems.push(`StatefulSet ${metadata.name} does not select its own pods`)
    const service = ofKind<IService>(objects, 'Service').find((one) => one.metadata.name === serviceName)
    if (service === undefined) problems.push(`StatefulSet ${metadata.name}: there is no Service ${serviceName}`)
    else if (!selects({ matchLabels: service.spec?.selector ?? {} }, template.metadata?.labels ?? {}))
      problems.push(`StatefulSet ${metadata.name}: its Service ${serviceName} selects other pods`)
  }
  for (const { owner, template } of pods) {
    const { affinity, topologySpreadConstraints = [] } = template.spec
    const terms = [
      ...(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...topologySpreadConstraints,
    ]
    for (const { labelSelector } of terms) {
      const { 'statefulset.kubernetes.io/pod-name': _, ...matchLabels } = labelSelector?.matchLabels ?? {}
      if (picksNone({ ...labelSelector, matchLabels }))
        problems.push(`${owner.kind} ${owner.metadata.name}: affinity or spread selects no pod`)
    }
  }
  return problems
}

function portProblems(objects: Objects): string[] {
  const pods = workloads(objects)
  const problems: string[] = []
  const services = ofKind<IService>(objects, 'Service')
  for (const { metadata, spec } of services)
    for (const { name, targetPort, port } of spec?.ports ?? []) {
      const wanted = targetPort ?? port
      const ports = pods
        .filter(({ labels }) => selects({ matchLabels: spec?.selector ?? {} }, labels))
        .flatMap((pod) => containersOf(pod).flatMap((container) => container.ports ?? []))
      if (!ports.some((one) => one.name === wanted || one.containerPort === wanted))
        problems.push(`Service ${metadata.name}: port ${name} goes to ${wanted}, which no container has`)
    }
  for (const pod of pods)
    for (const container of containersOf(pod))
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        const port = probe?.httpGet?.port
        if (port !== undefined && !container.ports?.some((one) => one.name === port || one.containerPort === port))
          problems.push(
            `${pod.owner.metadata.name}/${container.name}: a probe asks port ${port}, which it does not have`,
          )
      }
  for (const { metadata, spec } of ofKind<IIngress>(objects, 'Ingress'))
    for (const { http } of spec?.rules ?? [])
      for (const { backend } of http?.paths ?? []) {
        const service = services.find((one) => one.metadata.name === backend.service?.name)
        if (!service?.spec?.ports?.some(({ name }) => name === backend.service?.port?.name))
          problems.push(`Ingress ${metadata.name}: there is no Service ${backend.service?.name} with that port`)
      }
  for (const { metadata, spec } of ofKind<IServiceMonitor>(objects, 'ServiceMonitor')) {
    const found = services.filter((one) => selects(spec?.selector, one.metadata.labels ?? {}))
    if (found.length !== 1) problems.push(`ServiceMonitor ${metadata.name} selects ${found.length} services, not 1`)
    for (const { port } of spec?.endpoints ?? [])
      if (!found.every((one) => one.spec?.ports?.some(({ name }) => name === port)))
        problems.push(`ServiceMonitor ${metadata.name}: the Service has no port ${port}`)
  }
  return problems
}

function nameProblems(objects: Objects, has: (kind: string, name: string | undefined) => boolean): string[] {
  const problems: string[] = []
  for (const { owner, template } of workloads(objects))
    if (!has('ServiceAccount', template.spec.serviceAccountName))
      problems.push(`${owner.metadata.name}: there is no ServiceAccount ${template.spec.serviceAccountName}`)
  for (const { metadata, roleRef, subjects } of ofKind<IRoleBinding>(objects, 'RoleBinding')) {
    if (!has(roleRef.kind, roleRef.name))
      problems.push(`RoleBinding ${metadata.name}: there is no Role ${roleRef.name}`)
    for (const { kind, name, namespace } of subjects ?? [])
      if (!has(kind, name) || namespace !== metadata.namespace)
        problems.push(`RoleBinding ${metadata.name}: there is no ${kind} ${namespace}/${name}`)
  }
  for (const { metadata, spec } of ofKind<IHorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler'))
    if (!has(spec.scaleTargetRef.kind, spec.scaleTargetRef.name))
      problems.push(`HorizontalPodAutoscaler ${metadata.name}: there is no ${spec.scaleTargetRef.name}`)
  return problems
}

function certificateProblems(objects: Objects, has: (kind: string, name: string | undefined) => boolean): string[] {
  const problems: string[] = []
  const secrets = secretsOf(objects)
  for (const { metadata, spec } of ofKind<ICertificate>(objects, 'Certificate')) {
    if (!has(spec!.issuerRef.kind ?? 'Issuer', spec!.issuerRef.name))
      problems.push(`Certificate ${metadata.name}: there is no Issuer ${spec!.issuerRef.name}`)
    const [lasts, before] = [Number.parseInt(spec!.duration ?? '0', 10), Number.parseInt(spec!.renewBefore ?? '0', 10)]
    if (!(before > 0 && before < lasts)) problems.push(`Certificate ${metadata.name} is not renewed in its time`)
  }
  for (const { metadata } of ofKind(objects, 'Ingress')) {
    const named = metadata.annotations?.['nginx.ingress.kubernetes.io/proxy-ssl-secret'] ?? ''
    if (!secrets.has(named.replace(/^bifrost\//, '')))
      problems.push(`Ingress ${metadata.name}: there is no Secret ${named}`)
  }
  return problems
}

/** By a tag or a digest that says which, and from a registry that is named. */
function imageProblems(objects: Objects): string[] {
  return workloads(objects).flatMap((pod) =>
    containersOf(pod).flatMap(({ image = '' }) => {
      const isPinned = /^[\w.-]+\.[\w.-]+\/[\w./-]+(:(?!latest\b)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image)
      return isPinned ? [] : [`${pod.owner.metadata.name}: the image ${image} says neither from where nor which`]
    }),
  )
}
