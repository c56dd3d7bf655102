/** `bifrost received`. */
import type { CommandInfo } from './commands.ts'

const URL_OPTION = ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'] as const

export const RECEIVED_COMMAND: CommandInfo = {
  usage: 'received [gateway]',
  summary: 'the gateways that hand on their logs to a running gateway, and how far they are',
  examples: [
    ['bifrost received', 'every gateway of `receive.clients`'],
    ['bifrost received edge-1 --json', 'one of them, for a program'],
  ],
  options: [URL_OPTION],
  load: () => import('./received.ts'),
}
