import type { KeyView } from '@bitting/client'
import { accessAllows, type Access, type Catalog } from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { CopyButton } from '../../ui/copy-button.js'
import { workspaceQuery } from '../settings/workspace-query.js'
import { useCatalog } from './catalogs.js'

/** Commands that try the new key. They are shown without the token, and copied with it. */
export function TryCommands({
  apiKey,
  token,
}: {
  readonly apiKey: KeyView
  readonly token: string
}): ReactElement {
  const { data: catalog } = useCatalog(apiKey.kind)
  const isApi = apiKey.kind === 'api'
  const { data: workspace } = useQuery(workspaceQuery)
  const base = isApi ? (workspace?.gateway_url ?? '$BITTING_GATEWAY') : location.origin
  const readable = catalog && findReadable(catalog, apiKey.access)
  const paths = [isApi ? '/health' : '/v1/whoami', ...(readable === undefined ? [] : [readable])]
  return (
    <section className="try" aria-label="Try it">
      <h3>Try it</h3>
      {[...new Set(paths)].map((path, index) => (
        <Command
          key={path}
          label={index === 0 ? 'Is the key live?' : 'A call that it can make'}
          url={base + path}
          hint={apiKey.secrets[0]?.hint ?? ''}
          token={token}
        />
      ))}
    </section>
  )
}

function Command(props: {
  readonly label: string
  readonly url: string
  readonly hint: string
  readonly token: string
}): ReactElement {
  const { label, url, hint, token } = props
  const command = (bearer: string): string => `curl -H "Authorization: Bearer ${bearer}" "${url}"`
  return (
    <figure className="code-block">
      <figcaption>
        <span>{label}</span>
        <CopyButton iconOnly text={command(token)} label={`Copy with the token: ${label}`} />
      </figcaption>
      <pre tabIndex={0} role="region" aria-label={label} data-wrap>
        <code>{command(`${hint.replace(/…$/, '')}…`)}</code>
      </pre>
    </figure>
  )
}

/** A read that needs nothing filled in: rather one that a permission opens than one that every key can make. */
function findReadable({ operations }: Catalog, access: Access): string | undefined {
  const simple = operations.filter(
    (it) => it.method === 'GET' && !it.template.includes('{') && accessAllows(access, it),
  )
  return (simple.find(({ requirement }) => requirement.kind === 'level') ?? simple[0])?.template
}
