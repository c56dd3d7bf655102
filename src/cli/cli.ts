/**
 * The command line: turns the table of commands into a parser, runs one, and says what went wrong. Flags may stand before or
 * after the command; a word that is not known gets a suggestion.
 */
import { Command, CommanderError } from 'commander'
import { ConfigError, formatProblem } from '../config/problem.ts'
import { ERRORS, GatewayError, messageOf, type ErrorCode } from '../core/errors.ts'
import type { Call } from './call.ts'
import { COMMANDS, type CommandInfo } from './commands.ts'
import { Exit, exitCodeOf } from './exit-code.ts'
import { dropGlobalSwitches } from './global-switches.ts'
import { packageVersion } from '../core/package-files.ts'
import { Terminal } from './terminal.ts'

/** Runs the command that the arguments name; resolves with the exit code, never rejects. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let code: number = Exit.ok
  endWithReader(args)
  for (const sentence of dropGlobalSwitches(env)) process.stderr.write(`warning: ${sentence}\n`)
  const program = createProgram(await commandsFor(args), env, (result) => {
    code = result
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? Exit.ok : Exit.usage
  }
}

/**
 * `bifrost watch | head` ends when nobody reads any more: that is not an error. A gateway goes on: its work is elsewhere, and
 * a log collector that is restarted must not stop a plant. A trace stops what it started, then ends by itself.
 */
function endWithReader(args: readonly string[]): void {
  const goesOn = ['run', 'trace'].includes(args.find((word) => !word.startsWith('-')) ?? '')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!goesOn) process.exit(error.code === 'EPIPE' ? Exit.ok : Exit.failure)
  })
  process.stderr.on('error', () => undefined)
}

/** Drivers bring commands of their own. They are loaded only where none of the others is meant, so that those start fast. */
async function commandsFor(args: readonly string[]): Promise<readonly CommandInfo[]> {
  const [word] = args.filter((arg) => !arg.startsWith('-'))
  if (COMMANDS.some(({ usage }) => usage.split(' ')[0] === word)) return COMMANDS
  const [{ toolCommands }, { drivers }] = await Promise.all([
    import('./tool-commands.ts'),
    import('../drivers/index.ts'),
  ])
  return [...COMMANDS, ...toolCommands(drivers)]
}

function createProgram(
  commands: readonly CommandInfo[],
  env: NodeJS.ProcessEnv,
  done: (code: number) => void,
): Command {
  const program = new Command('bifrost')
    .description(
      'Bifrost reads PLCs, meters and drives, keeps every value until it is delivered, and says how good it is.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--json', 'results as JSON', false)
    .option('-q, --quiet', 'say nothing but results and errors', false)
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .addHelpText(
      'before',
      examplesText([
        ['bifrost demo', 'see it work in a minute, with a simulated plant'],
        ['bifrost init', 'write a configuration to start from'],
        ['bifrost check -c bifrost.yaml', 'is it right? every problem at once'],
        ['bifrost run -c bifrost.yaml', 'run the gateway'],
        ['bifrost read modbus://10.0.0.5:502/1 hr:0 float32', 'what does this device say?'],
      ]),
    )
    .helpCommand('help [command]', 'help for a command')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  for (const info of commands) addCommand(program, info, env, done)
  return program
}

function addCommand(parent: Command, info: CommandInfo, env: NodeJS.ProcessEnv, done: (code: number) => void): void {
  const [name, ...parameters] = info.usage.split(' ')
  const command = parent
    .command(name!)
    .summary(info.summary)
    .description(info.description ?? info.summary)
  command.exitOverride().configureHelp({ showGlobalOptions: true })
  for (const parameter of parameters) command.argument(parameter)
  for (const [flags, description, fallback] of info.options ?? []) command.option(flags, description, fallback)
  if (info.passThrough === true) command.allowUnknownOption().allowExcessArguments()
  command.addHelpText('before', examplesText(info.examples))
  for (const inner of info.commands ?? []) addCommand(command, inner, env, done)
  const { load } = info
  if (load === undefined) return
  command.action(async () => {
    const options = command.optsWithGlobals() as Call['options']
    const terminal = new Terminal(
      { json: options.json === true, quiet: options.quiet === true, color: options.color !== false },
      env,
    )
    try {
      const { run } = await load()
      done(await run({ args: command.args, options, terminal, env }))
    } catch (error) {
      reportError(error, terminal)
      done(exitCodeOf(error))
    }
  })
}

function examplesText(examples: CommandInfo['examples']): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  return `Examples:\n${examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`).join('\n')}\n`
}

/** An error as people read it: what happened, then the next step; one JSON object under `--json`. */
function reportError(error: unknown, terminal: Terminal): void {
  const code = error instanceof GatewayError ? error.code : 'INTERNAL'
  const problems = error instanceof ConfigError ? error.problems : undefined
  if (terminal.json)
    return terminal.complainJson({ error: { code, message: messageOf(error), ...(problems && { problems }) } })
  if (problems !== undefined) {
    for (const problem of problems) terminal.complain(formatProblem(problem))
    return
  }
  terminal.complain(messageOf(error))
  if (error instanceof GatewayError) sayHelp(error.code, terminal)
  // What the system refused (a file, an address) is no defect of ours: its sentence says all.
  else if (error instanceof Error && error.stack !== undefined && !('syscall' in error))
    terminal.say(error.stack.split('\n').slice(1).join('\n'))
}

/** The next step of the catalogue, where the message does not name one already. */
function sayHelp(code: ErrorCode, terminal: Terminal): void {
  const said: readonly ErrorCode[] = [
    'NOT_CONNECTED',
    'TIMEOUT',
    'CONFIG_INVALID',
    'WRITE_FORBIDDEN',
    'SIGN_IN_REQUIRED',
  ]
  if (!said.includes(code)) terminal.say(`  ${ERRORS[code].help}`)
}
