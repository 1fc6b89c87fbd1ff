/**
 * The rules of what the command line writes:
 *
 * - What a command was asked for goes to standard output, and nothing else does.
 * - Everything else goes to standard error with a "bitting:" prefix: no capitals at the beginning, no periods at the
 *   end, and a line "hint:" that says what to do next.
 * - What needs a person goes to the terminal itself: see input.ts.
 * - Colour never carries a meaning alone, and is for terminals without NO_COLOR.
 * - No text from outside reaches the terminal with its control characters.
 */
import { styleText } from 'node:util'
import { printable, textWidth, wrap } from './text.js'

/** Where text goes: standard output or standard error, or what a test puts in their place. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(variables: object): boolean
  write(text: string): unknown
}

/** What a colour means here. */
export type Tone = 'plain' | 'strong' | 'faint' | 'good' | 'warning' | 'bad'

const FORMATS = {
  strong: 'bold',
  faint: 'dim',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const satisfies Record<Exclude<Tone, 'plain'>, Parameters<typeof styleText>[0]>

/** A piece of text and what its colour means. */
export interface Toned {
  readonly text: string
  readonly tone: Tone
}

/** One cell of a table. */
export type Cell = string | Toned

/** A column of a table. */
export interface Column {
  readonly title: string
  /** What to do where the terminal is too narrow: cut the text, go on in the next line, or leave the column out. */
  readonly fit?: 'cut' | 'wrap' | 'drop'
}

/** The width of a terminal that does not tell its own, or tells 0. */
export const WIDTH_UNKNOWN = 80

const GAP = '  '
const CUT_WIDTH_MIN = 12
const WRAP_WIDTH_MIN = 24

/** Writes for people and for programs. */
export class Output {
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #stdoutColours: boolean
  readonly #stderrColours: boolean

  /** @param variables the environment, which can turn colours off */
  constructor(stdout: OutputStream, stderr: OutputStream, variables: object) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#stdoutColours = hasColours(stdout, variables)
    this.#stderrColours = hasColours(stderr, variables)
  }

  /** Prints lines to standard output. */
  print(...lines: readonly Cell[]): void {
    for (const line of lines) this.#stdout.write(`${this.#tone(line)}\n`)
  }

  /** Prints a value for programs. */
  printJson(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Prints text that is already laid out, help for example. */
  printRaw(text: string): void {
    this.#stdout.write(text)
  }

  /** Says something beside the result. */
  note(message: string, hint: string | null = null): void {
    this.#say('', 'plain', message, hint)
  }

  /** Says something that should not be missed. */
  warn(message: string, hint: string | null = null): void {
    this.#say('warning: ', 'warning', message, hint)
  }

  /** Says why a command failed. */
  fail(message: string, hint: string | null, details: readonly string[] = []): void {
    this.#say('', 'bad', message, hint, details)
  }

  /** Prints text that is already laid out beside the result. */
  sayRaw(text: string): void {
    this.#stderr.write(text)
  }

  /** Prints rows in columns, under their titles if they have any. Only on a terminal are they made to fit its width. */
  printTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    const layout = layOut(columns, rows, this.#width())
    const titles = columns.map(({ title }) => ({ text: title.toUpperCase(), tone: 'faint' }) as const)
    if (titles.some(({ text }) => text !== '')) this.#printRow(titles, layout)
    for (const row of rows) this.#printRow(row, layout)
  }

  /** Prints labels and what they stand for, each value a line or more. */
  printFields(fields: readonly (readonly [label: string, ...values: Cell[]])[]): void {
    const labelWidth = Math.max(...fields.map(([label]) => label.length))
    const widthMax = Math.max(WRAP_WIDTH_MIN, this.#width() - labelWidth - GAP.length)
    for (const [label, ...values] of fields) {
      const lines = values.flatMap((value) => wrapCell(value, widthMax))
      for (const [index, line] of lines.entries()) {
        const shown = index === 0 ? label : ''
        this.#stdout.write(`${this.#tone({ text: shown.padEnd(labelWidth), tone: 'faint' })}${GAP}`)
        this.#stdout.write(`${this.#tone(line)}\n`)
      }
    }
  }

  #width(): number {
    const { isTTY, columns = 0 } = this.#stdout
    if (isTTY !== true) return Number.POSITIVE_INFINITY
    return columns > 0 ? columns : WIDTH_UNKNOWN
  }

  #printRow(row: readonly Cell[], layout: readonly LaidOutColumn[]): void {
    const cells = layout.map(({ index, width, fit }) => {
      const cell = row[index] ?? ''
      return { width, lines: fit === 'wrap' ? wrapCell(cell, width) : [cutCell(cell, width)] }
    })
    const height = Math.max(...cells.map(({ lines }) => lines.length))
    for (let line = 0; line < height; line++) {
      const texts = cells.map(({ width, lines }) => {
        const cell = lines[line] ?? ''
        return this.#tone(cell) + ' '.repeat(Math.max(0, width - textWidth(textOf(cell))))
      })
      this.#stdout.write(`${texts.join(GAP).trimEnd()}\n`)
    }
  }

  #tone(cell: Cell): string {
    return colour(cell, this.#stdoutColours)
  }

  #say(
    prefix: string,
    tone: Tone,
    message: string,
    hint: string | null,
    details: readonly string[] = [],
  ): void {
    const shown = (cell: Cell): string => colour(cell, this.#stderrColours)
    this.#stderr.write(`${shown({ text: `bitting: ${prefix}`.trimEnd(), tone })} ${shown(message)}\n`)
    for (const detail of details) this.#stderr.write(`  ${shown(detail)}\n`)
    if (hint !== null) this.#stderr.write(`${shown({ text: 'hint:', tone: 'faint' })} ${shown(hint)}\n`)
  }
}

