export type { ActiveCatalog, TableWorkspace } from './active-catalog.js'
export {
  parseAddress,
  parseAddressRange,
  rangeContains,
  rangeIncludes,
  type Address,
  type AddressRange,
} from './address.js'
export { assert, unreachable } from './assert.js'
export {
  AUDIT_ACTIONS,
  maskCredentials,
  mayHoldCredentials,
  type AuditAction,
  type AuditEntry,
} from './audit-entry.js'
export { BASE62_ALPHABET, encodeBase62, randomBase62, type RandomBytes } from './base62.js'
export { decodeBase64, encodeBase64 } from './base64.js'
export { parseBearer, type BearerCredential } from './bearer.js'
export {
  describeAccess,
  overlayCatalog,
  packAccess,
  validateAccess,
  type AccessError,
  type Catalog,
  type ErrorShape,
  type Operation,
  type OverlayError,
  type OverlayMapping,
  type Requirement,
  type Section,
} from './catalog.js'
export { formatCatalog, parseCatalog, type CatalogTextError } from './catalog-text.js'
export {
  cosignatureMessage,
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  peekCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type CheckpointSigner,
  type OpenedCheckpoint,
} from './checkpoint.js'
export {
  ADDRESSES_MAX,
  addressAllowed,
  conditionsWithin,
  NO_CONDITIONS,
  parseAddressList,
  type AddressList,
  type Conditions,
} from './conditions.js'
export { crc32 } from './crc32.js'
export { type Allowed, type Decision, type Denied } from './decision.js'
export { GUESSER_REASONS, statusOf, type DenialReason } from './denial.js'
export {
  ceilingExcess,
  environmentIncludes,
  ENVIRONMENTS,
  OPEN_CEILINGS,
  type Ceilings,
  type Environment,
} from './environment.js'
export {
  canChange,
  isUsable,
  KEY_STATES,
  keyState,
  type KeyState,
  type StateChange,
  type StateMarks,
} from './key-state.js'
export { KeyTable, TABLE_SECRETS_MAX, type KeyEntry } from './key-table.js'
export {
  CompactTree,
  consistencyNodes,
  consistencyProof,
  emptyRoot,
  HASH_LENGTH,
  inclusionNodes,
  inclusionProof,
  leafHash,
  nodeHash,
  treeRoot,
  type NodeReader,
  type Sha256,
  type TreeNode,
} from './merkle.js'
export {
  verifyConsistency,
  verifyInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
} from './merkle-verify.js'
export { OperationMatcher } from './operation-matcher.js'
export { parseRequestTarget, PATH_LENGTH_MAX, type RequestTarget, type TargetFlaw } from './request-target.js'
export { accessAllows, roleAccess, ROLES, type Role } from './role.js'
export {
  accessExcess,
  accessIncludes,
  LEVEL_TITLES,
  levelOf,
  LEVELS,
  normaliseAccess,
  PERMISSIONS_MAX,
  rankOf,
  type Access,
  type Level,
  type Permission,
} from './permission.js'
export { Principal } from './principal.js'
export {
  problemDocument,
  ProblemError,
  PROBLEMS,
  type FieldError,
  type ProblemCode,
  type ProblemDocument,
  type ProblemExtras,
} from './problem.js'
export { refusalOf, type Refusal } from './refusal.js'
export { formatScope, formatScopes, parseScopes } from './scope.js'
export {
  formatNote,
  formatVerifierKey,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  NOTE_SIGNATURES_MAX,
  noteKeyId,
  openNote,
  parseNote,
  parseVerifierKey,
  type Note,
  type NoteCrypto,
  type NoteSignature,
  type NoteSigner,
  type OpenedNote,
  type SignEd25519,
  type VerifierKey,
  type VerifyEd25519,
} from './signed-note.js'
export {
  entriesPath,
  formatEntryBundle,
  nodeFromTile,
  parseTilePath,
  TILE_HEIGHT,
  TILE_WIDTH,
  tileOfNode,
  tilePath,
  type NodePlace,
  type TilePath,
} from './tiles.js'
export { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.js'
export {
  checksumHolds,
  DEFAULT_BRAND,
  formatToken,
  isBrand,
  keyIdOf,
  newKeyId,
  newToken,
  parseToken,
  secretIdOf,
  tokenPrefix,
  type KeyKind,
  type Token,
} from './token.js'
export { authenticate, authorise, verify, type DigestFunction, type VerifyRequest } from './verify.js'
export {
  ACCEPTED_WEBHOOK_SCHEMES,
  readWebhookClaims,
  WEBHOOK_SIGNATURES_MAX,
  type ReadHeader,
  type WebhookClaim,
  type WebhookClaims,
  type WebhookFlaw,
  type WebhookRules,
} from './webhook-claims.js'
export {
  signWebhook,
  WEBHOOK_SCHEMES,
  type SignParts,
  type WebhookContent,
  type WebhookScheme,
  type WebhookSigners,
} from './webhook-signature.js'
