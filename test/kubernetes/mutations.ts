/** Breaks manifests in memory: each check has defects that it must find, so that none of them is a check that cannot fail. */
import assert from 'node:assert/strict'
import type { KubernetesObject, Objects } from './manifests.ts'

/** What YAML can be: tests reach into it by path. */
export type Loose = { [key: string]: Loose } & Loose[]

export interface Mutation {
  readonly defect: string
  /** Changes a copy; returns another list where objects come or go. */
  readonly change: (objects: KubernetesObject[]) => void | KubernetesObject[]
  readonly found: RegExp
}

/** The object as something to be changed. */
export function pick(objects: Objects, kind: string, name: string): Loose {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  assert.ok(found, `there is a ${kind} ${name}`)
  return found as unknown as Loose
}

export const without = (objects: KubernetesObject[], kind: string, name: string): KubernetesObject[] => {
  pick(objects, kind, name)
  return objects.filter((object) => object.kind !== kind || object.metadata.name !== name)
}

/** The check is content with the objects, and finds each defect. */
export function assertFinds(
  check: (objects: Objects) => readonly string[],
  objects: Objects,
  mutations: readonly Mutation[],
): void {
  assert.deepEqual(check(objects), [])
  for (const { defect, change, found } of mutations) {
    const copy = structuredClone(objects) as KubernetesObject[]
    const problems = check(change(copy) ?? copy)
    assert.ok(
      problems.some((problem) => found.test(problem)),
      `${defect}: not found; ${JSON.stringify(problems)}`,
    )
  }
}
