/** What a person applies by hand, in place of the gateway or beside it: held as the overlays are, against what production has. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { needsKubectl } from '../../src/testing/kubectl.ts'
import { capacityProblems } from './checks/capacity.ts'
import { referenceProblems } from './checks/references.ts'
import { sourceProblems } from './checks/sources.ts'
import { buildAll, PROCEDURES, procedure, ROOT, workloads, type Composition, type KubernetesObject, type Objects } from './manifests.ts' // prettier-ignore
import { assertFinds, pick, without, type Loose } from './mutations.ts'

const skip = needsKubectl()
let built: Readonly<Record<Composition, Objects>>
before(async () => {
  if (skip === false) built = await buildAll({ after })
})

const guide = readFileSync(join(ROOT, 'docs', 'guide', 'kubernetes.md'), 'utf8')
/** Made by the command in the guide. */
const IDENTITY: KubernetesObject & { stringData: object } = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bifrost-restore', namespace: 'bifrost' }, stringData: { 'key.txt': '' } } // prettier-ignore

/** Production with the jobs of the procedures; the gateway stays among it, as who scales it to 0 leaves all that it refers to. */
const beside = (): KubernetesObject[] => [
  ...built.production,
  IDENTITY,
  ...PROCEDURES.flatMap((name) => procedure(name)),
]

const RESTORE = 'bifrost-restore'
const job = (objects: Objects, name = RESTORE): Loose => pick(objects, 'Job', name).spec!

/** A restore is looked at first, and goes into the volume of the gateway, wherever that can be mounted. */
function restoreProblems(objects: Objects): string[] {
  const [preview, restore] = [job(objects, `${RESTORE}-preview`), job(objects)]
  const words = (one: Loose): string[] => one.template!.spec!.containers![0]!.command as unknown as string[]
  const problems: string[] = []
  if (!words(preview).includes('--preview')) problems.push('the preview is none')
  if ((restore.suspend as unknown) !== true) problems.push('it begins before somebody has looked')
  const repositoryOf = (one: Loose) => words(one)[words(one).indexOf('--repository') + 1]
  if (repositoryOf(preview) !== repositoryOf(restore)) problems.push('what is looked at is another repository')
  // It reads a manifest that is not secret, and changes nothing.
  const mounts = preview.template!.spec!.containers![0]!.volumeMounts as unknown as { name: string; readOnly?: boolean }[] // prettier-ignore
  if (mounts.some(({ name, readOnly }) => name !== 'tmp' && readOnly !== true)) problems.push('the preview may write')
  if (JSON.stringify(preview).includes(`"${RESTORE}"`)) problems.push('the preview has the private key')
  // Mounted ones can be written by nobody.
  if (!words(restore).includes('--keep-config')) problems.push('it would write ConfigMaps and Secrets')
  for (const [name, one] of Object.entries({ preview, restore })) {
    const { affinity, volumes } = one.template!.spec!
    const claims = JSON.stringify(volumes).match(/data-bifrost-\d+/g) ?? []
    if (claims.join() !== 'data-bifrost-0') problems.push(`${name}: it mounts ${claims.join() || 'no volume'}`)
    if (affinity !== undefined) problems.push(`${name}: it waits for a pod that is scaled to 0`)
  }
  return problems
}

test('what the procedures refer to is there', { skip }, () => {
  assertFinds(
    (objects) =>
      [...referenceProblems(objects), ...sourceProblems(objects)].filter((problem) =>
        /Job |restore|drain/.test(problem),
      ),
    beside(),
    [
      { defect: 'no private key', change: (o) => without(o, 'Secret', 'bifrost-restore'), found: /nothing makes the Secret bifrost-restore/ }, // prettier-ignore
      { defect: 'the private key has another name', change: (o) => void (pick(o, 'Secret', 'bifrost-restore').stringData = { key: '' } as never), found: /key.txt is not in identity/ }, // prettier-ignore
      { defect: 'no passwords of the repositories', change: (o) => without(o, 'ExternalSecret', 'bifrost-backup'), found: /Job bifrost-restore: nothing makes the Secret bifrost-backup/ }, // prettier-ignore
      { defect: 'no settings', change: (o) => without(o, 'ConfigMap', 'bifrost-backup'), found: /Job bifrost-restore: there is no ConfigMap bifrost-backup/ }, // prettier-ignore
      { defect: 'an account that is gone', change: (o) => void (job(o).template!.spec!.serviceAccountName = 'restore' as never), found: /there is no ServiceAccount restore/ }, // prettier-ignore
      { defect: 'the newest image', change: (o) => void (job(o).template!.spec!.containers![0]!.image = 'bifrost-backup:latest' as never), found: /bifrost-restore: the image/ }, // prettier-ignore
    ],
  )
  for (const line of [
    'create secret generic bifrost-restore --from-file=key.txt',
    'delete secret bifrost-restore',
    'patch -p \'{"spec":{"suspend":true}}\'',
    'patch -p \'{"spec":{"suspend":false}}\'',
    'patch job bifrost-restore -p \'{"spec":{"suspend":false}}\'',
  ])
    // prettier-ignore
    assert.ok(guide.includes(line), line)
})

