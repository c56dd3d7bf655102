/**
 * Who reaches whom, by the rules of NetworkPolicy: a connection is let through when the policies of both ends let it. A pod that no policy of a
 * direction selects lets everything through in it. No plugin enforces anything here: it is computed.
 */
import { BlockList, isIPv6 } from 'node:net'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { ofKind, selects, type Objects } from '../manifests.ts'

/** A pod of a namespace, or an address outside. */
export type End =
  { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } | { readonly ip: string }

export interface Flow {
  readonly what: string
  readonly from: End
  readonly to: End
  readonly port: number
  readonly protocol?: 'TCP' | 'UDP'
}

type Peers = NonNullable<NonNullable<NonNullable<INetworkPolicy['spec']>['egress']>[number]['to']>

export function isLetThrough(objects: Objects, { from, to, port, protocol = 'TCP' }: Flow): boolean {
  const policies = ofKind<INetworkPolicy>(objects, 'NetworkPolicy')
  const ofPod = (end: End, type: 'Ingress' | 'Egress') =>
    policies.filter(
      ({ metadata, spec }) =>
        'labels' in end &&
        metadata.namespace === end.namespace &&
        spec!.policyTypes?.includes(type) === true &&
        selects(spec!.podSelector, end.labels),
    )
  const egress = ofPod(from, 'Egress')
  const ingress = ofPod(to, 'Ingress')
  const isPort = (ports: { port?: string | number; endPort?: number; protocol?: string }[] | undefined): boolean =>
    ports === undefined ||
    ports.some((one) => {
      const [low, high] = [Number(one.port), one.endPort ?? Number(one.port)]
      return (one.protocol ?? 'TCP') === protocol && (one.port === undefined || (port >= low && port <= high))
    })
  const mayLeave =
    egress.length === 0 ||
    egress.some(({ metadata, spec }) =>
      spec!.egress?.some((rule) => isPort(rule.ports) && isPeer(rule.to, to, metadata.namespace!)),
    )
  const mayEnter =
    ingress.length === 0 ||
    ingress.some(({ metadata, spec }) =>
      spec!.ingress?.some((rule) => isPort(rule.ports) && isPeer(rule.from, from, metadata.namespace!)),
    )
  return mayLeave && mayEnter
}

function isPeer(peers: Peers | undefined, end: End, own: string): boolean {
  if (peers === undefined || peers.length === 0) return true
  return peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
    if (ipBlock !== undefined)
      return 'ip' in end && isIn(ipBlock.cidr, end.ip) && !(ipBlock.except ?? []).some((cidr) => isIn(cidr, end.ip))
    if (!('labels' in end)) return false
    const isNamespace =
      namespaceSelector === undefined
        ? end.namespace === own
        : selects(namespaceSelector, { 'kubernetes.io/metadata.name': end.namespace })
    return isNamespace && (podSelector === undefined || selects(podSelector, end.labels))
  })
}

function isIn(cidr: string, ip: string): boolean {
  const [network, bits] = cidr.split('/') as [string, string]
  const list = new BlockList()
  list.addSubnet(network, Number(bits), isIPv6(network) ? 'ipv6' : 'ipv4')
  return list.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4')
}

