/**
 * `/api/v1/templates`: the library of known devices, with their tags as the document of the maker has them. Read once, when somebody asks
 * first, one file after another, so that nothing else waits for it.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { eachOfLibrary } from '../../config/templates/template-set.ts'
import { templateTags } from '../../config/templates/template-tags.ts'
import type { Template } from '../../config/templates/template.ts'
import type { App } from '../app.ts'
import { answers } from '../schemas.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()])

const templatesSchema = z.object({
  templates: z.array(
    z.object({
      name: z.string().describe('As `template` of a device names it'),
      summary: z.string(),
      document: z.string().nullable().describe('What its registers were taken from'),
      driver: z.string(),
      options: z.record(z.string(), scalar).describe('Options that hold for every such device, such as its limits'),
      tags: z
        .array(z.record(z.string(), z.string()))
        .describe('Columns of a tag list; what depends on a parameter has its default, or is left out'),
    }),
  ),
  next: z.null(),
})

type View = z.output<typeof templatesSchema>['templates'][number]

export function templateRoutes(app: App): void {
  let library: Promise<View[]> | undefined

  app.route({
    method: 'GET',
    url: '/api/v1/templates',
    config: { permission: 'config.read' },
    schema: {
      tags: ['configuration'],
      summary: 'Known devices: tags that need not be typed',
      response: answers(templatesSchema),
    },
    handler: async () => {
      library ??= readAll()
      return { templates: await library, next: null }
    },
  })
}

async function readAll(): Promise<View[]> {
  const { drivers } = await import('../../drivers/index.ts')
  const views: View[] = []
  for (const template of eachOfLibrary(drivers)) {
    if (template !== undefined) views.push(viewOf(template))
    await setImmediate()
  }
  return views
}

function viewOf(template: Template): View {
  const { name, summary, document, type, mapping } = template
  return {
    name,
    summary,
    document: document === undefined ? null : [document.document, document.edition].filter(Boolean).join(', '),
    driver: type.name,
    options: plainOptions(mapping.options),
    tags: templateTags(template).map((tag) => plainTag(tag, template)),
  }
}

/** Those without a parameter. */
function plainOptions(options: unknown): View['options'] {
  if (typeof options !== 'object' || options === null) return {}
  const isPlain = (value: unknown): value is string | number | boolean =>
    typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && !value.includes('\0'))
  const entries: [string, unknown][] = Object.entries(options)
  return Object.fromEntries(entries.flatMap(([name, value]) => (isPlain(value) ? [[name, value]] : [])))
}

const REFERENCE = /\$\{param:([^}]+)\}/g

function plainTag(tag: Readonly<Record<string, string | undefined>>, { parameters }: Template): Record<string, string> {
  const cells: Record<string, string> = {}
  for (const [column, text] of Object.entries(tag)) {
    const fallbacks = [...(text ?? '').matchAll(REFERENCE)].map(([, name]) => parameters.get(name!)?.default)
    if (text === undefined || fallbacks.includes(undefined)) continue
    cells[column] = text.replace(REFERENCE, (_, name: string) => String(parameters.get(name)!.default))
  }
  return cells
}
