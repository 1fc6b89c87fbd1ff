import {
  alternatives,
  defaultOperationName,
  newOperation,
  operationFlaw,
  operationShape,
  parseRequirement,
  quote,
  RESERVED_PERMISSION_IDS,
  type Catalog,
  type ErrorShape,
  type Operation,
  type Requirement,
} from './catalog.js'
import { LEVELS, PERMISSIONS_MAX, type Level, type Permission } from './permission.js'

/** What is wrong with a line of a catalog's text, and what to do about it. Lines count from 1. */
export interface CatalogTextError {
  readonly line: number
  readonly message: string
}

const HEADINGS = ['catalog', 'title', 'errors', 'section', 'permission', 'operations']
const ERROR_SHAPES: readonly ErrorShape[] = ['retell', 'problem']
const LEVEL_LISTS = ['none read edit', 'none edit', 'none read']
const ID = /^[a-z][a-z0-9_-]{0,31}$/
const OPERATION_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/
const ID_HINT = 'write a lower-case letter and at most 31 letters, digits, hyphens or underscores after it'
const NAME_HINT = 'letters, digits, dots, hyphens or underscores, a letter first'

/**
 * Reads a catalog from its text. A line that begins at the margin is a heading; indented lines belong to the heading
 * above them; `#` begins a comment line; runs of spaces count as one. All errors are reported together.
 *
 * ```
 * catalog retell
 * title Retell AI
 * errors retell
 *
 * section Build
 * permission agent   none read edit   Agent
 *   Agents and chat agents, conversation flows, ...
 *
 * operations agent read
 *   GET  /get-agent/{agent_id}   agent.retrieve
 * operations any
 *   GET  /get-concurrency
 * ```
 */
export function parseCatalog(
  text: string,
):
  | { readonly ok: true; readonly catalog: Catalog }
  | { readonly ok: false; readonly errors: CatalogTextError[] } {
  const reader = new CatalogReader()
  for (const [index, line] of text.split('\n').entries()) reader.readLine(index + 1, line)
  return reader.finish()
}

/** The text of a catalog; {@link parseCatalog} reads the same catalog from it. */
export function formatCatalog(catalog: Catalog): string {
  const lines = [`catalog ${catalog.id}`, `title ${catalog.title}`, `errors ${catalog.errors}`]
  const idWidth = Math.max(...catalog.permissions.map(({ id }) => id.length))
  for (const section of catalog.sections) {
    lines.push('', `section ${section.title}`)
    for (const { id, levels, title, description } of section.permissions) {
      const levelWords = levels.join(' ').padEnd('none read edit'.length)
      lines.push(`permission ${id.padEnd(idWidth)}  ${levelWords}  ${title}`, `  ${description}`)
    }
  }
  let block: Operation[] = []
  for (const [index, operation] of catalog.operations.entries()) {
    block.push(operation)
    const next = catalog.operations[index + 1]
    if (next !== undefined && headingOf(next) === headingOf(operation)) continue
    lines.push('', headingOf(operation), ...formatOperations(block))
    block = []
  }
  return `${lines.join('\n')}\n`
}

function headingOf({ requirement }: Operation): string {
  return `operations ${requirement.kind === 'level' ? `${requirement.permission} ${requirement.level}` : requirement.kind}`
}

/** Operations in columns, though one long path does not push every name out of sight. */
function formatOperations(operations: readonly Operation[]): string[] {
  const methodWidth = Math.max(...operations.map(({ method }) => method.length))
  const templateWidth = Math.min(56, Math.max(...operations.map(({ template }) => template.length)))
  return operations.map(({ method, template, name }) => {
    const shownName = name === defaultOperationName(method, template) ? '' : name
    return `  ${method.padEnd(methodWidth)}  ${template.padEnd(templateWidth)}  ${shownName}`.trimEnd()
  })
}

interface PermissionDraft extends Permission {
  readonly line: number
  description: string
}