const pod = (namespace: string, labels: Readonly<Record<string, string>>): End => ({ namespace, labels })
const own = (name: string, component: string): End =>
  pod('bifrost', { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': component })

const GATEWAY = own('bifrost', 'gateway')
const BACKUP = own('bifrost', 'backup')
const DRAIN = own('bifrost', 'drain')
const REDIS = own('redis', 'redis')
const DNS = pod('kube-system', { 'k8s-app': 'kube-dns' })
const BROKER = pod('messaging', { 'app.kubernetes.io/name': 'mosquitto' })
const CONTROLLER = pod('ingress-nginx', {
  'app.kubernetes.io/name': 'ingress-nginx',
  'app.kubernetes.io/component': 'controller',
})
const PROMETHEUS = pod('monitoring', { 'app.kubernetes.io/name': 'prometheus' })
const OWN_PROMETHEUS = own('prometheus', 'prometheus')
const STRANGER = pod('default', { app: 'stranger' })
const LODGER = pod('bifrost', { app: 'lodger' })
const API: End = { ip: '192.0.2.10' }

/** What the product needs in every overlay, and with the parts that an overlay has. */
export function neededFlows(objects: Objects): Flow[] {
  const has = (kind: string, name: string): boolean =>
    objects.some((one) => one.kind === kind && one.metadata.name === name)
  const flows: Flow[] = [
    { what: 'the gateway asks for names', from: GATEWAY, to: DNS, port: 53, protocol: 'UDP' },
    { what: 'the gateway asks for names, long answers', from: GATEWAY, to: DNS, port: 53 },
    { what: 'the gateway delivers to the broker', from: GATEWAY, to: BROKER, port: 8883 },
    { what: 'a job that drains delivers to the broker', from: DRAIN, to: BROKER, port: 8883 },
    { what: 'a job that drains asks for names', from: DRAIN, to: DNS, port: 53, protocol: 'UDP' },
    { what: 'the gateway reads a machine by Modbus', from: GATEWAY, to: { ip: '10.20.1.10' }, port: 502 },
    { what: 'the gateway reads a machine by OPC UA', from: GATEWAY, to: { ip: '10.20.255.254' }, port: 4840 },
  ]
  if (has('Ingress', 'bifrost'))
    flows.push({ what: 'people reach the page', from: CONTROLLER, to: GATEWAY, port: 8443 })
  if (has('Service', 'bifrost-page'))
    flows.push({ what: 'people of the office reach the page', from: { ip: '10.10.3.7' }, to: GATEWAY, port: 8443 })
  if (has('ServiceMonitor', 'bifrost'))
    flows.push({ what: 'Prometheus scrapes', from: PROMETHEUS, to: GATEWAY, port: 8443 })
  if (has('StatefulSet', 'prometheus'))
    flows.push(
      { what: 'its own Prometheus scrapes', from: OWN_PROMETHEUS, to: GATEWAY, port: 8443 },
      { what: 'its own Prometheus finds pods', from: OWN_PROMETHEUS, to: API, port: 6443 },
      { what: 'its own Prometheus raises alarms', from: OWN_PROMETHEUS, to: pod('monitoring', { 'app.kubernetes.io/name': 'alertmanager' }), port: 9093 }, // prettier-ignore
      { what: 'its own Prometheus asks for names', from: OWN_PROMETHEUS, to: DNS, port: 53, protocol: 'UDP' },
    )
  if (has('StatefulSet', 'redis'))
    flows.push(
      { what: 'the gateway asks Redis', from: GATEWAY, to: REDIS, port: 6379 },
      { what: 'the gateway asks Sentinel', from: GATEWAY, to: REDIS, port: 26379 },
      { what: 'Redis follows Redis', from: REDIS, to: REDIS, port: 6379 },
      { what: 'Sentinel asks Sentinel', from: REDIS, to: REDIS, port: 26379 },
      { what: 'Redis asks for names', from: REDIS, to: DNS, port: 53, protocol: 'UDP' },
    )
  if (has('CronJob', 'bifrost-backup-create'))
    flows.push(
      { what: 'the backup asks the gateway', from: BACKUP, to: GATEWAY, port: 8443 },
      { what: 'the backup asks the API server', from: BACKUP, to: API, port: 6443 },
      { what: 'the backup reaches its repository', from: BACKUP, to: { ip: '198.51.100.10' }, port: 443 },
      { what: 'the backup reaches the one far away', from: BACKUP, to: { ip: '203.0.113.10' }, port: 443 },
      { what: 'the backup asks for names', from: BACKUP, to: DNS, port: 53, protocol: 'UDP' },
    )
  return flows
}

/** What nobody needs. */
const REFUSED_FLOWS: readonly Flow[] = [
  { what: 'a pod of another namespace reaches the API', from: STRANGER, to: GATEWAY, port: 8443 },
  { what: 'a pod of this namespace without a part in it reaches the API', from: LODGER, to: GATEWAY, port: 8443 },
  { what: 'somebody from outside of the office reaches the page', from: { ip: '10.11.0.1' }, to: GATEWAY, port: 8443 },
  { what: 'a machine reaches the page', from: { ip: '10.20.1.10' }, to: GATEWAY, port: 8443 },
  { what: 'a pod that calls itself Prometheus, elsewhere', from: pod('default', { 'app.kubernetes.io/name': 'prometheus' }), to: GATEWAY, port: 8443 }, // prettier-ignore
  { what: 'a pod of the controller’s namespace that is not it', from: pod('ingress-nginx', { app: 'x' }), to: GATEWAY, port: 8443 }, // prettier-ignore
  { what: 'the controller reaches another port', from: CONTROLLER, to: GATEWAY, port: 8080 },
  { what: 'the gateway calls the internet', from: GATEWAY, to: { ip: '8.8.8.8' }, port: 443 },
  { what: 'the gateway asks names of somebody else', from: GATEWAY, to: { ip: '8.8.8.8' }, port: 53, protocol: 'UDP' },
  { what: 'the gateway asks the metadata of the cloud', from: GATEWAY, to: { ip: '169.254.169.254' }, port: 80 },
  { what: 'the gateway asks the API server', from: GATEWAY, to: API, port: 6443 },
  { what: 'the gateway opens a shell on a machine', from: GATEWAY, to: { ip: '10.20.1.10' }, port: 22 },
  { what: 'the gateway reads another network', from: GATEWAY, to: { ip: '10.21.0.1' }, port: 502 },
  { what: 'the gateway speaks to the broker in the open', from: GATEWAY, to: BROKER, port: 1883 },
  { what: 'a job that drains reads a machine', from: DRAIN, to: { ip: '10.20.1.10' }, port: 502 },
  { what: 'the backup reads a machine', from: BACKUP, to: { ip: '10.20.1.10' }, port: 502 },
  { what: 'a stranger reaches a pod that nobody spoke of', from: STRANGER, to: LODGER, port: 80 },
  { what: 'a stranger asks Redis', from: STRANGER, to: REDIS, port: 6379 },
  { what: 'the backup asks Redis', from: BACKUP, to: REDIS, port: 6379 },
  { what: 'Redis reads a machine', from: REDIS, to: { ip: '10.20.1.10' }, port: 502 },
  { what: 'a pod without a part in it asks the internet', from: LODGER, to: { ip: '1.1.1.1' }, port: 443 },
]

export const networkProblems = (objects: Objects): string[] => [
  ...neededFlows(objects).flatMap((flow) => (isLetThrough(objects, flow) ? [] : [`blocked: ${flow.what}`])),
  ...REFUSED_FLOWS.flatMap((flow) => (isLetThrough(objects, flow) ? [`open: ${flow.what}`] : [])),
]
