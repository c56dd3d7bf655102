/**
 * The condition under which a tag may be written, over the values of other tags: `press-1/pressure < 5 and press-1/door = true`.
 *
 *     condition  = conjunction { "or" conjunction }
 *     conjunction= part { "and" part }
 *     part       = "not" part | "(" condition ")" | comparison
 *     comparison = operand ( "<" | "<=" | ">" | ">=" | "=" | "!=" ) operand | tag
 *     operand    = number | "true" | "false" | 'text' | "text" | tag
 *     tag        = device/name of letters, digits and _ - . : # [ ] / or anything within `backquotes`; ./name is of the same device
 *
 * It is parsed into a tree and read by our own code: nothing of it is ever run as a program. What can be wrong is found when the configuration
 * is loaded, at its column.
 */
export type Interlock =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Interlock[] }
  | { readonly kind: 'not'; readonly part: Interlock }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'tag'; readonly tag: TagName }

export type Operator = '<' | '<=' | '>' | '>=' | '=' | '!='

export type Operand =
  | { readonly kind: 'value'; readonly value: number | boolean | string }
  | { readonly kind: 'tag'; readonly tag: TagName }

export interface TagName {
  /** `.`: that of the tag that has the interlock. */
  readonly device: string
  readonly name: string
  /** From 1, within the text. */
  readonly column: number
}

/** What is wrong, and where it stands in the text, from 1. */
export interface InterlockFault {
  readonly column: number
  readonly message: string
}

const MOST_LETTERS = 1000
const MOST_DEPTH = 20
const MOST_TAGS = 32

const TOKEN = /\s*(?:(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w/.-]))|(?<operator><=|>=|!=|==|<>|<|>|=)|(?<bracket>[()])|(?<text>'[^']*'|"[^"]*")|`(?<quoted>[^`]+)`|(?<word>(?:\.\/)?[\p{L}\p{N}_][\p{L}\p{N}_\-.:#[\]/]*))/uy // prettier-ignore
const OPERATORS: readonly string[] = ['<', '<=', '>', '>=', '=', '!='] satisfies readonly Operator[]

type Token =
  | { readonly kind: 'operator' | 'bracket' | 'word'; readonly text: string; readonly column: number }
  | { readonly kind: 'operand'; readonly operand: Operand; readonly text: string; readonly column: number }

/** The tree, or what is wrong; `what` it is, in what is said then. */
export function parseInterlock(text: string, what = 'an interlock'): Interlock | InterlockFault {
  try {
    if (text.length > MOST_LETTERS) throw fault(1, `${what} has at most ${MOST_LETTERS} letters`)
    const parser = new Parser(tokensOf(text), text.length + 1, what)
    return parser.whole()
  } catch (error) {
    if (error instanceof Fault) return { column: error.column, message: error.message }
    throw error
  }
}

export const isFault = (parsed: Interlock | InterlockFault): parsed is InterlockFault => 'message' in parsed

/** Every tag that is named, each once. */
export function tagsOf(interlock: Interlock): TagName[] {
  const found = new Map<string, TagName>()
  const visit = (part: Interlock | Operand): void => {
    if (part.kind === 'tag') found.set(`${part.tag.device}/${part.tag.name}`, part.tag)
    else if (part.kind === 'not') visit(part.part)
    else if (part.kind === 'compare') [part.left, part.right].forEach(visit)
    else if (part.kind !== 'value') part.parts.forEach(visit)
  }
  visit(interlock)
  return [...found.values()]
}

class Fault extends Error {
  readonly column: number

  constructor(column: number, message: string) {
    super(message)
    this.column = column
  }
}

const fault = (column: number, message: string): Fault => new Fault(column, message)

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const groups = TOKEN.exec(text)?.groups
    const column = at + 1 + (text.slice(at).length - text.slice(at).trimStart().length)
    if (groups === undefined) throw fault(column, `this is not understood: ${text.slice(column - 1, column + 11)}`)
    tokens.push(tokenOf(groups, column))
  }
  return tokens
}

