/** `bifrost bundle` as the help shows it. */
import type { CommandInfo } from './commands.ts'

export const BUNDLE_COMMAND: CommandInfo = {
  usage: 'bundle',
  summary: 'save a support bundle of a running gateway: state, configuration, log and metrics, without secrets',
  description: 'A .tar.gz; README.txt in it says what there is. Look through it before you hand it on.',
  examples: [['bifrost bundle -o support.tar.gz', 'of the gateway on this machine']],
  options: [
    ['--url <url>', 'running gateway (default: $BIFROST_URL, else http://127.0.0.1:8080)'],
    ['-o, --output <file>', 'the file; - is stdout', 'bifrost-support.tar.gz'],
  ],
  load: () => import('./bundle.ts'),
}
