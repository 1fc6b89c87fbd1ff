export { ApiError, type Problem } from './api-error.js'
export { type AuditClient } from './audit-client.js'
export { type CatalogClient } from './catalog-client.js'
export { ConnectionError } from './connection-error.js'
export { type DeleteCondition, type KeyClient } from './key-client.js'
export { ManagementClient } from './management-client.js'
export { type InvitationClient, type MemberClient, type SignInPolicyClient } from './people-client.js'
export type {
  CreateInvitationRequest,
  InvitationView,
  InvitationWithLink,
  MembershipView,
  MemberView,
  OfferedInvitationView,
  OwnSessionView,
  PasskeyView,
  SessionView,
  SetSignInPolicyRequest,
  SignInOptionsView,
  SignInPolicyView,
  SignInResult,
  SingleSignOnRequest,
  SingleSignOnView,
} from './people-views.js'
export { isPresetId, presetAccess, PRESETS, type Preset, type PresetId } from './presets.js'
export { type ClientOptions } from './transport.js'
export { type UsageClient } from './usage-client.js'
export type {
  AttentionItem,
  AttentionReason,
  AttentionView,
  UsageFilter,
  UsagePoint,
  UsageView,
} from './usage-views.js'
export type {
  ApplicationAuditEntry,
  AuditEntryProofView,
  AuditFilter,
  CallerView,
  CatalogView,
  ConsistencyProofView,
  CreateKeyRequest,
  DecisionView,
  InclusionProofView,
  KeyFilter,
  KeySort,
  KeyView,
  KeyWithToken,
  MarkView,
  NodesView,
  NodeView,
  OperationView,
  Page,
  PageRequest,
  PermissionView,
  RevokeKeyRequest,
  SecretView,
  SectionView,
  UpdateKeyRequest,
  UpdateWorkspaceRequest,
  VerifyTokenRequest,
  WorkspaceView,
} from './views.js'
export {
  type EventClient,
  type WebhookEndpointClient,
  type WebhookKeyClient,
  type WebhookRelayClient,
} from './webhook-client.js'
export type {
  CreateWebhookEndpointRequest,
  CreateWebhookRelayRequest,
  EventDetail,
  EventFilter,
  EventView,
  PublishEventRequest,
  ResendRequest,
  SetWebhookKeyRequest,
  UpdateWebhookEndpointRequest,
  WebhookAttemptView,
  WebhookDeliveryDetail,
  WebhookDeliveryFilter,
  WebhookDeliveryState,
  WebhookDeliveryView,
  WebhookEndpointState,
  WebhookEndpointView,
  WebhookEndpointWithSecret,
  WebhookHandshakeView,
  WebhookKeyView,
  WebhookListFilter,
  WebhookProbeCheckView,
  WebhookProbeView,
  WebhookRelayView,
} from './webhook-views.js'
export { type WorkspaceClient } from './workspace-client.js'
export { fetchWebhookAsync, type FetchWebhookHandler } from './webhooks/fetch-webhook-async.js'
export { openWebhookAsync } from './webhooks/open-async.js'
export type {
  AcceptedWebhook,
  OpenedWebhook,
  OpenWebhookOptions,
  RefusedWebhook,
  WebhookHeaders,
  WebhookRefusal,
} from './webhooks/opened.js'
export { type ReceiveWebhookOptions } from './webhooks/receive.js'
export { MemoryReplayGuard, type ReplayGuard } from './webhooks/replay-guard.js'
