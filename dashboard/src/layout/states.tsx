import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Button } from '../ui/button.js'
import { EmptyState } from '../ui/empty-state.js'
import { ErrorState } from '../ui/error-state.js'
import { PageHeader } from '../ui/page-header.js'
import { Skeleton } from '../ui/skeleton.js'

/** There is no page at this address. */
export function NotFound(): ReactElement {
  return (
    <div className="page">
      <PageHeader title="Not found" />
      <EmptyState
        icon="search"
        title="There is nothing at this address"
        action={
          <Link to="/" className="button primary">
            <span>Go to the overview</span>
          </Link>
        }
      >
        What was here may have been deleted, or it is in another workspace.
      </EmptyState>
    </div>
  )
}

/** A page broke. Files of a newer version, after an upgrade of the server, come by loading it anew. */
export function PageError({ error, reset }: ErrorComponentProps): ReactElement {
  const router = useRouter()
  const outdated = /dynamically imported module|module script failed/i.test(String(error))
  return (
    <div className="page">
      <PageHeader title={outdated ? 'There is a newer version' : 'This page does not work'} />
      {outdated ? (
        <EmptyState
          icon="rotation"
          title="The server was upgraded"
          action={
            <Button variant="primary" onClick={() => location.reload()}>
              Load the page
            </Button>
          }
        >
          Load the page anew to get the version that fits it.
        </EmptyState>
      ) : (
        <ErrorState
          error={error}
          title="Something went wrong"
          onRetry={() => {
            reset()
            void router.invalidate()
          }}
        />
      )}
    </div>
  )
}

/** What stands in for a page until its script is there. */
export function PagePending(): ReactElement {
  return (
    <div className="page" role="status" aria-label="Loading">
      <div className="page-head">
        <Skeleton width="12rem" height="2rem" />
      </div>
      <Skeleton height="12rem" />
    </div>
  )
}

/** What stands in for everything until it is known who is signed in. */
export function AppPending(): ReactElement {
  return (
    <div className="splash" role="status" aria-label="Loading">
      <span className="spinner large" aria-hidden="true" />
    </div>
  )
}
