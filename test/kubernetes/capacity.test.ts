/** All fits into the quota, nothing bounds what it must not, and one gateway stays one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { capacityProblems, DRAIN, mostWanted, quantity } from './checks/capacity.ts'
import { replicaProblems, volumeProblems } from './checks/replicas.ts'
import { buildAll, NAMES, procedure, workloads, type Composition, type KubernetesObject, type Objects } from './manifests.ts' // prettier-ignore
import { assertFinds, pick, without, type Loose, type Mutation } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

test('quantities of Kubernetes', () => {
  assert.deepEqual(['250m', '2', '1Gi', '640Mi', '1k', '1.5'].map(quantity), [
    0.25,
    2,
    2 ** 30,
    640 * 2 ** 20,
    1000,
    1.5,
  ])
  assert.throws(() => quantity('much'), /no quantity/)
})

for (const name of NAMES)
  test(`${name} fits`, { skip }, () => {
    assert.deepEqual(capacityProblems(built[name]), [])
    assert.deepEqual([...replicaProblems(built[name], name), ...volumeProblems(built[name])], [])
  })

test('the job that drains a volume is reckoned with', { skip }, () => {
  const [drain] = workloads(procedure('drain-volume'))
  assert.deepEqual(mostWanted([drain!.owner]), DRAIN)
})

const hard = (objects: KubernetesObject[]): Loose => pick(objects, 'ResourceQuota', 'bifrost').spec!.hard!
const scaler = (objects: KubernetesObject[]): Loose => pick(objects, 'HorizontalPodAutoscaler', 'bifrost').spec!
const gateway = (objects: KubernetesObject[]): Loose => pick(objects, 'StatefulSet', 'bifrost').spec!

const DEFECTS: readonly Mutation[] = [
  {
    defect: 'a quota that is too small for the most of the autoscaler',
    change: (objects) => void (hard(objects)['limits.memory'] = '6Gi' as never),
    found: /quota: limits.memory is 6Gi, and \d+ may be wanted/,
  },
  {
    defect: 'a quota for fewer pods',
    change: (objects) => void (hard(objects).pods = '10' as never),
    found: /quota: pods is 10, and 15 may be wanted/,
  },
  {
    defect: 'a quota for fewer volumes',
    change: (objects) => void (hard(objects).persistentvolumeclaims = '6' as never),
    found: /quota: persistentvolumeclaims/,
  },
  {
    defect: 'an autoscaler that asks for more than fits',
    change: (objects) => void (scaler(objects).maxReplicas = 12 as never),
    found: /quota: requests.cpu/,
  },
  {
    defect: 'a quota that says nothing of storage',
    change: (objects) => void Reflect.deleteProperty(hard(objects), 'requests.storage'),
    found: /the quota says nothing of requests.storage/,
  },
  {
    defect: 'a quota that bounds nothing',
    change: (objects) => void (hard(objects)['limits.cpu'] = '900' as never),
    found: /more than three times/,
  },
  {
    defect: 'a container that is larger than the limit range lets it be',
    change: (objects) => void (gateway(objects).template!.spec!.containers![0]!.resources!.limits!.memory = '8Gi' as never), // prettier-ignore
    found: /memory 8Gi is more than the limit range/,
  },
  {
    defect: 'a container that wants more than it may have',
    change: (objects) => void (gateway(objects).template!.spec!.containers![0]!.resources!.requests!.memory = '2Gi' as never), // prettier-ignore
    found: /wants more memory than it may have/,
  },
  {
    defect: 'a budget that keeps every node from being drained',
    change: (objects) => void (pick(objects, 'PodDisruptionBudget', 'redis').spec!.minAvailable = 3 as never),
    found: /no node could ever be drained/,
  },
  {
    defect: 'a budget of none',
    change: (objects) => void (pick(objects, 'PodDisruptionBudget', 'bifrost').spec!.maxUnavailable = 0 as never),
    found: /no node could ever be drained/,
  },
  {
    defect: 'a budget that lets all go',
    change: (objects) => void (pick(objects, 'PodDisruptionBudget', 'bifrost').spec!.maxUnavailable = 2 as never),
    found: /all 2 may go at once/,
  },
  {
    defect: 'three Redis without a budget',
    change: (objects) => without(objects, 'PodDisruptionBudget', 'redis'),
    found: /redis: 3 replicas and no budget/,
  },
  {
    defect: 'the least is the most',
    change: (objects) => void (scaler(objects).minReplicas = 6 as never),
    found: /its least is not less than its most/,
  },
  {
    defect: 'an autoscaler that does not look at memory',
    change: (objects) => void scaler(objects).metrics!.splice(1, 1),
    found: /does not look at memory/,
  },
  {
    defect: 'down in haste',
    change: (objects) => void (scaler(objects).behavior!.scaleDown!.stabilizationWindowSeconds = 60 as never),
    found: /scales down in haste/,
  },
  {
    defect: 'the next replica goes while one still drains',
    change: (objects) => void (scaler(objects).behavior!.scaleDown!.policies![0]!.periodSeconds = 100 as never),
    found: /before the one before has ended/,
  },
  {
    defect: 'the StatefulSet says how many too',
    change: (objects) => void (gateway(objects).replicas = 2 as never),
    found: /would undo it/,
  },
]

test('what does not fit is found', { skip }, () => {
  assertFinds(capacityProblems, built.replicas, DEFECTS)
})

test('a base of two replicas, and an overlay for several that says nothing, are found', { skip }, () => {
  assertFinds((objects) => replicaProblems(objects, 'production'), built.production, [
    {
      defect: 'two replicas',
      change: (o) => void (gateway(o).replicas = 2 as never),
      found: /would poll every device twice/,
    },
    { defect: 'an autoscaler', change: (o) => [...o, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'x' } }], found: /an autoscaler/ }, // prettier-ignore
    { defect: 'the gateway is not told its place', change: (o) => void gateway(o).template!.spec!.containers![0]!.env!.shift(), found: /BIFROST_REPLICA/ }, // prettier-ignore
  ])
  assertFinds((objects) => replicaProblems(objects, 'replicas'), built.replicas, [
    { defect: 'it does not say what it is', change: (o) => void delete (pick(o, 'StatefulSet', 'bifrost').metadata as Loose).annotations, found: /does not say that it is prepared only/ }, // prettier-ignore
    { defect: 'the gateway is not told its place', change: (o) => void gateway(o).template!.spec!.containers![0]!.env!.shift(), found: /BIFROST_REPLICA/ }, // prettier-ignore
    { defect: 'it goes without delivering', change: (o) => void gateway(o).template!.spec!.containers![0]!.args!.splice(3), found: /does not deliver before it goes/ }, // prettier-ignore
    { defect: 'it is killed while it delivers', change: (o) => void (gateway(o).template!.spec!.terminationGracePeriodSeconds = 120 as never), found: /killed while it delivers/ }, // prettier-ignore
  ])
})

test('a volume that goes with its replica, or is shared, is found', { skip }, () => {
  assertFinds(volumeProblems, built.replicas, [
    { defect: 'it goes when the replica does', change: (o) => void (gateway(o).persistentVolumeClaimRetentionPolicy!.whenScaled = 'Delete' as never), found: /goes with its replica/ }, // prettier-ignore
    { defect: 'it goes with the StatefulSet', change: (o) => void delete gateway(o).persistentVolumeClaimRetentionPolicy, found: /goes with its replica|whenDeleted/ }, // prettier-ignore
    { defect: 'all replicas write into one', change: (o) => void (gateway(o).volumeClaimTemplates![0]!.spec!.accessModes = ['ReadWriteMany'] as never), found: /shared/ }, // prettier-ignore
    { defect: 'the log lies in memory', change: (o) => void gateway(o).volumeClaimTemplates!.pop(), found: /has no volume/ }, // prettier-ignore
    { defect: 'the job mounts the volume of nobody', change: (o) => void (pick(o, 'CronJob', 'bifrost-backup-create').spec!.jobTemplate!.spec!.template!.spec!.volumes!.find(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)!.persistentVolumeClaim!.claimName = 'data-bifrost-9' as never), found: /data-bifrost-9/ }, // prettier-ignore
    { defect: 'the job may stand on another node', change: (o) => void delete pick(o, 'CronJob', 'bifrost-backup-create').spec!.jobTemplate!.spec!.template!.spec!.affinity, found: /is not put beside/ }, // prettier-ignore
  ])
})
