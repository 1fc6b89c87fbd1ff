import type { WritableDatabase } from '../../storage/database.js'
import type { ServiceContext } from '../context.js'
import type { IdentityProviders } from './single-sign-on-provider.js'

/** What signing in works with. */
export interface PeopleContext extends ServiceContext {
  /**
   * For the records of sign-ins that are nobody's act and in no audit log: attempts, what is under way, when a session was
   * last seen. Everything else goes through `mutate`.
   */
  readonly records: WritableDatabase
  /** Where people reach the dashboard, without a slash at the end. */
  readonly publicUrl: string
  /** The identity providers that workspaces name, each asked through the guard of what may be reached. */
  readonly providers: IdentityProviders
}
