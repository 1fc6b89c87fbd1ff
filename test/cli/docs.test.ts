import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { processContext } from '../../server/src/cli/context.js'
import { EXIT } from '../../server/src/cli/exit-codes.js'
import { createProgram } from '../../server/src/cli/program.js'

const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n')
      return [section.slice(0, end).replaceAll('`', ''), section.slice(end).replace(/^## [^]*/m, '')]
    }),
)
const commands = leavesOf(createProgram(processContext()), 'bitting')

describe('docs/cli.md', () => {
  it('describes every command and no other', () => {
    expect([...sections.keys()].sort()).toEqual([...commands.keys()].sort())
  })

  it.each([...commands])('describes the options and arguments of %s', (name, command) => {
    const section = sections.get(name) ?? ''
    const described = section
      .split('\n')
      .filter((line) => line.startsWith('- '))
      .flatMap((line) => [...(line.split('`:')[0] ?? '').matchAll(/--[a-z-]+/g)].map(([flag]) => flag))
    const shown = command.options.filter(({ hidden }) => !hidden)
    const flags = shown.map(({ long }) => long).filter((flag) => flag !== '--json')
    expect(described.sort()).toEqual(flags.sort())
    const usage = /```\n(.*)\n```/.exec(section)?.[1] ?? ''
    expect(usage.startsWith(name)).toBe(true)
    for (const { required, name: argument } of command.registeredArguments.map((it) => ({
      required: it.required,
      name: it.name(),
    }))) {
      expect(usage).toContain(required ? `<${argument}>` : `[${argument}]`)
    }
  })

  it('has --json at every command but serve, as it says', () => {
    for (const [name, command] of commands) {
      expect(
        command.options.some(({ long }) => long === '--json'),
        name,
      ).toBe(name !== 'bitting serve')
    }
  })

  it('lists every exit code', () => {
    const rows = [...text.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, code, name]) => [name, Number(code)])
    expect(Object.fromEntries(rows)).toEqual(EXIT)
  })
})

function leavesOf(command: Command, path: string): Map<string, Command> {
  if (command.commands.length === 0) return new Map([[path, command]])
  return new Map(command.commands.flatMap((child) => [...leavesOf(child, `${path} ${child.name()}`)]))
}