interface LaidOutColumn {
  /** Its place in the rows. */
  readonly index: number
  readonly fit: Column['fit']
  width: number
}

/** The columns that are shown, and their widths: from the widest of what can be cut or wrapped, as much as it takes. */
function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  widthMax: number,
): LaidOutColumn[] {
  let layout: LaidOutColumn[] = columns.map(({ title, fit }, index) => {
    const widths = rows.map((row) => textWidth(printable(textOf(row[index] ?? ''))))
    return { index, fit, width: Math.max(textWidth(title), ...widths) }
  })
  const width = (): number => layout.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length)
  while (width() > widthMax) {
    const spare = layout
      .filter((column) => column.width > widthMinOf(column))
      .sort((a, b) => b.width - a.width)
    const dropped = layout.findLast(({ fit }) => fit === 'drop')
    if (spare[0] !== undefined) spare[0].width--
    else if (dropped !== undefined) layout = layout.filter((column) => column !== dropped)
    else break
  }
  return layout
}

function widthMinOf({ fit, width }: LaidOutColumn): number {
  return fit === 'cut' ? CUT_WIDTH_MIN : fit === 'wrap' ? WRAP_WIDTH_MIN : width
}

function hasColours(stream: OutputStream, variables: object): boolean {
  return stream.isTTY === true && stream.hasColors?.(variables) === true
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

function withText(cell: Cell, text: string): Cell {
  return typeof cell === 'string' ? text : { text, tone: cell.tone }
}

function colour(cell: Cell, colours: boolean): string {
  const text = printable(textOf(cell))
  const tone = typeof cell === 'string' ? 'plain' : cell.tone
  return tone === 'plain' || !colours ? text : styleText(FORMATS[tone], text, { validateStream: false })
}

function wrapCell(cell: Cell, width: number): Cell[] {
  return wrap(textOf(cell), width).map((line) => withText(cell, line))
}

function cutCell(cell: Cell, width: number): Cell {
  const text = printable(textOf(cell))
  if (textWidth(text) <= width) return withText(cell, text)
  let cut = ''
  for (const character of text) {
    if (textWidth(cut + character) > width - 1) break
    cut += character
  }
  return withText(cell, `${cut}…`)
}
