/** What a template may say: the keys of its file, of a parameter, and of the devices that are made from it. */
import { z } from 'zod'
import { areaSchema } from '../area.ts'
import { parameterOptions } from '../parameter-sets.ts'
import { duration } from '../../core/duration.ts'

const scalar = z.union([z.string(), z.number(), z.boolean()])

/** What a template says of one of its parameters. */
export const parameterSchema = z.object({
  type: z
    .enum(['text', 'number', 'duration', 'choice'])
    .default('text')
    .describe('text, number, duration (such as 5s) or choice.'),
  description: z.string().default('').describe('What it is, for the people who fill it in.'),
  default: scalar.optional().describe('Its value where a device gives none.'),
  required: z
    .boolean()
    .default(true)
    .describe(
      'false: a device may leave it out, and with it what refers to it. One with a default never has to be given.',
    ),
  min: z.union([z.number(), z.string()]).optional().describe('The least number or duration.'),
  max: z.union([z.number(), z.string()]).optional().describe('The largest number or duration.'),
  choices: z
    .array(z.union([z.string(), z.number()]))
    .optional()
    .describe('The values that a choice may have.'),
})

/** The document in which the manufacturer describes what the template says. */
const sourceSchema = z.object({
  document: z.string().min(1).describe('Title of the document that the registers were taken from.'),
  edition: z.string().optional().describe('Edition, version or date of the document.'),
  pages: z.union([z.string(), z.number()]).optional().describe('Page, chapter or table.'),
  url: z.string().optional().describe('Where it can be had.'),
})

/** A template, in a file of its own or under `templates:`. */
export const templateSchema = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, 'expected lower-case letters, digits, dots, dashes and underscores')
    .describe('Name of the template; devices refer to it.'),
  summary: z.string().default('').describe('What it is, in one line.'),
  source: sourceSchema.optional().describe('Where its registers are documented.'),
  parameters: z.unknown().optional().describe('What its devices differ in: a name and its type each.'),
  driver: z.string().describe('The protocol that its devices speak.'),
  options: z.unknown().optional().describe('Options of the driver; ${param:name} stands for a parameter.'),
  every: z.unknown().optional().describe('How often the tags are read, where they say nothing else.'),
  tags: z.unknown().optional().describe('The name of a CSV file beside this one, or a list.'),
})

const changes = {
  template: z.string().describe('Name of the template: one under `templates:`, or one of the library.'),
  parameters: z.unknown().optional().describe('Values of its parameters.'),
  options: z.unknown().optional().describe('Options of the driver that differ from the template, key by key.'),
  enabled: z.boolean().default(true).describe('false: it is not connected to.'),
  every: duration({ minMs: 1 }).optional().describe('How often its tags are read, where they say nothing else.'),
  area: areaSchema.optional().describe('Where it stands, such as `site-1/line-2`: rights may be limited to areas.'),
  tags: z.unknown().optional().describe('Tags that differ, by name: changed, added, or left out by `enabled: false`.'),
  ...parameterOptions,
}

/** One device that is made from a template. */
export const templateDeviceSchema = z.object({ name: z.string().describe('Name of the device; no slash.'), ...changes })

/** Many devices that are made from one template. */
export const templateInstancesSchema = z.object({
  ...changes,
  instances: z
    .unknown()
    .describe('The name of a CSV file with one row a device, or a list: name, parameters, enabled, every.'),
})

/** What an expanded device says beside its options. */
export const expandedHeadSchema = z.object({
  enabled: z.boolean().default(true),
  every: duration({ minMs: 1 }).prefault('1s'),
  area: areaSchema.optional(),
})

/** Words of an instance that are no parameters. */
export const INSTANCE_WORDS = ['name', 'enabled', 'every'] as const
