/** tshark's opinion of a whole session as it went over the wire: MQTT, topics and payloads, with a description of ours for its fields. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toPcap } from '../../testing/pcap.ts'
import { findCommand, needs, temporaryFolder } from '../../testing/peers.ts'
import { GROUP, NODE, recordSession } from '../../testing/sparkplug-recording.ts'
import { sparkplug } from './sink.ts'

const SEGMENT = 1400
const MQTT_PORT = 1883

/** The fields that tshark shall name (Sparkplug 3.0, 6.4.1), in the package of which its dissector thinks. */
const PROTO = `syntax = "proto2";
package com.cirruslink.sparkplug.protobuf;
message Payload {
  message Property { optional uint32 type = 1; optional uint32 int_value = 3; optional uint64 long_value = 4; optional double double_value = 6; optional string string_value = 8; }
  message Properties { repeated string keys = 1; repeated Property values = 2; }
  message Metric { optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4; optional bool is_historical = 5; optional bool is_null = 7; optional Properties properties = 9; optional uint32 int_value = 10; optional uint64 long_value = 11; optional float float_value = 12; optional double double_value = 13; optional bool boolean_value = 14; optional string string_value = 15; optional bytes bytes_value = 16; }
  optional uint64 timestamp = 1; repeated Metric metrics = 2; optional uint64 seq = 3; optional string uuid = 4; optional bytes body = 5;
}
`

for (const protocolVersion of [5, 4]) {
  test(
    `tshark reads a session of MQTT ${protocolVersion}`,
    { skip: needs('mosquitto', 'tshark'), timeout: 60_000 },
    async (t) => {
      const recording = await recordSession(t, sparkplug, { protocolVersion })
      const folder = temporaryFolder(t)
      writeFileSync(join(folder, 'sparkplug.proto'), PROTO)
      const segments = Array.from({ length: Math.ceil(recording.bytes.length / SEGMENT) }, (_, at) => ({
        toServer: true,
        bytes: recording.bytes.subarray(at * SEGMENT, (at + 1) * SEGMENT),
      }))
      const file = join(folder, 'session.pcap')
      writeFileSync(file, toPcap(segments, MQTT_PORT))
      const told = (...fields: string[]): string[][] => {
        const args = [
          '-r',
          file,
          '-o',
          `uat:protobuf_search_paths:"${folder}","TRUE"`,
          '-o',
          'protobuf.pbf_as_hf:TRUE',
          '-o',
          'protobuf.preload_protos:TRUE',
        ]
        const asked = ['-T', 'fields', '-E', 'aggregator=;', ...fields.flatMap((field) => ['-e', field])]
        const rows = execFileSync(findCommand('tshark')!, [...args, ...asked], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n') // prettier-ignore
        return fields.map((_, at) => rows.flatMap((row) => row.split('\t')[at]?.split(';') ?? []).filter((cell) => cell !== '')) // prettier-ignore
      }
      const own = 'pbf.com.cirruslink.sparkplug.protobuf.Payload'
      const [malformed, expert, types, groups, nodes, seqs, names, bodies, historical] = told(
        '_ws.malformed',
        '_ws.expert.message',
        'sparkplugb.messagetype',
        'sparkplugb.groupid',
        'sparkplugb.edgenodeid',
        `${own}.seq`,
        `${own}.Metric.name`,
        `${own}.body`,
        `${own}.Metric.is_historical`,
      )
      const { messages } = recording
      assert.deepEqual([malformed, expert], [[], []])
      assert.deepEqual(types, messages.map((message) => message.type)) // prettier-ignore
      assert.deepEqual([new Set(groups), new Set(nodes)], [new Set([GROUP]), new Set([NODE])])
      assert.deepEqual(seqs!.map(Number), messages.map(({ payload }) => payload.seq).filter((seq) => seq !== undefined)) // prettier-ignore
      const sentNames = messages.flatMap(({ payload }) => payload.metrics.map(({ sentName }) => sentName))
      assert.deepEqual(names, sentNames.filter((name) => name !== undefined)) // prettier-ignore
      assert.equal(bodies!.length, recording.of('DDATA').length)
      assert.equal(historical!.length, 1)
    },
  )
}
