export {
  accessDiff,
  accessEquals,
  operationsBeyond,
  splitOperations,
  type AccessDiff,
  type LevelChange,
} from './access-diff.js'
export { AccessMatrix, type AccessMatrixProps, type Levels } from './access-matrix.js'
export { AccessSummary, summariseAccess, type AccessSummaryProps } from './access-summary.js'
export { CapabilityList, type CapabilityListProps } from './capability-list.js'
export { catalogQuery, useCatalog } from './catalogs.js'
export { CreateKeyDialog, type CreateKeyDialogProps } from './create-key-dialog.js'
export { DiscardDialog } from './discard-dialog.js'
export { EditKeyDialog, type EditKeyDialogProps } from './edit-key-dialog.js'
export { ENVIRONMENT_TITLES } from './identity-fields.js'
export type { KeyPart } from './key-part.js'
export { TokenDialog, type TokenDialogProps } from './token-dialog.js'
