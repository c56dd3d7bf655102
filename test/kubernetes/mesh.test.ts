/** What the mesh allows has no hole, and what is needed is not blocked by it. Computed; no mesh was here. */
import { after, before, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { capacityProblems } from './checks/capacity.ts'
import { INJECT, meshProblems } from './checks/mesh.ts'
import { buildAll, type Composition, type KubernetesObject, type Objects } from './manifests.ts'
import { assertFinds, pick, without, type Loose } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const rule = (objects: KubernetesObject[]) => pick(objects, 'AuthorizationPolicy', 'to-gateway').spec!.rules![0]!
const names = (objects: KubernetesObject[]) => rule(objects).from![0]!.source!.principals as unknown as string[]
const peer = (objects: KubernetesObject[]) => pick(objects, 'PeerAuthentication', 'default').spec!
const job = (objects: KubernetesObject[], name: string): Loose =>
  pick(objects, 'CronJob', `bifrost-backup-${name}`).spec!.jobTemplate!.spec!.template!
const gateway = (objects: KubernetesObject[]): Loose => pick(objects, 'StatefulSet', 'bifrost').spec!.template!

test('a mesh policy with a hole is found', { skip }, () => {
  assertFinds(meshProblems, built['production with a mesh'], [
    { defect: 'permissive', change: (o) => void (peer(o).mtls!.mode = 'PERMISSIVE' as never), found: /not demanded/ },
    { defect: 'one port is let off', change: (o) => void (peer(o).portLevelMtls = { 8443: { mode: 'DISABLE' } } as never), found: /a way in without mTLS/ }, // prettier-ignore
    { defect: 'only some pods', change: (o) => void (peer(o).selector = { matchLabels: { a: 'b' } } as never), found: /not demanded/ }, // prettier-ignore
    { defect: 'nothing is denied', change: (o) => void (pick(o, 'AuthorizationPolicy', 'deny-all').spec = { rules: [{}] } as never), found: /what no policy names is allowed/ }, // prettier-ignore
    { defect: 'whoever it is', change: (o) => void delete rule(o).from, found: /allows whoever/ },
    { defect: 'a pattern', change: (o) => void (rule(o).from![0]!.source!.principals = ['cluster.local/ns/monitoring/*'] as never), found: /by pattern/ }, // prettier-ignore
    { defect: 'somebody who has no business there', change: (o) => void names(o).push('cluster.local/ns/default/sa/default'), found: /sa\/default, who has no business/ }, // prettier-ignore
    { defect: 'every port', change: (o) => void delete rule(o).to, found: /allows every port/ },
  ])
})

test('a mesh that blocks what is needed is found', { skip }, () => {
  assertFinds(meshProblems, built['production with a mesh'], [
    { defect: 'the proxies do not reach istiod', change: (o) => without(o, 'NetworkPolicy', 'proxy-to-istiod'), found: /^blocked: the proxy of bifrost asks istiod/ }, // prettier-ignore
    { defect: 'another port of istiod', change: (o) => void (pick(o, 'NetworkPolicy', 'proxy-to-istiod').spec!.egress![0]!.ports![0]!.port = 15010 as never), found: /^blocked: the proxy of bifrost-backup-create asks istiod/ }, // prettier-ignore
    { defect: 'the jobs have no identity', change: (o) => void Reflect.deleteProperty(job(o, 'create').metadata!.labels!, INJECT), found: /^blocked: the backup asks the gateway: bifrost-backup-create is not in the mesh/ }, // prettier-ignore
    { defect: 'no policy names the jobs', change: (o) => void names(o).pop(), found: /^blocked: the backup asks the gateway: no policy names .*sa\/bifrost-backup/ }, // prettier-ignore
    { defect: 'the jobs have another account', change: (o) => void (job(o, 'cluster').spec!.serviceAccountName = 'bifrost' as never), found: /^blocked: the backup asks the gateway: no policy names .*sa\/bifrost$/ }, // prettier-ignore
    { defect: 'no policy names Prometheus', change: (o) => void names(o).splice(1, 1), found: /^blocked: Prometheus scrapes/ }, // prettier-ignore
    { defect: 'another port of the gateway', change: (o) => void (rule(o).to![0]!.operation!.ports = ['443'] as never), found: /^blocked: people reach the page/ }, // prettier-ignore
    { defect: 'the proxy takes what is for the machines', change: (o) => void delete gateway(o).metadata!.annotations, found: /^blocked: the gateway reads a machine by Modbus: the proxy of bifrost takes/ }, // prettier-ignore
    { defect: 'the proxy takes what is for the second region', change: (o) => void (job(o, 'create').metadata!.annotations!['traffic.sidecar.istio.io/excludeOutboundIPRanges'] = '192.0.2.10/32,198.51.100.10/32' as never), found: /the proxy of bifrost-backup-create takes 203/ }, // prettier-ignore
  ])
})

test('the proxies are reckoned with', { skip }, () => {
  assertFinds(capacityProblems, built['production with a mesh'], [
    { defect: 'the quota of before', change: (o) => void (pick(o, 'ResourceQuota', 'bifrost').spec!.hard!['limits.memory'] = '5Gi' as never), found: /quota: limits.memory is 5Gi/ }, // prettier-ignore
    { defect: "Istio's own bounds", change: (o) => void Reflect.deleteProperty(gateway(o).metadata!.annotations!, 'sidecar.istio.io/proxyMemoryLimit'), found: /quota: limits.memory/ }, // prettier-ignore
  ])
})
