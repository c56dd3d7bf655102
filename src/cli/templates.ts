/** `bifrost templates`: the library of known devices, and what one of them wants to be told. */
import { expectation, type Parameter } from '../config/templates/parameter.ts'
import type { Template } from '../config/templates/template.ts'
import { readLibrary } from '../config/templates/template-set.ts'
import { templateTags, type TemplateTag } from '../config/templates/template-tags.ts'
import { closest } from '../config/suggestion.ts'
import { GatewayError } from '../core/errors.ts'
import type { Call } from './call.ts'
import { columns } from './columns.ts'
import { Exit } from './exit-code.ts'

export async function run(call: Call): Promise<number> {
  const { drivers } = await import('../drivers/index.ts')
  const library = readLibrary(drivers)
  const [name] = call.args
  if (name === undefined) list(library, call)
  else show(find(name, library), call)
  return Exit.ok
}

function find(name: string, library: readonly Template[]): Template {
  const found = library.find((template) => template.name === name)
  if (found !== undefined) return found
  const nearest = closest(
    name,
    library.map((template) => template.name),
  )
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  throw new GatewayError('NOT_FOUND', `the library has no template "${name}"${hint}`)
}

function list(library: readonly Template[], { terminal }: Call): void {
  if (terminal.json) return terminal.resultJson({ templates: library.map(toJson) })
  const width = Math.max(...library.map(({ name }) => name.length))
  for (const { name, summary } of library) terminal.result(`${name.padEnd(width)}  ${summary}`)
}

function show(template: Template, { terminal }: Call): void {
  const tags = templateTags(template)
  if (terminal.json) return terminal.resultJson({ ...toJson(template), tags })
  const { name, summary, document, parameters } = template
  terminal.result(terminal.style('bold', `${name}: ${summary}`))
  if (document !== undefined) terminal.result(`from ${Object.values(document).join(', ')}`)
  terminal.result('\nparameters')
  for (const line of columns([...parameters.values()].map(parameterCells))) terminal.result(`  ${line}`)
  terminal.result('\ntags')
  for (const line of columns(tags.map(tagCells))) terminal.result(`  ${line}`)
}

const toJson = ({ name, summary, document, type, parameters }: Template) => ({
  name,
  summary,
  source: document ?? null,
  driver: type.name,
  parameters: [...parameters.values()],
})

function parameterCells(parameter: Parameter): string[] {
  const { name, description, required, default: fallback } = parameter
  const without = required ? 'required' : 'optional'
  return [name, expectation(parameter), fallback === undefined ? without : `default ${fallback}`, description]
}

const tagCells = ({ name, address, type, unit, description }: TemplateTag): string[] =>
  [name, address, type, unit, description].map((cell) => cell ?? '')
