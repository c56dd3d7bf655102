/** What accounts may do in the cluster is what they need, to the word; and who comes through the Ingress is nobody by it. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IService } from 'kubernetes-models/v1/Service'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { buildAll, NAMES, ofKind, TREE, type Composition, type KubernetesObject, type Objects } from './manifests.ts'
import { assertFinds, pick, without } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

/** What each account is for, as `verb group/resource`. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['list /pods', 'watch /pods'],
  'bifrost-backup': ['get /pods/log', ...['configmaps', 'events', 'limitranges', 'persistentvolumeclaims', 'pods', 'resourcequotas', 'serviceaccounts', 'services'].map((one) => `list /${one}`), 'list apps/statefulsets', 'list batch/cronjobs', 'list networking.k8s.io/ingresses', 'list networking.k8s.io/networkpolicies', 'list policy/poddisruptionbudgets'], // prettier-ignore
}

function rightsProblems(objects: Objects): string[] {
  const problems: string[] = []
  for (const kind of ['ClusterRole', 'ClusterRoleBinding'])
    if (ofKind(objects, kind).length > 0) problems.push(`there is a ${kind}: rights beyond the namespace`)
  for (const { metadata, rules } of ofKind<IRole>(objects, 'Role')) {
    const given = (rules ?? []).flatMap(
      ({ apiGroups, resources, verbs }) =>
      verbs.flatMap((verb) => (apiGroups ?? []).flatMap((group) => (resources ?? []).map((one) => `${verb} ${group}/${one}`))), // prettier-ignore
    )
    const needed = NEEDED[metadata.name] ?? []
    problems.push(...given.filter((one) => !needed.includes(one)).map((one) => `${metadata.name} may ${one}`))
    problems.push(...needed.filter((one) => !given.includes(one)).map((one) => `${metadata.name} may not ${one}`))
  }
  for (const { kind, metadata, ...account } of ofKind<{ automountServiceAccountToken?: boolean }>(
    objects,
    'ServiceAccount',
  ))
    // prettier-ignore
    if (account.automountServiceAccountToken !== false) problems.push(`${kind} ${metadata.name} hands out its token`)
  return problems
}

for (const name of NAMES)
  test(`${name}: nobody may do more than he needs`, { skip }, () => {
    assert.deepEqual(rightsProblems(built[name]), [])
  })

test('a right too much, or too little, is found', { skip }, () => {
  const rules = (objects: KubernetesObject[]) => pick(objects, 'Role', 'bifrost-backup').rules!
  assertFinds(rightsProblems, built.production, [
    {
      defect: 'Secrets',
      change: (o) => void rules(o)[0]!.resources!.push('secrets' as never),
      found: /may list \/secrets/,
    },
    { defect: 'everything', change: (o) => void (rules(o)[0]!.verbs = ['*'] as never), found: /may \* \/configmaps/ },
    { defect: 'changes', change: (o) => void rules(o)[2]!.verbs!.push('patch' as never), found: /may patch apps\/statefulsets/ }, // prettier-ignore
    { defect: 'no logs', change: (o) => void rules(o).splice(1, 1), found: /may not get \/pods\/log/ },
    { defect: 'the gateway gets a token', change: (o) => void ((pick(o, 'ServiceAccount', 'bifrost') as { automountServiceAccountToken?: unknown }).automountServiceAccountToken = true), found: /ServiceAccount bifrost hands out/ }, // prettier-ignore
    { defect: 'the whole cluster', change: (o) => [...o, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'x' } }], found: /beyond the namespace/ }, // prettier-ignore
  ])
})

test('what the backup collects is what its role lets it, asked for with its token, and a part that is refused stops nothing', async (t) => {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const { pathname } = new URL(request.url!, 'http://x')
    if (pathname.endsWith('/events')) return void response.writeHead(403).end('forbidden')
    if (pathname.endsWith('/log')) return void response.end('a line\n')
    const items = pathname.endsWith('/pods') ? [{ metadata: { name: 'bifrost-0' }, spec: { containers: [{ name: 'gateway' }] } }] : [] // prettier-ignore
    response.end(JSON.stringify({ items }))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const folder = temporaryFolder(t)
  const account = join(folder, 'account')
  mkdirSync(account)
  writeFileSync(join(account, 'token'), 'a-token\n')
  writeFileSync(join(account, 'namespace'), 'bifrost')
  const { port } = server.address() as { port: number }
  const script = join(TREE, 'components', 'backup', 'config', 'collect.mjs')
  const env = { ACCOUNT_FOLDER: account, KUBERNETES_API: `http://127.0.0.1:${port}` }
  // As the kubelet mounts it: links by way of `..data`.
  const volume = join(folder, 'volumes', 'config')
  mkdirSync(join(volume, '..1'), { recursive: true })
  writeFileSync(join(volume, '..1', 'bifrost.yaml'), 'version: 1\n')
  symlinkSync('..1', join(volume, '..data'))
  symlinkSync('..data/bifrost.yaml', join(volume, 'bifrost.yaml'))
  const args = [script, join(folder, 'volumes'), join(folder, 'out')]
  assert.equal((await startProcess(t, process.execPath, args, { env }).exited).code, 0)
  assert.deepEqual([asked.length, readdirSync(join(folder, 'out', 'config'))], [0, ['bifrost.yaml']])
  assert.ok(lstatSync(join(folder, 'out', 'config', 'bifrost.yaml')).isFile())
  const running = startProcess(t, process.execPath, [...args, '--cluster'], { env })
  assert.equal((await running.exited).code, 0, running.output())
  assert.match(running.output(), /events: 403 forbidden/)
  assert.match(running.output(), /but for 1/)
  assert.equal(readFileSync(join(folder, 'out', 'collected', 'bifrost-0.gateway.log'), 'utf8'), 'a line\n')
  assert.ok(existsSync(join(folder, 'out', 'collected', 'statefulsets.json')))
  assert.deepEqual([...new Set(asked.map(({ headers }) => headers.authorization))], ['Bearer a-token'])
  const rights = asked.map(({ url }) => {
    const [, group = '', resource = ''] = /^\/(?:api|apis\/([\w.]+))\/v1\/namespaces\/bifrost\/([^?]+)/.exec(url!) ?? []
    return resource.endsWith('/log') ? 'get /pods/log' : `list ${group}/${resource}`
  })
  assert.deepEqual(rights.toSorted(), [...NEEDED['bifrost-backup']!].toSorted())
})

/** Everybody comes through the Ingress with its certificate: it must stand for nobody. And its name has to be one of the gateway's. */
function ingressProblems(objects: Objects): string[] {
  const config = ofKind<IConfigMap>(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'bifrost-config')!
  const { http, access } = parse(config.data!['bifrost.yaml']!) as {
    http: { hosts: string[] }
    access: { certificates: { subject?: string; san?: string; fingerprint?: string; role?: string }[] }
  }
  const subjects = new Map(
    ofKind<ICertificate>(objects, 'Certificate').map(({ metadata, spec }) => [spec!.commonName, metadata.name]),
  )
  const problems = access.certificates.flatMap(({ subject, role }) => {
    const certificate = subjects.get(subject)
    if (certificate === 'bifrost-ingress-client') return ['who comes through the Ingress is let in as a program']
    if (certificate === undefined && subjects.size > 0) return [`nobody has the certificate of ${subject}`]
    return role === 'viewer' ? [] : [`${subject} may do more than look`]
  })
  const page = ofKind<IService>(objects, 'Service').find(({ spec }) => spec?.type === 'NodePort')
  // The port of the node is not that of the gateway: not even by its number is the box known then.
  if (page !== undefined && http.hosts.every((host) => /^bifrost\b/.test(host))) problems.push('no name of the box is in http.hosts') // prettier-ignore
  if (page?.spec !== undefined && page.spec?.externalTrafficPolicy !== 'Local') problems.push('the policy sees the node in place of who calls') // prettier-ignore
  if (page === undefined && !objects.some(({ kind }) => kind === 'Ingress')) problems.push('nobody reaches the page')
  for (const ingress of objects.filter(({ kind }) => kind === 'Ingress')) {
    const { spec } = ingress as unknown as { spec: { rules: { host: string }[]; tls: { hosts: string[] }[] } }
    for (const { host } of spec.rules) {
      if (!http.hosts.includes(host)) problems.push(`${host} is not in http.hosts`)
      if (!spec.tls.some(({ hosts }) => hosts.includes(host))) problems.push(`${host} has no TLS`)
    }
  }
  return problems
}

