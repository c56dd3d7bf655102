/**
 * Objects against what Kubernetes, cert-manager, the Prometheus Operator, External Secrets and Istio say of them: values by the validators of
 * kubernetes-models, and fields that nobody knows by the compiler, which takes each object as a constant of its type.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, type KubernetesObject, type Objects } from '../manifests.ts'

const PACKAGES: readonly (readonly [group: RegExp, name: string])[] = [
  [/^cert-manager\.io\//, '@kubernetes-models/cert-manager/'],
  [/^monitoring\.coreos\.com\//, '@kubernetes-models/prometheus-operator/'],
  [/^external-secrets\.io\//, '@kubernetes-models/external-secrets/'],
  [/^security\.istio\.io\//, '@kubernetes-models/istio/'],
  [/^/, 'kubernetes-models/'],
]

const moduleOf = ({ apiVersion, kind }: KubernetesObject): string =>
  `${PACKAGES.find(([group]) => group.test(apiVersion))![1]}${apiVersion}/${kind}`

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`

/** What the validators find; an object of a kind that there is no model of is told too. */
export async function valueProblems(objects: Objects): Promise<string[]> {
  const problems: string[] = []
  for (const object of objects) {
    try {
      const models = (await import(moduleOf(object))) as Record<string, new (data: object) => { validate(): void }>
      new models[object.kind]!(object).validate()
    } catch (error) {
      problems.push(`${nameOf(object)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return problems
}

/** What the compiler finds, of all objects at once. */
export function fieldProblems(objects: Objects): string[] {
  const cache = join(ROOT, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'kubernetes-types-'))
  try {
    const lines = objects.map((object, at) => {
      const type = `import('${moduleOf(object)}').I${object.kind}`
      return `export const o${at}: ${type} = ${JSON.stringify(object)}`
    })
    writeFileSync(join(folder, 'objects.ts'), `${lines.join('\n')}\n`)
    const settings = { extends: '../../tsconfig.json', include: ['objects.ts'], compilerOptions: { types: [] } }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    const { stdout } = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--noEmit', '--pretty', 'false', '-p', folder], { encoding: 'utf8' }) // prettier-ignore
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => {
        const at = Number(/objects\.ts\((\d+),/.exec(line)?.[1] ?? 0) - 1
        const object = objects[at]
        return `${object === undefined ? '' : nameOf(object)}: ${line.replace(/^.*error TS\d+: /, '').slice(0, 300)}`
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