test('a restore is looked at first, and goes into the volume of the gateway', { skip }, () => {
  assertFinds(restoreProblems, beside(), [
    { defect: 'it begins at once', change: (o) => void delete job(o).suspend, found: /before somebody has looked/ },
    { defect: 'no preview', change: (o) => void job(o, `${RESTORE}-preview`).template!.spec!.containers![0]!.command!.pop(), found: /the preview is none/ }, // prettier-ignore
    { defect: 'a preview that may write', change: (o) => void delete job(o, `${RESTORE}-preview`).template!.spec!.containers![0]!.volumeMounts![0]!.readOnly, found: /the preview may write/ }, // prettier-ignore
    { defect: 'a preview that can open what is secret', change: (o) => void job(o, `${RESTORE}-preview`).template!.spec!.volumes!.push({ name: 'identity', secret: { secretName: RESTORE } } as never), found: /the preview has the private key/ }, // prettier-ignore
    { defect: 'another repository', change: (o) => void job(o).template!.spec!.containers![0]!.command!.splice(6, 1, 'away' as never), found: /another repository/ }, // prettier-ignore
    { defect: 'it writes the configuration', change: (o) => void job(o).template!.spec!.containers![0]!.command!.pop(), found: /would write ConfigMaps/ }, // prettier-ignore
    { defect: 'another volume', change: (o) => void (job(o).template!.spec!.volumes![0]!.persistentVolumeClaim!.claimName = 'data-bifrost-1' as never), found: /restore: it mounts data-bifrost-1/ }, // prettier-ignore
    { defect: 'beside a pod that is not there', change: (o) => void (job(o).template!.spec!.affinity = {} as never), found: /waits for a pod/ }, // prettier-ignore
  ])
})

/** Jobs of the backup that the command of the guide, with this selector, does not stop. */
function runningProblems(objects: Objects, [, label = '', value = '']: readonly string[]): string[] {
  const crons = objects.filter(({ kind }) => kind === 'CronJob') as unknown as { metadata: Named; spec: { jobTemplate: { metadata?: Named } } }[] // prettier-ignore
  return crons
    .filter(({ spec }) => spec.jobTemplate.metadata?.labels?.[label] !== value)
    .map(({ metadata }) => `${metadata.name}: a job of it goes on`)
}
interface Named {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

test('before a restore the jobs that run are stopped too', { skip }, () => {
  const runbook = readFileSync(join(ROOT, 'docs', 'runbooks', 'recovery.md'), 'utf8')
  for (const text of [guide, runbook]) {
    const stop = /delete jobs (?:-l|--selector) (\S+)=(\S+) --cascade=foreground\n.*scale statefulset/.exec(text)
    assert.ok(stop !== null, 'before the gateway is scaled to 0')
    assertFinds((objects) => runningProblems(objects, stop), built.production, [
      { defect: 'jobs without the label', change: (o) => void delete pick(o, 'CronJob', 'bifrost-backup-verify').spec!.jobTemplate!.metadata, found: /verify: a job of it goes on/ }, // prettier-ignore
    ])
  }
})

test('in place of the gateway they fit into the quota', { skip }, () => {
  // The schedules are suspended meanwhile: the guide says so.
  const quota = built.production.filter(({ kind }) => ['ResourceQuota', 'LimitRange'].includes(kind))
  for (const name of PROCEDURES) {
    const objects = [...quota, ...procedure(name)]
    const problems = (of: Objects) => capacityProblems(of).filter((problem) => !problem.includes('more than three times')) // prettier-ignore
    assertFinds(problems, objects, [
      {
        defect: 'a job that wants more than the gateway',
        change: (o) => {
          const wanted = pick(o, 'Job', workloads(procedure(name))[0]!.owner.metadata.name)
          wanted.spec!.template!.spec!.containers![0]!.resources!.limits!.memory = '3Gi' as never
        },
        found: /memory 3Gi is more|quota: limits.memory/,
      },
    ])
  }
})
