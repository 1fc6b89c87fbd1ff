import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AddressRange } from '@bitting/core'
import type { Gatekeeper } from '../feed/gatekeeper.js'
import type { Caller } from '../audit/actor.js'
import type { CallLog } from '../audit/calls.js'
import type { LogKeys } from '../audit/log-key.js'
import type { AuditReads } from '../services/audit-log.js'
import type { ServiceContext } from '../services/context.js'
import type { PeopleContext } from '../services/people/context.js'
import type { LiveSession } from '../services/people/sessions.js'
import type { WritableDatabase } from '../storage/database.js'

/** What the management API is built on. */
export interface ControlOptions {
  readonly context: ServiceContext
  /** The same, with what signing people in needs. */
  readonly people: PeopleContext
  readonly gatekeeper: Gatekeeper
  /** For what is written outside any workspace: denials at the door and setup codes. */
  readonly database: WritableDatabase
  readonly auditReads: AuditReads
  readonly logKeys: LogKeys
  readonly calls: CallLog
  readonly trustedProxies: readonly AddressRange[]
  readonly nowMilliseconds: () => number
  readonly log: (error: unknown, message: string) => void
  /** Says whether the node can serve: its database answered lately and its keys are current. */
  readonly isReady: () => boolean
  /** What Prometheus reads. */
  readonly metrics: () => string
}

/** What a request carries through Hono. */
export interface ControlEnvironment {
  Bindings: Partial<HttpBindings>
  Variables: {
    /** Whoever calls, once the credential was found good for the operation. */
    actor: Caller
    /** The session of whoever calls what is about people themselves. */
    session: LiveSession
    requestId: string
  }
}

/** The application that routes are added to. */
export type ControlApp = OpenAPIHono<ControlEnvironment>
