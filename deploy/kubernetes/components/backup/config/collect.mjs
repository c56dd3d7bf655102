// Makes plain files of what a backup takes in: of mounted ConfigMaps and Secrets, which consist of links; and, with --cluster, of what the cluster knows of
// this namespace: the objects of the lists below, and what the pods said lately. Secrets are not asked for: the job has those of the gateway mounted,
// and may read no others. Plain JavaScript for the Node of the image.
//   node collect.mjs /volumes /files [--cluster]
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [from = '/volumes', to = '/files', ...words] = process.argv.slice(2)
const ACCOUNT = process.env.ACCOUNT_FOLDER ?? '/var/run/secrets/kubernetes.io/serviceaccount'
const api = process.env.KUBERNETES_API ?? 'https://kubernetes.default.svc'
const folder = join(to, 'collected')
const LOG_BYTES = 1_048_576
const LOG_SECONDS = 86_400

for (const volume of readdirSync(from)) {
  mkdirSync(join(to, volume), { recursive: true })
  // `..data` and what it leads to: the same files by their real names.
  for (const name of readdirSync(join(from, volume)))
    if (!name.startsWith('..')) copyFileSync(join(from, volume, name), join(to, volume, name))
}
mkdirSync(folder, { recursive: true })
if (!words.includes('--cluster')) process.exit(0)
const namespace = readFileSync(join(ACCOUNT, 'namespace'), 'utf8').trim()

// What the role in account.yaml allows, no more: the tests hold both together.
/** @type {[group: string, names: string[]][]} */
const LISTS = [
  [
    'api/v1',
    [
      'configmaps',
      'services',
      'serviceaccounts',
      'persistentvolumeclaims',
      'resourcequotas',
      'limitranges',
      'pods',
      'events',
    ],
  ],
  ['apis/apps/v1', ['statefulsets']],
  ['apis/batch/v1', ['cronjobs']],
  ['apis/policy/v1', ['poddisruptionbudgets']],
  ['apis/networking.k8s.io/v1', ['networkpolicies', 'ingresses']],
]

async function get(path) {
  const token = readFileSync(join(ACCOUNT, 'token'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json, text/plain' }
  const response = await fetch(`${api}/${path}`, { headers, signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`GET /${path}: ${response.status} ${(await response.text()).slice(0, 300)}`)
  return response.text()
}

let failed = 0
async function keep(name, path) {
  try {
    writeFileSync(join(folder, name), await get(path), { mode: 0o600 })
  } catch (error) {
    failed++
    console.error(String(error))
  }
}
for (const [group, names] of LISTS)
  for (const name of names) await keep(`${name}.json`, `${group}/namespaces/${namespace}/${name}`)
let pods = []
try {
  pods = JSON.parse(readFileSync(join(folder, 'pods.json'), 'utf8')).items
} catch {
  // Said above.
}
for (const { metadata, spec } of pods)
  for (const { name } of spec.containers) {
    const query = `container=${name}&sinceSeconds=${LOG_SECONDS}&limitBytes=${LOG_BYTES}&timestamps=true`
    await keep(`${metadata.name}.${name}.log`, `api/v1/namespaces/${namespace}/pods/${metadata.name}/log?${query}`)
  }
console.log(failed === 0 ? `collected into ${folder}` : `collected into ${folder}, but for ${failed}`)
// The samples are worth more than this: the backup goes on without what could not be had, and the job's log says so.
