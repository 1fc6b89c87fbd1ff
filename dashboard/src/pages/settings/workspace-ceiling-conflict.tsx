import type { ApiError, KeyView } from '@bitting/client'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { get, path } from '../../api/transport.js'
import { Notice } from '../../ui/notice.js'

/** Which keys have more than a new ceiling. */
export function CeilingConflict({ error }: { readonly error: ApiError }): ReactElement | null {
  const { keys } = error.problem
  const ids = Array.isArray(keys) ? keys.filter((id) => typeof id === 'string') : []
  const found = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['ceiling-conflict', id],
      queryFn: () => get<KeyView>(path`/v1/keys/${id}`),
      gcTime: 0,
    })),
  })
  if (ids.length === 0) return null
  return (
    <Notice tone="warn" title="These keys have more than the new ceiling">
      <ul className="ceiling-keys">
        {ids.map((id, at) => (
          <li key={id}>
            <Link to="/keys/$keyId" params={{ keyId: id }}>
              {found[at]?.data?.name ?? id}
            </Link>{' '}
            <code className="quiet-text">{id}</code>
          </li>
        ))}
      </ul>
    </Notice>
  )
}
