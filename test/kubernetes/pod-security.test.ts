/** The pod security standard `restricted`, which the namespace asks for, judged by a program that nobody here wrote; and what it does not ask for. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createDefaultMonokleValidator } from '@monokle/validation'
import { stringify } from 'yaml'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { buildAll, containersOf, NAMES, PROCEDURES, procedure, workloads, type Composition, type KubernetesObject, type Objects } from './manifests.ts' // prettier-ignore
import { assertFinds, pick, type Loose } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const RESTRICTED = ['host-process', 'host-namespaces', 'privileged-containers', 'capabilities', 'host-path-volumes', 'host-ports', 'app-armor', 'selinux', 'proc-mount', 'seccomp', 'sysctls', 'volume-types', 'privilege-escalation', 'running-as-non-root', 'running-as-non-root-user', 'seccomp-strict', 'capabilities-strict'] // prettier-ignore

async function securityProblems(objects: Objects): Promise<string[]> {
  const validator = createDefaultMonokleValidator()
  await validator.preload({
    plugins: { 'pod-security-standards': true, 'kubernetes-schema': false, 'resource-links': false, 'yaml-syntax': false }, // prettier-ignore
    rules: Object.fromEntries(RESTRICTED.map((name) => [`pod-security-standards/${name}`, 'err'])),
  })
  const resources = objects.map((object, at) => {
    const content = inherited(object)
    const { apiVersion, kind, metadata } = content
    return { id: `${at}`, fileId: 'all', filePath: 'all.yaml', fileOffset: 0, name: metadata.name, kind, apiVersion, content, text: stringify(content) } // prettier-ignore
  })
  const { runs } = await validator.validate({ resources })
  return runs.flatMap(({ results }) =>
    results.map(({ ruleId, message, locations }) => {
      const object = objects[Number(locations.at(-1)!.physicalLocation!.artifactLocation.uri)] ?? objects[0]!
      return `${object.kind} ${object.metadata.name}: ${ruleId} ${message.text}`
    }),
  )
}

/** The judge looks at containers; Kubernetes lets them inherit what their pod says. */
function inherited(object: KubernetesObject): KubernetesObject {
  const copy = structuredClone(object)
  for (const pod of workloads([copy])) {
    const { runAsNonRoot, seccompProfile } = pod.template.spec.securityContext ?? {}
    for (const container of containersOf(pod))
      container.securityContext = {
        ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
        ...(seccompProfile === undefined ? {} : { seccompProfile }),
        ...container.securityContext,
      }
  }
  return copy
}

for (const name of NAMES)
  test(`${name} is restricted`, { skip }, async () => {
    assert.deepEqual(await securityProblems(built[name]), [])
    assert.deepEqual(confinementProblems(built[name]), [])
  })

for (const name of PROCEDURES)
  test(`the procedure ${name} is restricted`, async () => {
    assert.deepEqual(await securityProblems(procedure(name)), [])
    assert.deepEqual(confinementProblems(procedure(name)), [])
  })

test('what is not restricted is found', { skip }, async () => {
  const changes: readonly (readonly [defect: string, rule: string, (pod: Loose, container: Loose) => void])[] = [
    ['root', 'PSS203', (pod) => void (pod.securityContext!.runAsNonRoot = false as never)],
    ['user 0', 'PSS204', (_, container) => void (container.securityContext!.runAsUser = 0 as never)],
    ['more rights than before', 'PSS202', (_, container) => void (container.securityContext!.allowPrivilegeEscalation = true as never)], // prettier-ignore
    [
      'capabilities that stay',
      'PSS206',
      (_, container) => void (container.securityContext!.capabilities = {} as never),
    ],
    ['a capability too much', 'PSS206', (_, container) => void (container.securityContext!.capabilities!.add = ['NET_RAW'] as never)], // prettier-ignore
    ['no seccomp', 'PSS205', (pod) => void (pod.securityContext!.seccompProfile = undefined as never)],
    [
      'a folder of the node',
      'PSS201',
      (pod) => void pod.volumes!.push({ name: 'x', hostPath: { path: '/dev' } } as never),
    ],
    ['the network of the node', 'PSS102', (pod) => void (pod.hostNetwork = true as never)],
    ['a port of the node', 'PSS106', (_, container) => void (container.ports![0]!.hostPort = 8443 as never)],
    ['privileged', 'PSS103', (_, container) => void (container.securityContext!.privileged = true as never)],
  ]
  for (const [defect, rule, change] of changes) {
    const copy = structuredClone(built.production) as KubernetesObject[]
    const pod = pick(copy, 'StatefulSet', 'bifrost').spec!.template!.spec!
    change(pod, pod.containers![0]!)
    const problems = await securityProblems(copy)
    assert.ok(problems.some((problem) => problem.startsWith(`StatefulSet bifrost: ${rule}`)), `${defect}: ${problems.join('; ')}`) // prettier-ignore
  }
})

