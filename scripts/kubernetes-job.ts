/**
 * A job of the manifests as words for `podman run`, a line each:
 *
 *     bin/launch scripts/kubernetes-job.ts --name JOB --image IMAGE [--container NAME] [--volume NAME=PLACE]… < MANIFESTS
 *
 * The container is as it is: command, environment, security, resources, mounts, and where a volume has no place given, that in memory. Of a
 * CronJob it is what that starts. A folder of ConfigMap or Secret lies where `--volume` says, as does a claim.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseAllDocuments } from 'yaml'
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob'
import type { IJob } from 'kubernetes-models/batch/v1/Job'

const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    image: { type: 'string' },
    container: { type: 'string' },
    volume: { type: 'string', multiple: true, default: [] },
  },
})
const { name, image } = values
if (name === undefined || image === undefined) {
  console.error(
    'usage: bin/launch scripts/kubernetes-job.ts --name JOB --image IMAGE [--volume NAME=PLACE]… < MANIFESTS',
  )
  process.exit(2)
}

const objects = parseAllDocuments(readFileSync(0, 'utf8')).map((one) => one.toJS() as { kind: string; metadata: { name: string } }) // prettier-ignore
const object = objects.find(({ kind, metadata }) => ['Job', 'CronJob'].includes(kind) && metadata.name === name)
if (object === undefined) throw new Error(`there is no job ${name} in it`)
const job = object.kind === 'Job' ? (object as IJob).spec : (object as ICronJob).spec?.jobTemplate.spec
const pod = job?.template.spec
const container = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].find((one) => one.name === (values.container ?? pod?.containers[0]?.name)) // prettier-ignore
if (pod === undefined || container === undefined) throw new Error('there is no such container in it')

const places = new Map(values.volume.map((one) => one.split('=') as [string, string]))
const { runAsUser, runAsGroup } = pod.securityContext ?? {}
const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = container.securityContext ?? {}
const { cpu, memory } = container.resources?.limits ?? {}
const [entry = '', ...rest] = [...(container.command ?? []), ...(container.args ?? [])]
const words = [
  '--user',
  `${runAsUser}:${runAsGroup}`,
  `--read-only=${readOnlyRootFilesystem === true}`,
  '--read-only-tmpfs=false',
  ...(capabilities?.drop ?? []).flatMap((one) => ['--cap-drop', one.toLowerCase()]),
  ...(allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
  ...(cpu === undefined
    ? []
    : ['--cpus', String(cpu).replace(/^(\d+)m$/, (_, milli: string) => String(Number(milli) / 1000))]),
  ...(memory === undefined
    ? []
    : [
        '--memory',
        String(memory)
          .replace(/([MG])i$/, '$1')
          .toLowerCase(),
      ]),
  ...(container.env ?? []).flatMap((one) => ['--env', `${one.name}=${one.value ?? ''}`]),
  ...(container.volumeMounts ?? []).flatMap(({ name: volume, mountPath, subPath, readOnly }) => {
    const place = places.get(volume)
    if (place === undefined) return ['--tmpfs', `${mountPath}:rw,mode=1777`]
    return [
      '--volume',
      `${place}${subPath === undefined ? '' : `/${subPath}`}:${mountPath}${readOnly === true ? ':ro' : ''}`,
    ]
  }),
  '--entrypoint',
  entry,
  image,
  ...rest,
]
for (const word of words) console.log(word)