function tokenOf(
  { number, operator, bracket, text, quoted, word }: Record<string, string | undefined>,
  column: number,
): Token {
  const operand = (value: number | boolean | string, shown: string): Token => ({ kind: 'operand', operand: { kind: 'value', value }, text: shown, column }) // prettier-ignore
  if (number !== undefined) return operand(Number(number), number)
  if (text !== undefined) return operand(text.slice(1, -1), text)
  if (bracket !== undefined) return { kind: 'bracket', text: bracket, column }
  if (operator !== undefined) {
    if (OPERATORS.includes(operator)) return { kind: 'operator', text: operator, column }
    throw fault(column, `${operator} is no comparison here; did you mean ${operator === '==' ? '=' : '!='}?`)
  }
  if (word === 'true' || word === 'false') return operand(word === 'true', word)
  if (word === 'and' || word === 'or' || word === 'not') return { kind: 'word', text: word, column }
  const name = quoted ?? word ?? ''
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1)
    throw fault(
      column,
      `${name} is no tag: a tag is device/name, such as press-1/door; text stands in quotes: '${name}'`,
    )
  const tag = { device: name.slice(0, slash), name: name.slice(slash + 1), column }
  return { kind: 'operand', operand: { kind: 'tag', tag }, text: name, column }
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #what: string
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], end: number, what: string) {
    this.#tokens = tokens
    this.#end = end
    this.#what = what
  }

  whole(): Interlock {
    const parsed = this.#chain('or', () => this.#chain('and', () => this.#part()))
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw fault(rest.column, `expected and, or, or the end, got ${rest.text}`)
    const tags = tagsOf(parsed)
    if (tags.length === 0) throw fault(1, `${this.#what} names at least one tag, such as press-1/door = true`)
    if (tags.length > MOST_TAGS) throw fault(1, `${this.#what} names at most ${MOST_TAGS} tags`)
    return parsed
  }

  #chain(kind: 'or' | 'and', next: () => Interlock): Interlock {
    const parts = [next()]
    while (this.#take('word', kind)) parts.push(next())
    return parts.length === 1 ? parts[0]! : { kind, parts }
  }

  #part(): Interlock {
    const token = this.#tokens[this.#at]
    if (++this.#depth > MOST_DEPTH)
      throw fault(token?.column ?? this.#end, `more than ${MOST_DEPTH} brackets within each other`)
    try {
      if (this.#take('word', 'not')) return { kind: 'not', part: this.#part() }
      if (!this.#take('bracket', '(')) return this.#comparison()
      const inner = this.#chain('or', () => this.#chain('and', () => this.#part()))
      if (this.#take('bracket', ')')) return inner
      throw fault(this.#column(), `expected ) for the ( at column ${token!.column}`)
    } finally {
      this.#depth--
    }
  }

  #comparison(): Interlock {
    const left = this.#operand()
    const operator = this.#tokens[this.#at]
    if (operator?.kind !== 'operator') {
      if (left.kind === 'tag') return left
      throw fault(this.#column(), 'expected a comparison: <, <=, >, >=, = or !=')
    }
    this.#at++
    const right = this.#operand()
    if (left.kind === 'value' && right.kind === 'value')
      throw fault(operator.column, 'this compares two constants: it would always be the same')
    return { kind: 'compare', operator: operator.text as Operator, left, right }
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'operand')
      throw fault(
        this.#column(),
        `expected a tag, a number, true, false or a text in quotes, got ${token?.text ?? 'the end'}`,
      )
    this.#at++
    return token.operand
  }

  #take(kind: 'word' | 'bracket', text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind || token.text !== text) return false
    this.#at++
    return true
  }

  #column(): number {
    return this.#tokens[this.#at]?.column ?? this.#end
  }
}
