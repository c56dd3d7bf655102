/** A password from the terminal, unseen, or from stdin in one line. Never an argument: others on the machine see those. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { GatewayError } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

/** On a terminal a new password is asked for twice; `question` says for what. */
export async function askNewPassword(terminal: Terminal, question: string): Promise<string> {
  const [first, second] = await lines(terminal, [`${question} (it is not shown), then Enter:`, 'Once more:'])
  if (process.stdin.isTTY && first !== second) throw new GatewayError('USAGE', 'the two passwords differ')
  return first
}

/** As `askNewPassword`, once. */
export async function askPassword(terminal: Terminal, question: string): Promise<string> {
  return (await lines(terminal, [`${question} (it is not shown), then Enter:`]))[0]
}

async function lines(terminal: Terminal, questions: readonly string[]): Promise<[string, string?]> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const input = createInterface({ input: process.stdin, output: unseen, terminal: process.stdin.isTTY })
  const given: string[] = []
  const wanted = process.stdin.isTTY ? questions.length : 1
  if (process.stdin.isTTY) terminal.say(questions[0]!)
  try {
    for await (const line of input) {
      given.push(line)
      if (given.length >= wanted) break
      terminal.say(questions[given.length]!)
    }
  } finally {
    input.close()
  }
  const [first = '', second] = given
  if (first === '') throw new GatewayError('USAGE', 'there is no password: give it on stdin, in one line')
  return second === undefined ? [first] : [first, second]
}
