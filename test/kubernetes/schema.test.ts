/** Every object is what the programs that take it say it may be: no wrong value, no field that they would pass over without a word. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { fieldProblems, valueProblems } from './checks/schema.ts'
import {
  buildAll,
  NAMES,
  PROCEDURES,
  procedure,
  type Composition,
  type KubernetesObject,
  type Objects,
} from './manifests.ts'
import { pick } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
/** Every object once, and what stands in no overlay. */
let all: Objects
before(async () => {
  if (skip !== false) return
  built = await buildAll({ after })
  all = [...NAMES.flatMap((name) => built[name]), ...PROCEDURES.flatMap((name) => procedure(name))]
})

test('every value is one that the validators take', { skip }, async () => {
  assert.deepEqual(await valueProblems(all), [])
  assert.ok(all.length > 150, `${all.length} objects`)
})

test('a wrong value is found', { skip }, async () => {
  const wrong: readonly (readonly [string, (objects: KubernetesObject[]) => void])[] = [
    [
      'StatefulSet bifrost',
      (objects) => void (pick(objects, 'StatefulSet', 'bifrost').spec!.replicas = 'one' as never),
    ],
    ['Certificate bifrost', (objects) => void (pick(objects, 'Certificate', 'bifrost').spec!.privateKey!.algorithm = 'DES' as never)], // prettier-ignore
    ['ServiceMonitor bifrost', (objects) => void (pick(objects, 'ServiceMonitor', 'bifrost').spec!.endpoints![0]!.interval = 'soon' as never)], // prettier-ignore
    ['ExternalSecret bifrost-key', (objects) => void (pick(objects, 'ExternalSecret', 'bifrost-key').spec!.target!.creationPolicy = 'Never' as never)], // prettier-ignore
  ]
  for (const [name, change] of wrong) {
    const copy = structuredClone(built.production) as KubernetesObject[]
    change(copy)
    assert.match((await valueProblems(copy)).join('\n'), new RegExp(`^${name}: `), name)
  }
})

test('every field is one that somebody knows, and one that nobody knows is found', { skip }, () => {
  const copy = structuredClone(all) as KubernetesObject[]
  const spec = pick(copy, 'StatefulSet', 'bifrost').spec!
  spec.template!.spec!.containers![0]!.readynessProbe = {} as never
  spec.persistentVolumeClaimRetention = { whenScaled: 'Retain' } as never
  pick(copy, 'NetworkPolicy', 'dns').spec!.egresses = [] as never
  pick(copy, 'Certificate', 'bifrost').spec!.renewBeforeExpiry = '720h' as never
  const problems = fieldProblems([...all, ...copy])
  const ofCopy = ['readynessProbe', 'persistentVolumeClaimRetention', 'egresses', 'renewBeforeExpiry']
  assert.deepEqual(
    problems.filter((problem) => !ofCopy.some((field) => problem.includes(`"${field}"`))),
    [],
    'what is in the tree has no such field',
  )
  // The compiler tells the first of an object.
  for (const kind of ['StatefulSet bifrost', 'NetworkPolicy dns', 'Certificate bifrost'])
    assert.ok(
      problems.some((problem) => problem.startsWith(kind)),
      kind,
    )
})