for (const name of NAMES)
  test(`${name}: certificates and names of the gateway fit`, { skip }, () => {
    // A base is no overlay: who takes it says how people come in.
    const expected = name.startsWith('base') ? ['nobody reaches the page'] : []
    assert.deepEqual(ingressProblems(built[name]), expected)
  })

const config = (objects: KubernetesObject[]) =>
  (pick(objects, 'ConfigMap', 'bifrost-config') as unknown as { data: Record<string, string> }).data

test('edge: a page that nobody can open is found', { skip }, () => {
  const page = (objects: KubernetesObject[]) => pick(objects, 'Service', 'bifrost-page').spec!
  assertFinds(ingressProblems, built.edge, [
    { defect: 'no Service', change: (o) => without(o, 'Service', 'bifrost-page'), found: /nobody reaches the page/ },
    { defect: 'the box has no name', change: (o) => void (config(o)['bifrost.yaml'] = config(o)['bifrost.yaml']!.replace('    - box.example.com\n', '')), found: /no name of the box/ }, // prettier-ignore
    { defect: 'the address of who calls is lost', change: (o) => void delete page(o).externalTrafficPolicy, found: /the node in place of who calls/ }, // prettier-ignore
  ])
})

test('an Ingress that lets people in as a program, or by a name that the gateway refuses, is found', { skip }, () => {
  const edit = (objects: KubernetesObject[], from: string, to: string) => {
    const data = config(objects)
    assert.ok(data['bifrost.yaml']!.includes(from), from)
    data['bifrost.yaml'] = data['bifrost.yaml']!.replace(from, to)
  }
  assertFinds(ingressProblems, built.production, [
    { defect: 'the certificate of the Ingress stands for somebody', change: (o) => edit(o, 'subject: prometheus.bifrost', 'subject: ingress.bifrost'), found: /let in as a program/ }, // prettier-ignore
    { defect: 'Prometheus is an administrator', change: (o) => edit(o, 'role: viewer', 'role: admin'), found: /may do more than look/ }, // prettier-ignore
    { defect: 'another name', change: (o) => edit(o, 'bifrost.example.com', 'gateway.example.com'), found: /not in http.hosts/ }, // prettier-ignore
    {
      defect: 'no TLS',
      change: (o) => void (pick(o, 'Ingress', 'bifrost').spec!.tls = [] as never),
      found: /has no TLS/,
    },
  ])
})
