/** A log that keeps what was said, for tests that wait for a sentence. */
import type { Log } from '../core/log.ts'

export interface Said {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly sentence: string
}

export function createRecordingLog() {
  const said: Said[] = []
  const say = (level: Said['level']) => (fields: object, sentence: string) =>
    void said.push({ level, fields, sentence })
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error'), child: () => log }
  return {
    ...log,
    said,
    /** All sentences, one a line. */
    text: () => said.map(({ level, sentence }) => `${level}: ${sentence}`).join('\n'),
  }
}
