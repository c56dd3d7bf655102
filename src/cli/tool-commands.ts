/**
 * The commands that the drivers bring: `bifrost DRIVER TOOL TARGET …`, one group a driver that has tools. Words, flags and
 * help derive from each tool's input, so that a new tool is a command without a line here.
 */
import { z } from 'zod'
import type { DriverTool, DriverType } from '../core/driver.ts'
import { CERTIFICATE_COMMANDS } from './certificate-commands.ts'
import { FROM_CONFIG, URL_OPTION, type CommandInfo } from './commands.ts'

/** The command groups of these drivers. */
export function toolCommands(drivers: readonly DriverType[]): CommandInfo[] {
  const names = new Set([...drivers.map(({ name }) => name), ...Object.keys(BESIDES)])
  return [...names].flatMap((name) => {
    const type = drivers.find((driver) => driver.name === name)
    const { tools = [] } = type ?? {}
    const besides = BESIDES[name] ?? []
    if (tools.length + besides.length === 0) return []
    const words = [...tools.map((tool) => tool.name), ...besides.map(({ usage }) => usage.split(' ')[0])]
    return [
      {
        usage: name,
        summary: `what can be done with ${name} devices besides their tags: ${words.join(', ')}`,
        examples: [...tools, ...besides].flatMap(({ examples }) => examples.slice(0, 1)),
        commands: [...(type === undefined ? [] : tools.map((tool) => toolCommand(type, tool))), ...besides],
      },
    ]
  })
}

/** Commands in the group of a driver that are about no single device. */
const BESIDES: Readonly<Record<string, readonly CommandInfo[]>> = { opcua: CERTIFICATE_COMMANDS }

function toolCommand(type: DriverType, tool: DriverTool): CommandInfo {
  const positions = tool.positions.map((field) => `[${field}]`)
  return {
    usage: [tool.name, '<target>', ...positions].join(' '),
    summary: tool.summary,
    description: `${tool.summary}.\nThe target is a device of the running gateway, of a file (-c), or ${urlForms(type)}.`,
    examples: tool.examples,
    options: [FROM_CONFIG, URL_OPTION, ...fieldsOf(tool).map(flagOf)],
    load: async () => {
      const { runTool } = await import('./tool.ts')
      return { run: (call) => runTool(type, tool, call) }
    },
  }
}

/** How a device is named by a URL. */
const urlForms = ({ name, urls }: DriverType): string =>
  urls === undefined
    ? `${name}://host:port/unit?option=…, ${name}+TRANSPORT://…, for a serial port ${name}+rtu:///dev/ttyUSB0/unit?baud=9600`
    : `${urls.schemes[0]}://host:port/path?option=…`

/** One field of a tool's input, as the command line needs it. */
export interface ToolField {
  readonly name: string
  readonly schema: z.ZodType
  /** A flag that stands alone. */
  readonly isSwitch: boolean
  /** The command line names a file with the text. */
  readonly isTextFile: boolean
  readonly description: string
}

/** The fields of a tool's input, in their order. */
export function fieldsOf(tool: DriverTool): ToolField[] {
  return Object.entries(tool.input.shape as Record<string, z.ZodType>).map(([name, schema]) => {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    const fallback =
      json.default === undefined || json.type === 'boolean' ? '' : ` (default: ${JSON.stringify(json.default)})`
    return {
      name,
      schema,
      isSwitch: json.type === 'boolean',
      isTextFile: json.textFile === true,
      description: `${json.description ?? name}${fallback}`,
    }
  })
}

/** `registerCount` → `--register-count <value>`. */
function flagOf({ name, isSwitch, isTextFile, description }: ToolField): readonly [string, string] {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return [isSwitch ? flag : `${flag} <${isTextFile ? 'file' : 'value'}>`, description]
}
