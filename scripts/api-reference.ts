/** `docs/reference/api.md`: every operation of the API with who may ask, what it takes and the problems it answers with, out of its OpenAPI document. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenapiDocument } from './client-types.ts'
import { openapiDocument } from './openapi-document.ts'

const FILE = join(import.meta.dirname, '..', 'docs', 'reference', 'api.md')

type Operation = OpenapiDocument['paths'][string][string] & {
  readonly tags?: readonly string[]
  readonly description?: string
  readonly 'x-permission'?: string
}

const INTRO = `# API

Made from the code by \`npm run docs\`; do not edit.

How to sign in, page through lists and read problems: [the API for programs](../guide/api.md). A running gateway has the whole document, with
the form of each answer, at \`/api/openapi.json\`, and a page to try it at \`/api/docs\`.
Permissions are those of [authorization](authorization.md), problems those of [errors](errors.md).`

/** The page for this document. */
export function apiPage(document: OpenapiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation: operation as Operation })),
  )
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'others')
  const sections = [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([tag, members]) => `## ${tag}\n\n${members.map(section).join('\n\n')}`)
  return `${INTRO}\n\n${sections.join('\n\n')}\n`
}

function section({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const permission = operation['x-permission']
  const bodies = Object.keys(requestBody?.content ?? {}).map((type) => `\`${type}\``)
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const types = Object.keys(content ?? {}).map((type) => `\`${type}\``)
    return types.length === 0 ? status : `${status} ${types.join(', ')}`
  })
  const problems = operation['x-problems'].map((code) => `[${code}](errors.md#${code})`)
  const lines = [
    `### ${method.toUpperCase()} ${path.replaceAll('{', '&#123;')}`,
    ...(summary === undefined ? [] : [`${summary}.`]),
    ...(description === undefined || description === summary ? [] : [description]),
    ...(parameters.length === 0 ? [] : [parameterTable(parameters)]),
    [
      `- permission: ${permission === undefined ? 'none' : `\`${permission}\``}`,
      ...(bodies.length === 0 ? [] : [`- takes: ${bodies.join(', ')}`]),
      `- answers: ${answers.join('; ')}`,
      ...(problems.length === 0 ? [] : [`- problems: ${problems.join(', ')}`]),
    ].join('\n'),
  ]
  return lines.join('\n\n')
}

function parameterTable(parameters: NonNullable<Operation['parameters']>): string {
  const rows = parameters.map(({ name, in: place, required, description = '' }) => [
    `\`${name}\``,
    place,
    required === true ? 'yes' : '',
    description.replaceAll('|', '\\|').replaceAll('\n', ' '),
  ])
  return [
    '| parameter | in | required | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
}

/** Returns whether the page had to be written. */
export async function writeApiPage(isCheck: boolean): Promise<boolean> {
  const text = apiPage(await openapiDocument())
  if (existsSync(FILE) && readFileSync(FILE, 'utf8') === text) return false
  if (!isCheck) writeFileSync(FILE, text)
  return true
}