interface SectionDraft {
  readonly title: string
  readonly permissions: PermissionDraft[]
}

/** What indented lines belong to. `unreadable` stands for a heading with an error: what is under it is passed over. */
type Block =
  | { readonly kind: 'permission'; readonly permission: PermissionDraft }
  | { readonly kind: 'operations'; readonly requirement: Requirement | null }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'none' }

/** The state of reading one text. */
class CatalogReader {
  readonly #errors: CatalogTextError[] = []
  /** The line of everything that may be there once. */
  readonly #firstLines = new Map<string, number>()
  readonly #sections: SectionDraft[] = []
  readonly #permissions: PermissionDraft[] = []
  readonly #operations: Operation[] = []
  readonly #header: { id: string; title: string; errors: ErrorShape } = {
    id: '',
    title: '',
    errors: 'problem',
  }
  #block: Block = { kind: 'none' }

  readLine(line: number, text: string): void {
    const words = text.trim().split(/\s+/)
    const [first = ''] = words
    if (first === '' || first.startsWith('#')) return
    if (/^[ \t]/.test(text)) this.#readIndented(line, words)
    else this.#readHeading(line, first, words.slice(1))
  }

  finish(): ReturnType<typeof parseCatalog> {
    for (const heading of ['catalog', 'title', 'errors'].filter((it) => !this.#firstLines.has(it))) {
      this.#fail(1, `The line "${heading} …" is missing; add it at the top.`)
    }
    for (const { id, description, line } of this.#permissions) {
      if (description === '') this.#fail(line, `${id} has no description; add it below, indented.`)
    }
    if (this.#errors.length > 0) return { ok: false, errors: this.#errors.sort((a, b) => a.line - b.line) }
    const sections = this.#sections.map((section) => ({
      title: section.title,
      permissions: section.permissions.map(withoutLine),
    }))
    const permissions = sections.flatMap((section) => section.permissions)
    return { ok: true, catalog: { ...this.#header, sections, permissions, operations: this.#operations } }
  }

  #fail(line: number, message: string): void {
    this.#errors.push({ line, message })
  }

  /** Says whether this is the first of its kind, and reports it where it is not. */
  #isFirst(line: number, what: string, shown: string): boolean {
    const firstLine = this.#firstLines.get(what)
    if (firstLine === undefined) this.#firstLines.set(what, line)
    else this.#fail(line, `${shown} is already on line ${String(firstLine)}; leave one out.`)
    return firstLine === undefined
  }

  #readHeading(line: number, heading: string, words: readonly string[]): void {
    this.#block = { kind: 'none' }
    switch (heading) {
      case 'catalog':
      case 'title':
      case 'errors':
        this.#readHeader(line, heading, words)
        break
      case 'section':
        this.#readSection(line, words.join(' '))
        break
      case 'permission':
        this.#readPermission(line, words)
        break
      case 'operations':
        this.#readOperations(line, words)
        break
      default:
        this.#block = { kind: 'unreadable' }
        this.#fail(line, `Unknown word ${quote(heading)}; write ${alternatives(HEADINGS)}, or indent it.`)
    }
  }

  #readHeader(line: number, heading: 'catalog' | 'title' | 'errors', words: readonly string[]): void {
    if (!this.#isFirst(line, heading, `"${heading}"`)) return
    const text = words.join(' ')
    if (heading === 'title') {
      this.#header.title = text
      if (text === '') this.#fail(line, 'The title is missing; write it after the word.')
    } else if (heading === 'catalog') {
      this.#header.id = text
      if (!ID.test(text)) this.#fail(line, `${quote(text)} is not an id; ${ID_HINT}.`)
    } else {
      const shape = ERROR_SHAPES.find((it) => it === text)
      if (shape !== undefined) this.#header.errors = shape
      else this.#fail(line, `Unknown shape ${quote(text)}; write ${alternatives(ERROR_SHAPES)}.`)
    }
  }

  #readSection(line: number, title: string): void {
    if (title === '') this.#fail(line, 'The title of the section is missing; write it after the word.')
    else this.#isFirst(line, `section ${title}`, `Section ${quote(title)}`)
    this.#sections.push({ title, permissions: [] })
  }

  #readPermission(line: number, words: readonly string[]): void {
    const [id = '', ...rest] = words
    this.#block = { kind: 'unreadable' }
    if (!ID.test(id) || RESERVED_PERMISSION_IDS.includes(id)) {
      const flaw = ID.test(id)
        ? `${id} is reserved; choose another id`
        : `${quote(id)} is not an id; ${ID_HINT}`
      this.#fail(line, `${flaw}.`)
      return
    }
    if (!this.#isFirst(line, `permission ${id}`, `Permission ${id}`)) return
    if (this.#permissions.length === PERMISSIONS_MAX) {
      this.#fail(line, `A catalog has at most ${String(PERMISSIONS_MAX)} permissions; merge some.`)
    }
    const titleStart = rest.findIndex((word) => !isLevel(word))
    const levels = rest.slice(0, titleStart < 0 ? rest.length : titleStart).filter(isLevel)
    const title = rest.slice(levels.length).join(' ')
    const levelsKnown = LEVEL_LISTS.includes(levels.join(' '))
    if (!levelsKnown) this.#fail(line, `Write the levels of ${id} after it: ${alternatives(LEVEL_LISTS)}.`)
    if (title === '') this.#fail(line, `The title of ${id} is missing; write it after the levels.`)
    const permission = { id, title, levels: levelsKnown ? levels : LEVELS, description: '', line }
    this.#permissions.push(permission)
    this.#block = { kind: 'permission', permission }
    const section = this.#sections.at(-1)
    if (section === undefined) this.#fail(line, `${id} is in no section; add "section …" above it.`)
    else section.permissions.push(permission)
  }

  #readOperations(line: number, words: readonly string[]): void {
    const [id = '', level, ...rest] = words
    const parsed = parseRequirement(this.#permissions, id, level)
    if (!parsed.ok) this.#fail(line, parsed.message)
    else if (rest.length > 0) this.#fail(line, `Leave ${quote(rest.join(' '))} out.`)
    this.#block = { kind: 'operations', requirement: parsed.ok ? parsed.requirement : null }
  }

  #readIndented(line: number, words: readonly string[]): void {
    const block = this.#block
    switch (block.kind) {
      case 'permission':
        block.permission.description = [block.permission.description, ...words].join(' ').trim()
        break
      case 'operations':
        this.#readOperation(line, words, block.requirement)
        break
      case 'none':
        this.#fail(line, 'An indented line belongs under "permission" or "operations"; move it there.')
        break
      case 'unreadable':
        break
    }
  }

  #readOperation(line: number, words: readonly string[], requirement: Requirement | null): void {
    const [method = '', template = '', name = defaultOperationName(method, template), ...rest] = words
    const flaw =
      template === '' || rest.length > 0
        ? 'Write the method, the path and, if you like, a name.'
        : operationFlaw(method, template)
    if (flaw !== null) {
      this.#fail(line, flaw)
      return
    }
    if (words.length === 3 && !OPERATION_NAME.test(name)) {
      this.#fail(line, `${quote(name)} is not a name; write at most 64 ${NAME_HINT}.`)
    }
    if (!this.#isFirst(line, operationShape(method, template), `${method} ${template}`)) return
    if (!this.#isFirst(line, `name ${name}`, `Operation name ${quote(name)}`) || requirement === null) return
    this.#operations.push(newOperation(this.#permissions, { name, method, template, requirement }))
  }
}

function withoutLine({ id, title, levels, description }: PermissionDraft): Permission {
  return { id, title, levels, description }
}

function isLevel(word: string): word is Level {
  return LEVELS.some((level) => level === word)
}
