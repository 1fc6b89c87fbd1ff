import { createRoute, lazyRouteComponent, redirect, type AnyRoute } from '@tanstack/react-router'

/** The pages of the settings, under the part of the dashboard behind the sign-in. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type is the tree of paths itself
export function settingsRoutes<TParent extends AnyRoute>(parent: TParent) {
  const settings = createRoute({
    getParentRoute: () => parent,
    path: '/settings',
    component: lazyRouteComponent(() => import('./settings-page.js'), 'SettingsPage'),
  })
  const index = createRoute({
    getParentRoute: () => settings,
    path: '/',
    beforeLoad: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router redirects
      throw redirect({ to: '/settings/workspace', replace: true })
    },
  })
  const workspace = createRoute({
    getParentRoute: () => settings,
    path: '/workspace',
    component: lazyRouteComponent(() => import('./workspace-settings.js'), 'WorkspaceSettings'),
  })
  const members = createRoute({
    getParentRoute: () => settings,
    path: '/members',
    component: lazyRouteComponent(() => import('./members-settings.js'), 'MembersSettings'),
  })
  const signIn = createRoute({
    getParentRoute: () => settings,
    path: '/sign-in',
    component: lazyRouteComponent(() => import('./sign-in-settings.js'), 'SignInSettings'),
  })
  const catalog = createRoute({
    getParentRoute: () => settings,
    path: '/catalog',
    component: lazyRouteComponent(() => import('./catalog-settings.js'), 'CatalogSettings'),
  })
  const audit = createRoute({
    getParentRoute: () => settings,
    path: '/audit',
    component: lazyRouteComponent(() => import('./audit-settings.js'), 'AuditSettings'),
  })
  const appearance = createRoute({
    getParentRoute: () => settings,
    path: '/appearance',
    component: lazyRouteComponent(() => import('./appearance-settings.js'), 'AppearanceSettings'),
  })
  return settings.addChildren([index, workspace, members, signIn, catalog, audit, appearance])
}
