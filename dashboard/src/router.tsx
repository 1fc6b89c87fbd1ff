import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { isRefusal } from './api/problem.js'
import { queryClient } from './api/query-client.js'
import { AppLayout } from './layout/app-layout.js'
import { arrival } from './layout/arrival.js'
import { Root } from './layout/root.js'
import { AppPending, NotFound, PageError, PagePending } from './layout/states.js'
import { auditSearch } from './pages/audit/search.js'
import { keySearch } from './pages/key/search.js'
import { keysSearch } from './pages/keys/search.js'
import { settingsRoutes } from './pages/settings/routes.js'
import { signInSearch } from './pages/sign-in/search.js'
import { endpointSearch } from './pages/webhooks/search.js'
import { sessionQuery } from './session/session.js'

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound })

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/setup/setup-page.js'), 'SetupPage'),
})

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import('./pages/sign-in/sign-in-page.js'), 'SignInPage'),
})

const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/invitation/invitation-page.js'), 'InvitationPage'),
})

/** Everything behind the sign-in. Who is not signed in is led to it, and back. */
const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  component: AppLayout,
  pendingComponent: AppPending,
  beforeLoad: async ({ location }) => {
    const session = await queryClient
      .query({ ...sessionQuery, staleTime: 'static' })
      .catch((error: unknown) => {
        if (!isRefusal(error, 'session_ended')) throw error
        const returnTo = location.href === '/' ? undefined : location.href
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router redirects
        throw redirect({ to: '/sign-in', search: { return_to: returnTo }, replace: true })
      })
    if (session.needs_second_factor && location.pathname !== '/account') {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router redirects
      throw redirect({ to: '/account', replace: true })
    }
  },
})

const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.js'), 'OverviewPage'),
})

const keysRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/keys',
  validateSearch: keysSearch,
  component: lazyRouteComponent(() => import('./pages/keys/keys-page.js'), 'KeysPage'),
})

const keyRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/keys/$keyId',
  validateSearch: keySearch,
  component: lazyRouteComponent(() => import('./pages/key/key-page.js'), 'KeyPage'),
})

const webhooksRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./pages/webhooks/webhooks-page.js'), 'WebhooksPage'),
})

const endpointRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/webhooks/$endpointId',
  validateSearch: endpointSearch,
  component: lazyRouteComponent(() => import('./pages/webhooks/endpoint-page.js'), 'EndpointPage'),
})

const deliveryRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/webhooks/$endpointId/deliveries/$eventId',
  component: lazyRouteComponent(() => import('./pages/webhooks/delivery-page.js'), 'DeliveryPage'),
})

const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/audit-page.js'), 'AuditPage'),
})

const auditEntryRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/audit/$index',
  component: lazyRouteComponent(() => import('./pages/audit/audit-entry-page.js'), 'AuditEntryPage'),
})

const accountRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account/account-page.js'), 'AccountPage'),
})

const routeTree = rootRoute.addChildren([
  setupRoute,
  signInRoute,
  invitationRoute,
  appRoute.addChildren([
    overviewRoute,
    keysRoute,
    keyRoute,
    webhooksRoute,
    endpointRoute,
    deliveryRoute,
    auditRoute,
    auditEntryRoute,
    settingsRoutes(appRoute),
    accountRoute,
  ]),
])

/** The pages and their addresses. `server/src/control/pages.ts` serves the same ones. */
export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingMs: 200,
  defaultPendingComponent: PagePending,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: (props: ErrorComponentProps): ReactElement => <PageError {...props} />,
})

router.subscribe('onBeforeNavigate', ({ pathChanged, fromLocation }) => {
  if (pathChanged && fromLocation !== undefined) arrival.note()
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
