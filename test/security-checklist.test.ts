/** Each row of the security checklist is held by a test that is there, or has an owner and a place where it is seen. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { COMMANDS, type CommandInfo } from '../src/cli/commands.ts'
import { cellsOf, faultOf, proofsOf } from './pages/proofs.ts'

const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'security', 'checklist.md'), 'utf8')
const owners = [...text.slice(text.indexOf('Owners:'), text.indexOf('## ')).matchAll(/`(\w+)` \(/g)].map(
  ([, name]) => name!,
)

function faultsOf(page: string): string[] {
  const lines = page.split('\n').filter((line) => line.startsWith('|') && !/^\| (-|check )/.test(line))
  return lines.flatMap((line) => {
    const [check = '', by = '', proof = ''] = cellsOf(line)
    const proofs = proofsOf(proof)
    const wrong = proofs.map(([file, words]) => faultOf(file, words)).filter((fault) => fault !== undefined)
    if (by === 'test' && proofs.length === 0) wrong.push('names no test')
    if (by !== 'test' && !owners.includes(by)) wrong.push(`"${by}" is no owner`)
    if (by !== 'test' && proof.length < 20) wrong.push('does not say where it is seen')
    return wrong.map((fault) => `${check}: ${fault}`)
  })
}

test('every row names a test that is there, or an owner and where it is seen', () => {
  assert.ok(owners.length >= 5)
  assert.ok((text.match(/\| test +\|/g) ?? []).length >= 25)
  assert.deepEqual(faultsOf(text), [])
})

test('every owner has something, and commands that rows name are there', () => {
  const none = owners.filter((owner) => !new RegExp(String.raw`\| ${owner} +\|`).test(text))
  assert.deepEqual(none, [])
  const words = (infos: readonly CommandInfo[]): string[] =>
    infos.flatMap(({ usage, commands = [] }) => [
      usage.split(' ')[0]!,
      ...words(commands).map((one) => `${usage.split(' ')[0]} ${one}`),
    ])
  const known = words(COMMANDS)
  const named = [...text.matchAll(/`bifrost ([a-z]+(?: [a-z]+)?)/g)].map(([, name]) => name!)
  assert.deepEqual(
    named.filter((name) => !known.includes(name) && !known.includes(name.split(' ')[0]!)),
    [],
  )
})

test('control: a title that is not there, a row without proof and an owner who is none are found', () => {
  const row = (by: string, proof: string) => faultsOf(`| x | ${by} | ${proof} |`).join()
  assert.match(row('test', '`test/package` every dependency is loose…'), /no test of/)
  assert.match(row('test', 'we believe so, and have for long'), /names no test/)
  assert.match(row('somebody', 'a place that is long enough to be one'), /is no owner/)
  assert.match(row('plant', 'somewhere'), /does not say where/)
})
