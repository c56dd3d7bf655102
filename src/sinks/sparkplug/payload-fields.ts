/**
 * The Sparkplug B payload (Sparkplug 3.0, 6.4.1) as far as an edge node needs it, as tags of Protocol Buffers: number × 8 + wire
 * type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes).
 *
 *     payload     = timestamp 1, metric 2 …, seq 3, uuid 4, body 5
 *     metric      = name 1, alias 2, timestamp 3, datatype 4, is_historical 5, is_null 7, properties 9, one value of 10 … 16
 *     properties  = key 1 …, value 2 …            as many values as keys
 *     property    = type 1, is_null 2, one value of 3 … 8
 */
export const PAYLOAD = { timestamp: 0x08, metric: 0x12, seq: 0x18, uuid: 0x22, body: 0x2a } as const

export const METRIC = {
  name: 0x0a,
  alias: 0x10,
  timestamp: 0x18,
  datatype: 0x20,
  isHistorical: 0x28,
  isNull: 0x38,
  properties: 0x4a,
  int: 0x50,
  long: 0x58,
  float: 0x65,
  double: 0x69,
  boolean: 0x70,
  string: 0x7a,
  /** Field 16: its tag has two bytes, 0x82 0x01. */
  bytes: 0x182,
} as const

export const PROPERTIES = { key: 0x0a, value: 0x12 } as const
export const PROPERTY = { type: 0x08, int: 0x18, long: 0x20, double: 0x31, string: 0x42 } as const
