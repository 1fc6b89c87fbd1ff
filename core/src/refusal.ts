import { LEVEL_TITLES, type Level } from './permission.js'
import type { Denied } from './decision.js'
import { GUESSER_REASONS, statusOf, type DenialReason } from './denial.js'
import { formatScope } from './scope.js'

/** What a refused caller is told. Nothing in it tells one guess from another. */
export interface Refusal {
  readonly status: 401 | 403
  /** The reason as the caller may know it: one code for every kind of wrong credential. */
  readonly code: 'invalid_token' | Exclude<DenialReason, `credential_${string}`>
  /** What is wrong and where to change it, as sentences. */
  readonly message: string
  /** The scope that was needed, `call:edit`; null where the refusal is not about a permission. */
  readonly required: string | null
  /** The scope that the key has for the same permission, `call:none`. */
  readonly granted: string | null
  /** The value of WWW-Authenticate (RFC 6750 Section 3). */
  readonly challenge: string
}

const INVALID: Refusal = {
  status: 401,
  code: 'invalid_token',
  message: 'API key is missing or invalid.',
  required: null,
  granted: null,
  challenge: 'Bearer error="invalid_token"',
}

const MESSAGES: Record<Refusal['code'], string> = {
  invalid_token: INVALID.message,
  key_suspended: 'This API key is suspended. Resume it under API Keys, or use another key.',
  key_revoked: 'This API key was revoked. Create a new key under API Keys.',
  key_expired: 'This API key has expired. Create a new key under API Keys, or move its expiry.',
  key_not_yet_active: 'This API key is not active yet. Wait for its start time, or change it under API Keys.',
  secret_retired: 'This API key was rotated and this secret has retired. Use the secret that replaced it.',
  address_not_allowed: 'This API key may not be used from this address. Add it under API Keys.',
  insufficient_scope: 'This API key lacks a permission.',
  operation_unmapped:
    'No permission covers this endpoint, so only an unrestricted API key may call it. Map it in the workspace’s catalog overlay, or use a full key.',
}

/** The refusal that a denied decision turns into. */
export function refusalOf(denied: Denied): Refusal {
  if (denied.principal === null || GUESSER_REASONS.has(denied.reason)) return INVALID
  const code = denied.reason as Exclude<DenialReason, `credential_${string}`>
  const status = statusOf(denied.reason)
  if (code === 'insufficient_scope') return scopeRefusal(denied)
  const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
  const challenge = `Bearer error="${error}", error_description="${code}"`
  return { status, code, message: MESSAGES[code], required: null, granted: null, challenge }
}

function scopeRefusal({ principal, operation }: Denied): Refusal {
  const requirement = operation?.requirement
  if (principal === null || operation === null || requirement?.kind !== 'level') return INVALID
  const granted: Level = principal.levelAt(operation.permissionIndex)
  const { catalog } = principal.catalog
  const title = catalog.permissions[operation.permissionIndex]?.title ?? requirement.permission
  const required = formatScope(requirement.permission, requirement.level)
  return {
    status: 403,
    code: 'insufficient_scope',
    message:
      `This API key lacks ${title}: ${LEVEL_TITLES[requirement.level]} (it has ${LEVEL_TITLES[granted]}), which ${operation.name} needs. ` +
      `Change it under API Keys > ${principal.keyId}.`,
    required,
    granted: formatScope(requirement.permission, granted),
    challenge: `Bearer error="insufficient_scope", scope="${required}"`,
  }
}
