import type { SignInOptionsView } from '@bitting/client'
import type { PeopleContext } from './context.js'

/**
 * The one workspace here that has single sign-on, for a button on the sign-in page; null where there is none or more than
 * one, because the page does not tell which workspaces there are.
 */
export async function onlySingleSignOn({
  database,
}: Pick<PeopleContext, 'database'>): Promise<SignInOptionsView['single_sign_on']> {
  const rows = await database.read
    .selectFrom('sign_in_policies')
    .select(['workspace_id', 'issuer', 'label'])
    .where('issuer', 'is not', null)
    .limit(2)
    .execute()
  const [only] = rows
  if (only === undefined || rows.length > 1) return null
  return { workspace_id: only.workspace_id, label: only.label ?? only.issuer ?? '' }
}