/** Beyond the standard: nothing can be written but what is mounted, no token lies about, and every container has its bounds. */
function confinementProblems(objects: Objects): string[] {
  const problems: string[] = []
  const [namespace] = objects.filter(({ kind }) => kind === 'Namespace')
  for (const mode of ['enforce', 'audit', 'warn'])
    if (namespace !== undefined && namespace.metadata.labels?.[`pod-security.kubernetes.io/${mode}`] !== 'restricted')
      problems.push(`the namespace does not ${mode} the standard restricted`)
  for (const pod of workloads(objects)) {
    const { name } = pod.owner.metadata
    const { spec } = pod.template
    const needsToken = name === 'prometheus'
    if (spec.automountServiceAccountToken !== needsToken) problems.push(`${name}: a token of its account is mounted`)
    if (spec.enableServiceLinks !== false) problems.push(`${name}: every service is in its environment`)
    for (const {
      name: container,
      securityContext,
      resources,
      startupProbe,
      livenessProbe,
      readinessProbe,
    } of containersOf(pod)) {
      if (securityContext?.readOnlyRootFilesystem !== true)
        problems.push(`${name}/${container}: its root can be written`)
      for (const what of ['cpu', 'memory', 'ephemeral-storage'])
        if (resources?.requests?.[what] === undefined || resources.limits?.[what] === undefined)
          problems.push(`${name}/${container}: no request or limit of ${what}`)
      const isServed = pod.owner.kind === 'StatefulSet'
      if (isServed && (startupProbe ?? livenessProbe ?? readinessProbe) === undefined)
        problems.push(`${name}/${container}: no probe`)
      for (const [kind, probe] of Object.entries({ startupProbe, livenessProbe, readinessProbe }))
        if (isServed && probe === undefined) problems.push(`${name}/${container}: no ${kind}`)
    }
  }
  return problems
}

test('what is not confined is found', { skip }, () => {
  const gateway = (objects: KubernetesObject[]) => pick(objects, 'StatefulSet', 'bifrost').spec!.template!.spec!
  assertFinds(confinementProblems, built.production, [
    { defect: 'a root that can be written', change: (o) => void (gateway(o).containers![0]!.securityContext!.readOnlyRootFilesystem = false as never), found: /its root can be written/ }, // prettier-ignore
    { defect: 'a token', change: (o) => void (gateway(o).automountServiceAccountToken = true as never), found: /a token of its account/ }, // prettier-ignore
    { defect: 'no limit', change: (o) => void (gateway(o).containers![0]!.resources!.limits = { cpu: '1' } as never), found: /no request or limit of memory/ }, // prettier-ignore
    { defect: 'no readiness', change: (o) => void (gateway(o).containers![0]!.readinessProbe = undefined as never), found: /no readinessProbe/ }, // prettier-ignore
    { defect: 'a namespace that only warns', change: (o) => void (pick(o, 'Namespace', 'bifrost').metadata!.labels!['pod-security.kubernetes.io/enforce'] = 'baseline' as never), found: /does not enforce/ }, // prettier-ignore
  ])
})
