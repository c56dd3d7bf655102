/** Runs a table of assertions of the Sparkplug specification over one recorded session for each MQTT version, a test for each id. */
import { test } from 'node:test'
import type { SinkType } from '../core/sink.ts'
import { recordSession, type SparkplugRecording } from './sparkplug-recording.ts'
import { needs } from './peers.ts'

/** The id as the specification has it, what it asks for in our words, and what shows that it is kept. */
export type Assertion = readonly [id: string, sentence: string, holds: (recording: SparkplugRecording) => void]

export function assertOverSessions(type: SinkType, assertions: readonly Assertion[]): void {
  for (const protocolVersion of [5, 4] as const) {
    const version = protocolVersion === 5 ? 'MQTT 5.0' : 'MQTT 3.1.1'
    test(`a recorded session, ${version}`, { skip: needs('mosquitto'), timeout: 30_000 }, async (t) => {
      const recording = await recordSession(t, type, { protocolVersion })
      for (const [id, sentence, holds] of assertions) await t.test(`${id}: ${sentence}`, () => holds(recording))
    })
  }
}
