/** Every name in the manifests is that of something that is there; each kind of mistake is made once, and found. */
import assert from 'node:assert/strict'
import { before, after, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { referenceProblems } from './checks/references.ts'
import { sourceProblems } from './checks/sources.ts'
import { buildAll, NAMES, type Composition, type Objects } from './manifests.ts'
import { assertFinds, pick, without, type Mutation } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

test('every overlay builds, and the smallest has what a gateway needs', { skip }, () => {
  assert.deepEqual(Object.keys(built), NAMES)
  const kinds = new Set(built.edge.map(({ kind }) => kind))
  for (const kind of [
    'Namespace',
    'StatefulSet',
    'Service',
    'ConfigMap',
    'Secret',
    'NetworkPolicy',
    'ResourceQuota',
    'LimitRange',
    'PodDisruptionBudget',
    'ServiceAccount',
  ])
    // prettier-ignore
    assert.ok(kinds.has(kind), kind)
})

for (const name of NAMES)
  test(`what ${name} refers to is there`, { skip }, () => {
    assert.deepEqual([...referenceProblems(built[name]), ...sourceProblems(built[name])], [])
  })

const REFERENCES: readonly Mutation[] = [
  {
    defect: 'a Service selects another label',
    change: (objects) => void (pick(objects, 'Service', 'bifrost').spec!.selector = { app: 'gateway' } as never),
    found: /Service bifrost selects no pod/,
  },
  {
    defect: 'the pods have another label than the selector of the StatefulSet',
    change: (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.template!.metadata!.labels = { 'app.kubernetes.io/name': 'bifrost' } as never), // prettier-ignore
    found: /StatefulSet bifrost does not select its own pods/,
  },
  {
    defect: 'the headless Service is gone',
    change: (objects) => without(objects, 'Service', 'bifrost-headless'),
    found: /there is no Service bifrost-headless/,
  },
  {
    defect: 'a Service goes to a port that nobody has',
    change: (objects) => void (pick(objects, 'Service', 'bifrost').spec!.ports![0]!.targetPort = 'http' as never),
    found: /port https goes to http/,
  },
  {
    defect: 'a probe asks another port',
    change: (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!.containers![0]!.livenessProbe!.httpGet!.port = 8080 as never), // prettier-ignore
    found: /a probe asks port 8080/,
  },
  {
    defect: 'the Ingress names a Service that is not there',
    change: (objects) => void (pick(objects, 'Ingress', 'bifrost').spec!.rules![0]!.http!.paths![0]!.backend!.service!.name = 'gateway' as never), // prettier-ignore
    found: /no Service gateway/,
  },
  {
    defect: 'the account is gone',
    change: (objects) => without(objects, 'ServiceAccount', 'bifrost'),
    found: /there is no ServiceAccount bifrost/,
  },
  {
    defect: 'the role is bound to somebody of another namespace',
    change: (objects) => void (pick(objects, 'RoleBinding', 'bifrost-backup').subjects![0]!.namespace = 'default' as never), // prettier-ignore
    found: /no ServiceAccount default\/bifrost-backup/,
  },
  {
    defect: 'the issuer is gone',
    change: (objects) => without(objects, 'Issuer', 'bifrost-ca'),
    found: /there is no Issuer bifrost-ca/,
  },
  {
    defect: 'a certificate that is renewed after its end',
    change: (objects) => void (pick(objects, 'Certificate', 'bifrost').spec!.renewBefore = '9999h' as never),
    found: /Certificate bifrost is not renewed/,
  },
  {
    defect: 'an object in another namespace',
    change: (objects) => void (pick(objects, 'NetworkPolicy', 'dns').metadata!.namespace = 'default' as never),
    found: /NetworkPolicy dns is not in the namespace/,
  },
  {
    defect: 'the newest image, whatever it is',
    change: (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!.containers![0]!.image = 'registry.example.com/bifrost/bifrost:latest' as never), // prettier-ignore
    found: /says neither from where nor which/,
  },
  {
    defect: 'an image without a tag',
    change: (objects) => void (pick(objects, 'CronJob', 'bifrost-backup-prune').spec!.jobTemplate!.spec!.template!.spec!.containers![0]!.image = 'registry.example.com/bifrost/backup' as never), // prettier-ignore
    found: /says neither from where nor which/,
  },
  {
    defect: 'Prometheus looks at both services, and scrapes every replica twice',
    change: (objects) => void (pick(objects, 'ServiceMonitor', 'bifrost').spec!.selector = { matchLabels: { 'app.kubernetes.io/name': 'bifrost' } } as never), // prettier-ignore
    found: /selects 2 services/,
  },
]

test('a name that leads nowhere is found', { skip }, () => {
  assertFinds(referenceProblems, built.production, REFERENCES)
})

const SOURCES: readonly Mutation[] = [
  {
    defect: 'the Secret is missing',
    change: (objects) => without(objects, 'ExternalSecret', 'bifrost-secrets'),
    found: /nothing makes the Secret bifrost-secrets/,
  },
  {
    defect: 'the Secret lacks a password that the configuration names',
    change: (objects) => void pick(objects, 'ExternalSecret', 'bifrost-secrets').spec!.data!.splice(1, 1),
    found: /there is no secret mqtt-password/,
  },
  {
    defect: 'the Secret lacks a file that the configuration names',
    change: (objects) => void pick(objects, 'ExternalSecret', 'bifrost-secrets').spec!.data!.splice(2, 1),
    found: /\/run\/secrets\/bifrost\/mqtt-ca.crt is not in secrets/,
  },
  {
    defect: 'the certificate is put into another Secret',
    change: (objects) => void (pick(objects, 'Certificate', 'bifrost').spec!.secretName = 'bifrost-server' as never),
    found: /nothing makes the Secret bifrost-tls/,
  },
  {
    defect: 'the ConfigMap is gone',
    change: (objects) => without(objects, 'ConfigMap', 'bifrost-config'),
    found: /there is no ConfigMap bifrost-config/,
  },
  {
    defect: 'the program is told another file',
    change: (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!.containers![0]!.args![2] = '/etc/bifrost/gateway.yaml' as never), // prettier-ignore
    found: /\/etc\/bifrost\/gateway.yaml is not in config/,
  },
  {
    defect: 'a single file is mounted, which never changes',
    change: (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!.containers![0]!.volumeMounts![1]!.subPath = 'bifrost.yaml' as never), // prettier-ignore
    found: /by subPath never changes/,
  },
  {
    defect: 'a volume is mounted that there is none of',
    change: (objects) => void pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!.volumes!.splice(4, 1),
    found: /mounts tmp, which is no volume/,
  },
  {
    defect: 'Prometheus has no certificate to show',
    change: (objects) => without(objects, 'Certificate', 'bifrost-prometheus-client'),
    found: /nothing makes bifrost-prometheus-client/,
  },
]

test('a Secret, ConfigMap or file that nobody makes is found', { skip }, () => {
  assertFinds(sourceProblems, built.production, SOURCES)
})
