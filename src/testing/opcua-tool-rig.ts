/** The tools of the OPC UA driver on a server of the tests, each straight on a connection of its own. */
import type { TestContext } from 'node:test'
import type { Driver, DriverTool, LineAccess, Point } from '../core/driver.ts'
import { opcua } from '../drivers/opcua/driver.ts'
import { tools } from '../drivers/opcua/tools/list.ts'
import { dial } from '../wire/dial.ts'
import { testContext } from './driver-suite.ts'
import { temporaryFolder } from './peers.ts'

export interface ToolRig {
  readonly driver: Driver<never>
  /** Runs a tool by its name; `lines`: what people see of the result. */
  run<T>(name: string, input?: Record<string, unknown>, points?: readonly Point<unknown>[]): Promise<T>
  lines(name: string, input?: Record<string, unknown>): Promise<readonly string[]>
  /** How often the device was asked, each a place on the line. */
  readonly turns: number
}

export async function openTools(
  t: TestContext,
  endpoint: string,
  options: Record<string, unknown> = {},
): Promise<ToolRig> {
  const settings = opcua.options.parse({ endpoint, securityPolicy: 'None', ...options })
  const driver = opcua.create(settings, {
    ...testContext(),
    dial,
    certificates: { folder: temporaryFolder(t) },
  })
  t.after(() => driver.close())
  await driver.connect(AbortSignal.timeout(10_000))
  let turns = 0
  const access: LineAccess = {
    connected: true,
    run: (work, _priority, signal) => {
      turns++
      return work(signal)
    },
  }
  const run = async <T>(name: string, input: object = {}, points?: readonly Point<unknown>[]): Promise<T> => {
    const tool = toolOf(name)
    const during = points === undefined ? access : { ...access, points }
    return (await tool.run(tool.input.parse(input), driver, during, AbortSignal.timeout(60_000))) as T
  }
  return {
    driver,
    run,
    lines: async (name, input) => toolOf(name).toLines((await run(name, input)) as never),
    get turns() {
      return turns
    },
  }
}

export function toolOf(name: string): DriverTool {
  const tool = tools.find((one) => one.name === name)
  if (tool === undefined) throw new Error(`there is no tool ${name}`)
  return tool
}
