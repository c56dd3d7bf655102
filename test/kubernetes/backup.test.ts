/** The backup in the cluster: the gateway is asked whether it is well or not, a drill has room for a full volume, and no job keeps another one out. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { backupProblems } from './checks/backup.ts'
import { capacityProblems } from './checks/capacity.ts'
import { buildAll, NAMES, type Composition, type KubernetesObject, type Objects } from './manifests.ts'
import { assertFinds, pick, without, type Loose, type Mutation } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

for (const name of NAMES)
  test(`${name}: the jobs of the backup have whom they ask, room and time`, { skip }, () => {
    assert.deepEqual(backupProblems(built[name]), [])
  })

const cron = (objects: KubernetesObject[], name: string): Loose =>
  pick(objects, 'CronJob', `bifrost-backup-${name}`).spec!
const pod = (objects: KubernetesObject[], name: string): Loose => cron(objects, name).jobTemplate!.spec!.template!.spec!
const volume = (objects: KubernetesObject[], name: string, which: string): Loose =>
  (pod(objects, name).volumes as unknown as Loose[]).find((one) => (one.name as unknown as string) === which)!
const service = (objects: KubernetesObject[]): Loose => pick(objects, 'Service', 'bifrost-headless').spec!
const edit = (objects: KubernetesObject[], map: string, file: string, from: string, to: string): void => {
  const data = (pick(objects, 'ConfigMap', map) as unknown as { data: Record<string, string> }).data
  assert.ok(data[file]!.includes(from), from)
  data[file] = data[file]!.replace(from, to)
}

const ASKED: readonly Mutation[] = [
  { defect: 'the Service that knows ready pods alone', change: (o) => edit(o, 'bifrost-backup', 'backup.yaml', 'https://bifrost-0.bifrost-headless.bifrost.svc:8443', 'https://bifrost.bifrost.svc'), found: /not the name of the pod/ }, // prettier-ignore
  { defect: 'the headless Service knows ready pods alone', change: (o) => void delete service(o).publishNotReadyAddresses, found: /does not know a pod that is not ready/ }, // prettier-ignore
  { defect: 'it is not headless', change: (o) => void delete service(o).clusterIP, found: /gives the pod no name/ },
  { defect: 'it is gone', change: (o) => without(o, 'Service', 'bifrost-headless'), found: /not the name of the pod/ },
  { defect: 'the port of the other Service', change: (o) => edit(o, 'bifrost-backup', 'backup.yaml', ':8443', ':443'), found: /no container listens on 443/ }, // prettier-ignore
  { defect: 'a name that the gateway refuses', change: (o) => edit(o, 'bifrost-config', 'bifrost.yaml', 'bifrost-0.bifrost-headless.bifrost.svc', 'bifrost-1.bifrost-headless.bifrost.svc'), found: /not in http.hosts/ }, // prettier-ignore
  { defect: 'a name that its certificate does not have', change: (o) => void (pick(o, 'Certificate', 'bifrost').spec!.dnsNames as unknown as string[]).splice(5, 1), found: /certificate of the gateway does not name/ }, // prettier-ignore
]

const ROOM: readonly Mutation[] = [
  { defect: 'a scratch that is smaller than the volume', change: (o) => void (volume(o, 'drill', 'scratch').ephemeral!.volumeClaimTemplate!.spec!.resources!.requests!.storage = '10Gi' as never), found: /\/scratch has room for \d+ bytes/ }, // prettier-ignore
  { defect: 'a volume that has grown', change: (o) => void (pick(o, 'StatefulSet', 'bifrost').spec!.volumeClaimTemplates![0]!.spec!.resources!.requests!.storage = '50Gi' as never), found: /\/scratch has room for/ }, // prettier-ignore
  { defect: 'a scratch that is no volume', change: (o) => void pod(o, 'drill').containers![0]!.command!.splice(-1, 1, '/drill' as never), found: /\/drill has room for 0 bytes/ }, // prettier-ignore
  { defect: 'a scratch among the temporary files', change: (o) => void pod(o, 'drill').containers![0]!.command!.splice(-1, 1, '/tmp/drill' as never), found: /\/tmp\/drill has room for/ }, // prettier-ignore
  { defect: 'a folder that is larger than the limit of its pod', change: (o) => void (volume(o, 'drill', 'tmp').emptyDir!.sizeLimit = '24Gi' as never), found: /drill: its folders may take more/ }, // prettier-ignore
]

const TIMES: readonly Mutation[] = [
  { defect: 'a backup in the minute of the other one', change: (o) => void (cron(o, 'create').schedule = '* * * * *' as never), found: /create begin in the same minute|create and bifrost-backup-cluster/ }, // prettier-ignore
  { defect: 'the same, the other way', change: (o) => void (cron(o, 'cluster').schedule = '8 * * * *' as never), found: /begin in the same minute/ }, // prettier-ignore
  { defect: 'the check begins while old backups go', change: (o) => void (cron(o, 'verify').schedule = '47 3 * * *' as never), found: /verify may begin while bifrost-backup-prune runs/ }, // prettier-ignore
  { defect: 'a drill that may last into the check', change: (o) => void (cron(o, 'drill').schedule = '37 3 * * 0' as never), found: /verify may begin while bifrost-backup-drill runs/ }, // prettier-ignore
  { defect: 'a job without an end', change: (o) => void delete cron(o, 'prune').jobTemplate!.spec!.activeDeadlineSeconds, found: /may begin while bifrost-backup-prune runs/ }, // prettier-ignore
]

test(
  'a gateway that is not asked when it is not well, a drill without room, and jobs that meet are found',
  { skip },
  () => {
    assertFinds(backupProblems, built.production, [...ASKED, ...ROOM, ...TIMES])
  },
)

test('the scratch of the drill is reckoned with', { skip }, () => {
  const hard = (objects: KubernetesObject[]): Loose => pick(objects, 'ResourceQuota', 'bifrost').spec!.hard!
  assertFinds(capacityProblems, built.production, [
    { defect: 'a quota for the volume of the gateway alone', change: (o) => void (hard(o)['requests.storage'] = '20Gi' as never), found: /quota: requests.storage is 20Gi/ }, // prettier-ignore
    { defect: 'a quota for one volume', change: (o) => void (hard(o).persistentvolumeclaims = '1' as never), found: /quota: persistentvolumeclaims is 1, and 2/ }, // prettier-ignore
    { defect: 'a second try, while the first keeps its scratch', change: (o) => void (cron(o, 'drill').jobTemplate!.spec!.backoffLimit = 1 as never), found: /quota: persistentvolumeclaims is 2, and 3/ }, // prettier-ignore
    { defect: 'as many tries as Kubernetes has by itself', change: (o) => void delete cron(o, 'drill').jobTemplate!.spec!.backoffLimit, found: /quota: persistentvolumeclaims is 2, and 8/ }, // prettier-ignore
    { defect: 'a pod that has ended keeps its scratch for a day', change: (o) => void (cron(o, 'drill').jobTemplate!.spec!.ttlSecondsAfterFinished = 86_400 as never), found: /quota: persistentvolumeclaims is 2, and 3/ }, // prettier-ignore
    { defect: 'it keeps it until somebody deletes it', change: (o) => void delete cron(o, 'drill').jobTemplate!.spec!.ttlSecondsAfterFinished, found: /quota: requests.storage is 40Gi/ }, // prettier-ignore
    { defect: 'a scratch that the limit range refuses', change: (o) => void (volume(o, 'drill', 'scratch').ephemeral!.volumeClaimTemplate!.spec!.resources!.requests!.storage = '300Gi' as never), found: /drill, a volume: storage 300Gi is more/ }, // prettier-ignore
  ])
})
