import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { Marked, type Tokens } from 'marked'
import type { Plugin } from 'vite'

/** A document of the folder `docs`, as a page shows it. */
interface DocumentPage {
  readonly name: string
  readonly title: string
  readonly html: string
}

const TEMPLATE = 'documents.html'

/**
 * Makes a page of every document in a folder, in the frame of `documents.html`: what the program's answers and messages
 * point to can be read where it runs, in the words of the version that runs.
 */
export function documentPages(folder: string): Plugin {
  return {
    name: 'document-pages',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const template = bundle[TEMPLATE]
        if (template?.type !== 'asset') throw new Error(`${TEMPLATE} was not built`)
        const frame = String(template.source)
        Reflect.deleteProperty(bundle, TEMPLATE)
        const pages = readDocuments(folder)
        for (const page of pages) {
          this.emitFile({
            type: 'asset',
            fileName: `docs/${page.name}.html`,
            source: fillFrame(frame, page, pages),
          })
        }
      },
    },
  }
}

function readDocuments(folder: string): DocumentPage[] {
  const pages = readdirSync(folder)
    .filter((file) => extname(file) === '.md')
    .map((file): DocumentPage => {
      const text = readFileSync(join(folder, file), 'utf8')
      const title = /^# (.+)$/m.exec(text)?.[1]
      if (title === undefined) throw new Error(`${file} has no title`)
      return { name: basename(file, '.md'), title, html: render(text) }
    })
  return pages.sort((a, b) => a.title.localeCompare(b.title, 'en'))
}

function fillFrame(frame: string, page: DocumentPage, pages: readonly DocumentPage[]): string {
  const list = pages
    .map(({ name, title }) => {
      const current = name === page.name ? ' aria-current="page"' : ''
      return `<li><a class="nav-link" href="/docs/${name}"${current}>${escape(title)}</a></li>`
    })
    .join('\n')
  const parts = { title: escape(page.title), list, content: page.html }
  return Object.entries(parts).reduce(
    (html, [part, text]) => html.replaceAll(`{{${part}}}`, () => text),
    frame,
  )
}

/** As HTML. What scrolls sideways can be reached with the keyboard; pictures are left out: one has the pages themselves. */
function render(text: string): string {
  const used = new Map<string, number>()
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: words }: Tokens.Heading): string {
        const level = String(depth)
        return `<h${level} id="${anchor(words, used)}">${this.parser.parseInline(tokens)}</h${level}>\n`
      },
      table(token: Tokens.Table): string {
        const cells = (row: Tokens.TableCell[], tag: string): string =>
          `<tr>${row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`
        const body = token.rows.map((row) => cells(row, 'td')).join('\n')
        return `<div class="document-table" tabindex="0" role="group" aria-label="Table: ${escape(token.header[0]?.text ?? '')}">
<table><thead>${cells(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`
      },
      code({ text: code }: Tokens.Code): string {
        return `<pre tabindex="0"><code>${escape(code)}</code></pre>\n`
      },
      link({ href, tokens }: Tokens.Link): string {
        return `<a href="${escape(href.replace(/^([\w-]+)\.md(?=$|#)/, '/docs/$1'))}">${this.parser.parseInline(tokens)}</a>`
      },
      image: () => '',
      html: ({ text: html }: Tokens.HTML | Tokens.Tag): string => html.replaceAll(/<img\b[^>]*>/g, ''),
    },
  })
  return marked.parse(text, { async: false }).replaceAll(/<p>\s*<\/p>\n?/g, '')
}

/** The anchor of a heading as code hosts make it, so that links between documents hold in both places. */
function anchor(words: string, used: Map<string, number>): string {
  const plain = words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
  const times = used.get(plain) ?? 0
  used.set(plain, times + 1)
  return times === 0 ? plain : `${plain}-${String(times)}`
}

function escape(text: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replaceAll(/[&<>"]/g, (mark) => marks[mark] ?? mark)
}
