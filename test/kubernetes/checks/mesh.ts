/**
 * The mesh: STRICT everywhere, nothing allowed but by identity and port, and no port let off; and what is needed is not blocked by it: proxies reach
 * istiod, whoever has to reach the gateway has an identity that is let in, and what lies outside goes past the proxy.
 */
import { BlockList } from 'node:net'
import type { IAuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy'
import type { IPeerAuthentication } from '@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication'
import { ofKind, selects, workloads, type Objects, type Workload } from '../manifests.ts'
import { isLetThrough, neededFlows, type End, type Flow } from './network.ts'

export const INJECT = 'sidecar.istio.io/inject'
const EXCLUDE = 'traffic.sidecar.istio.io/excludeOutboundIPRanges'

/** Of those outside of this namespace, by the label of their pods: as their own installation names the account. */
const ACCOUNTS: Readonly<Record<string, string>> = { 'ingress-nginx': 'ingress-nginx', prometheus: 'prometheus' }

export function meshProblems(objects: Objects): string[] {
  return [...holes(objects), ...blocked(objects)]
}

function holes(objects: Objects): string[] {
  const problems: string[] = []
  const peers = ofKind<IPeerAuthentication>(objects, 'PeerAuthentication')
  if (!peers.some(({ spec }) => spec?.selector === undefined && spec?.mtls?.mode === 'STRICT'))
    problems.push('mTLS is not demanded of the whole namespace')
  for (const { metadata, spec } of peers) {
    const modes = [spec?.mtls?.mode, ...Object.values(spec?.portLevelMtls ?? {}).map(({ mode }) => mode)]
    if (modes.some((mode) => mode !== undefined && mode !== 'STRICT'))
      problems.push(`PeerAuthentication ${metadata.name} has a way in without mTLS`)
  }
  const policies = ofKind<IAuthorizationPolicy>(objects, 'AuthorizationPolicy')
  if (!policies.some(isDenyAll)) problems.push('what no policy names is allowed')
  for (const { metadata, spec } of policies.filter((one) => !isDenyAll(one))) {
    const { selector, rules = [] } = spec!
    if (selector === undefined) problems.push(`AuthorizationPolicy ${metadata.name} allows for every pod`)
    else if (!workloads(objects).some(({ labels }) => selects(selector, labels)))
      problems.push(`AuthorizationPolicy ${metadata.name} selects no pod`)
    for (const { from = [], to = [] } of rules) {
      const principals = from.flatMap(({ source }) => source?.principals ?? [])
      if (from.some(({ source }) => source?.principals === undefined) || principals.length === 0)
        problems.push(`AuthorizationPolicy ${metadata.name} allows whoever it is`)
      if (principals.some((one) => one.includes('*')))
        problems.push(`AuthorizationPolicy ${metadata.name} allows identities by pattern`)
      const known = identities(objects)
      for (const one of principals)
        if (!known.has(one)) problems.push(`AuthorizationPolicy ${metadata.name} lets in ${one}, who has no business there`) // prettier-ignore
      if (to.length === 0 || to.some(({ operation }) => operation?.ports === undefined))
        problems.push(`AuthorizationPolicy ${metadata.name} allows every port`)
    }
  }
  return problems
}

const isDenyAll = ({ spec }: IAuthorizationPolicy): boolean => Object.keys(spec ?? {}).length === 0
const isInMesh = ({ labels }: Workload): boolean => labels[INJECT] === 'true'

function blocked(objects: Objects): string[] {
  const problems: string[] = []
  const meshed = workloads(objects).filter(isInMesh)
  if (meshed.length === 0) return ['no pod is in the mesh']
  const istiod: End = { namespace: 'istio-system', labels: { app: 'istiod' } }
  for (const { owner, labels } of meshed)
    if (!isLetThrough(objects, { what: '', from: { namespace: 'bifrost', labels }, to: istiod, port: 15012 }))
      problems.push(`blocked: the proxy of ${owner.metadata.name} asks istiod`)
  for (const flow of neededFlows(objects)) problems.push(...withinProblems(objects, flow), ...outsideProblems(meshed, flow)) // prettier-ignore
  return problems
}

/** To a pod of the mesh, from whoever it is: by an identity, which only a pod of the mesh has, and which a policy names. */
function withinProblems(objects: Objects, { what, from, to, port }: Flow): string[] {
  const target = workloads(objects).find((pod) => isInMesh(pod) && isOf(pod, to))
  if (target === undefined) return []
  const allowed = ofKind<IAuthorizationPolicy>(objects, 'AuthorizationPolicy')
    .filter((one) => !isDenyAll(one) && selects(one.spec!.selector, target.labels))
    .flatMap(({ spec }) => spec!.rules ?? [])
    .filter(({ to: targets = [] }) => targets.some(({ operation }) => operation?.ports?.includes(String(port))))
    .flatMap(({ from: sources = [] }) => sources.flatMap(({ source }) => source?.principals ?? []))
  const callers = callersOf(objects, from)
  return callers.flatMap(({ name, principal, meshed }) => {
    if (!meshed) return [`blocked: ${what}: ${name} is not in the mesh`]
    return allowed.includes(principal) ? [] : [`blocked: ${what}: no policy names ${principal}`]
  })
}

/** Where a mesh knows its own services alone, what lies outside is reached past the proxy. */
function outsideProblems(meshed: readonly Workload[], { what, from, to }: Flow): string[] {
  if (!('ip' in to)) return []
  return meshed
    .filter((pod) => isOf(pod, from) && !isPast(pod, to.ip))
    .map(({ owner }) => `blocked: ${what}: the proxy of ${owner.metadata.name} takes ${to.ip}`)
}

function isPast({ template }: Workload, ip: string): boolean {
  const list = new BlockList()
  for (const range of (template.metadata?.annotations?.[EXCLUDE] ?? '').split(',').filter((one) => one !== '')) {
    const [network, bits] = range.split('/') as [string, string]
    list.addSubnet(network, Number(bits))
  }
  return list.check(ip)
}

/** Which pod an end of a flow is; labels that the flow does not name do not matter. */
const isOf = ({ labels }: Workload, end: End): boolean =>
  'labels' in end && end.namespace === 'bifrost' && selects({ matchLabels: end.labels }, labels)

function callersOf(objects: Objects, end: End): { name: string; principal: string; meshed: boolean }[] {
  if ('ip' in end) return []
  if (end.namespace !== 'bifrost') {
    const account = ACCOUNTS[end.labels['app.kubernetes.io/name'] ?? ''] ?? 'default'
    return [{ name: account, principal: `cluster.local/ns/${end.namespace}/sa/${account}`, meshed: true }]
  }
  // Of the jobs only those that make a backup ask the gateway.
  return workloads(objects)
    .filter((pod) => isOf(pod, end) && (pod.owner.kind !== 'CronJob' || asksGateway(pod)))
    .map((pod) => ({ name: pod.owner.metadata.name, principal: `cluster.local/ns/bifrost/sa/${pod.template.spec.serviceAccountName}`, meshed: isInMesh(pod) })) // prettier-ignore
}

const asksGateway = ({ template }: Workload): boolean =>
  template.spec.containers.some(({ command = [] }) => command.join(' ').includes('backup create'))

/** Everybody who has to reach a pod of the mesh. */
const identities = (objects: Objects): ReadonlySet<string> =>
  new Set(
    neededFlows(objects)
      .filter(({ to }) => workloads(objects).some((pod) => isInMesh(pod) && isOf(pod, to)))
      .flatMap(({ from }) => callersOf(objects, from).map(({ principal }) => principal)),
  )
