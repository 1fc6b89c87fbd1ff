/**
 * What every method of retell-sdk is called with in the matrix: parameters as its users send them, in the types of the
 * SDK itself. It is run both here and, as plain JavaScript, in the child process that calls the SDK, so it imports
 * types alone. No two methods send the same request, so that what arrives upstream says which method it came from.
 */
import type Retell from 'retell-sdk'
import type { APIResource } from 'retell-sdk/core/resource'

type ResourceName = {
  [Name in keyof Retell]: Retell[Name] extends APIResource ? Name : never
}[keyof Retell]

/** The methods of the SDK by their names in the documentation, `agent.create` for example. */
export type SdkMethod = {
  [Name in ResourceName]: `${Name}.${keyof Retell[Name] & string}`
}[ResourceName]

type ArgumentsOf<Method extends SdkMethod> = Method extends `${infer Name extends ResourceName}.${infer Rest}`
  ? Rest extends keyof Retell[Name]
    ? Retell[Name][Rest] extends (...parameters: infer Parameters) => unknown
      ? Parameters
      : never
    : never
  : never

type SdkArguments = { readonly [Method in SdkMethod]: ArgumentsOf<Method> }

const AGENT = 'agent_7f0b2d6c51e84a3f9d0c8e21'
const CHAT_AGENT = 'agent_c4a1e8d2097b4f6e8b35a9f0'
const CALL = 'call_a2f9b6e1d04c4c58a3e7190b8d'
const CHAT = 'chat_98c77a21ba234fd8a8f3'
const LLM = 'llm_234sdertfsdsfsdf'
const FLOW = 'conversation_flow_5f8d1c0a9b3e'
const COMPONENT = 'cf_component_0d3a7c9f'
const KNOWLEDGE_BASE = 'knowledge_base_b2e41f0c9a'
const BATCH_TEST = 'test_case_batch_job_41c0e'
const TEST_CASE = 'test_case_definition_9b7e2'
const CONTACT = 'contact_6e01f3ab'
const APP = 'app_hubspot_0c9d'
const VOICE = 'custom_voice_Adrian-é b'

/** A key to the next page as the API gives it: with every character that a query must not take literally. */
const PAGE = 'eyJpZCI6Imxs+bV8x/MjM=&a=1 #?é'

const US_NUMBER = '+14157774444'
const UK_NUMBER = '+442071838750'

const NODES = [
  {
    id: 'start',
    type: 'conversation' as const,
    instruction: { type: 'prompt' as const, text: 'Greet the caller, and ask «what for?»' },
    edges: [
      {
        id: 'edge-1',
        destination_node_id: 'end',
        transition_condition: { type: 'prompt' as const, prompt: 'The caller said good-bye' },
      },
    ],
  },
  { id: 'end', type: 'end' as const },
]

/** Every byte there is, several times over, so that an upload that is read as text somewhere does not survive. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff)
}

function textFile(name: string, type: string, text: string): File {
  return new File([text], name, { type })
}

/** The arguments of each method. A method that is missing here does not compile, and fails the matrix. */
export const SDK_METHODS: SdkArguments = {
  // Build: voice agents
  'agent.create': [
    {
      agent_name: 'Front desk – Müller & Söhne',
      response_engine: { type: 'retell-llm', llm_id: LLM, version: 2 },
      voice_id: '11labs-Adrian',
      language: 'de-DE',
      interruption_sensitivity: 0.8,
      ambient_sound: null,
      boosted_keywords: ['Bitting', 'Schließzylinder', '鍵'],
      webhook_url: 'https://hooks.example.com/retell?tenant=1&v=2',
      post_call_analysis_data: [
        {
          type: 'string',
          name: 'reason',
          description: 'Why they called\nin one line',
          examples: ['"refund"'],
        },
        { type: 'boolean', name: 'solved', description: 'Whether it was solved' },
      ],
    },
  ],
  'agent.retrieve': [AGENT, { version: 3 }],
  'agent.update': [AGENT, { version: 'latest', voice_speed: 1.05, agent_name: 'Front desk' }],
  'agent.list': [
    {
      limit: 50,
      pagination_key: PAGE,
      sort_order: 'descending',
      filter_criteria: { channel: { op: 'eq', type: 'string', value: 'voice' } },
    },
  ],
  'agent.delete': [AGENT],
  'agent.createVersion': [AGENT, { base_version: 3 }],
  'agent.deleteVersion': [AGENT, { version: 2 }],
  'agent.getVersions': [AGENT],
  'agent.listVersions': [AGENT, { limit: 10, sort_order: 'ascending' }],
  'agent.publish': [AGENT, { version: 4, version_title: 'Spring', version_description: 'Opening hours' }],
  'agent.repair': [AGENT, { version: 4 }],

  // Build: chat agents; four methods share their endpoints with voice agents
  'chatAgent.create': [
    {
      agent_name: 'Web chat',
      response_engine: { type: 'conversation-flow', conversation_flow_id: FLOW },
      end_chat_after_silence_ms: 3_600_000,
    },
  ],
  'chatAgent.retrieve': [CHAT_AGENT, { version: 1 }],
  'chatAgent.update': [CHAT_AGENT, { version: 1, auto_close_message: 'Thank you — bye!' }],
  'chatAgent.list': [
    { limit: 20, filter_criteria: { channel: { op: 'eq', type: 'string', value: 'chat' } } },
  ],
  'chatAgent.delete': [CHAT_AGENT],
  'chatAgent.createVersion': [CHAT_AGENT, { base_version: 1 }],
  'chatAgent.deleteVersion': [CHAT_AGENT, { version: 0 }],
  'chatAgent.getVersions': [CHAT_AGENT],
  'chatAgent.publish': [CHAT_AGENT, { version: 2 }],

  // Build: response engines
  'llm.create': [
    {
      model: 'gpt-4.1',
      model_temperature: 0,
      general_prompt: 'You answer the phone.\r\nNever say "I am an AI".',
      begin_message: null,
      general_tools: [
        { type: 'end_call', name: 'end_call', description: 'End the call when the user is done' },
        { type: 'custom', name: 'lookup', url: 'https://api.example.com/lookup?q={{query}}', method: 'POST' },
      ],
      default_dynamic_variables: { company: 'Müller & Söhne' },
    },
  ],
  'llm.retrieve': [LLM, { version: 2 }],
  'llm.update': [LLM, { version: 2, general_prompt: 'You answer the phone, briefly.' }],
  'llm.list': [{ limit: 100, pagination_key: PAGE }],
  'llm.delete': [LLM, { force_delete: true }],
  'conversationFlow.create': [
    {
      model_choice: { type: 'cascading', model: 'gpt-4.1-mini' },
      start_speaker: 'agent',
      start_node_id: 'start',
      nodes: NODES,
    },
  ],
  'conversationFlow.retrieve': [FLOW, { version: 7 }],
  'conversationFlow.update': [FLOW, { version: 7, global_prompt: 'Be kind.', nodes: NODES }],
  'conversationFlow.list': [{ limit: 25, sort_order: 'descending' }],
  'conversationFlow.delete': [FLOW, { force_delete: false }],
  'conversationFlowComponent.create': [{ name: 'Identify the caller', nodes: NODES, start_node_id: 'start' }],
  'conversationFlowComponent.retrieve': [COMPONENT],
  'conversationFlowComponent.update': [COMPONENT, { name: 'Identify the caller (2)' }],
  'conversationFlowComponent.list': [{ limit: 5 }],
  'conversationFlowComponent.delete': [COMPONENT],

  // Build: knowledge, voices, assets
  'knowledgeBase.create': [
    {
      knowledge_base_name: 'Opening hours',
      enable_auto_refresh: true,
      knowledge_base_texts: [{ title: 'Holidays', text: 'Closed on 1 May;\r\n--and on "Pfingsten"--' }],
      knowledge_base_urls: ['https://www.example.com/a?b=c&d=e', 'https://www.example.com/ü'],
      knowledge_base_files: [
        textFile('hours.md', 'text/markdown', '# Hours\n\n9–17\n'),
        new File([bytes(70_000)], 'price "list" 2027.pdf', { type: 'application/pdf' }),
      ],
    },
  ],
  'knowledgeBase.retrieve': [KNOWLEDGE_BASE],
  'knowledgeBase.list': [],
  'knowledgeBase.delete': [KNOWLEDGE_BASE],
  'knowledgeBase.addSources': [
    KNOWLEDGE_BASE,
    {
      knowledge_base_urls: ['https://www.example.com/news'],
      knowledge_base_files: [textFile('empty.txt', 'text/plain', '')],
    },
  ],
  'knowledgeBase.deleteSource': ['source_77', { knowledge_base_id: KNOWLEDGE_BASE }],
  'voice.retrieve': [VOICE],
  'voice.list': [],
  'voice.addResource': [
    { provider_voice_id: 'pFZP5JQG7iQjIQuC4Bku', voice_name: 'Lily', voice_provider: 'elevenlabs' },
  ],
  'voice.clone': [
    {
      voice_name: 'Ädrian',
      voice_provider: 'cartesia',
      files: [
        new File([bytes(200_003)], 'sample-1.wav', { type: 'audio/wav' }),
        new File([bytes(1)], 'sample-2.wav', { type: 'audio/wav' }),
      ],
    },
  ],
  'voice.search': [{ search_query: 'warm female British', voice_provider: 'elevenlabs' }],
  'asset.create': [{ file: new File([bytes(4096)], 'hold-music.mp3', { type: 'audio/mpeg' }) }],
  'mcpTool.getMcpTools': [AGENT, { mcp_id: 'mcp 1&2', version: 3 }],

  // Build: testing
  'tests.createBatchTest': [
    { response_engine: { type: 'retell-llm', llm_id: LLM }, test_case_definition_ids: [TEST_CASE, 'other'] },
  ],
  'tests.createTestCaseDefinition': [
    {
      name: 'Refund',
      metrics: ['The agent offers a refund'],
      user_prompt: 'You want your money back.',
      response_engine: { type: 'conversation-flow', conversation_flow_id: FLOW, version: 7 },
      tool_mocks: [{ tool_name: 'lookup', input_match_rule: { type: 'any' }, output: '{"found":true}' }],
    },
  ],
  'tests.deleteTestCaseDefinition': [TEST_CASE],
  'tests.getBatchTest': [BATCH_TEST],
  'tests.getTestCaseDefinition': [TEST_CASE],
  'tests.getTestRun': ['test_case_job_0f3'],
  'tests.listBatchTests': [{ type: 'retell-llm', llm_id: LLM, version: 2, limit: 10 }],
  'tests.listTestCaseDefinitions': [{ type: 'conversation-flow', conversation_flow_id: FLOW }],
  'tests.listTestRuns': [BATCH_TEST, { limit: 10, pagination_key: PAGE }],
  'tests.updateTestCaseDefinition': [TEST_CASE, { metrics: ['The agent stays polite'] }],
  'playground.completion': [
    AGENT,
    {
      version: 3,
      messages: [
        { role: 'agent', content: 'Hello, how can I help?' },
        { role: 'user', content: 'Mein Schlüssel ist weg 🔑' },
      ],
      dynamic_variables: { customer_name: 'Ada' },
    },
  ],

  // Monitor: calls, chats and exports
  'call.retrieve': [CALL],
  'call.update': [CALL, { metadata: { customer: 42 }, custom_attributes: { vip: true, score: 9.5 } }],
  'call.list': [
    {
      limit: 1000,
      sort_order: 'descending',
      filter_criteria: {
        agent: [{ agent_id: AGENT, version: [1, 2] }],
        start_timestamp: { op: 'bt', type: 'range', value: [1_767_225_600_000, 1_769_904_000_000] },
      },
    },
  ],
  'call.delete': [CALL],
  'call.rerunAnalysis': [CALL],
  'chat.retrieve': [CHAT],
  'chat.update': [CHAT, { metadata: null, override_dynamic_variables: { name: 'Ada' } }],
  'chat.list': [{ filter_criteria: { chat_status: { op: 'in', type: 'enum', value: ['ended'] } }, skip: 20 }],
  'chat.delete': [CHAT],
  'chat.rerunAnalysis': [CHAT],
  'exportRequest.list': [{ limit: 3, sort_order: 'ascending' }],

  // Deploy: calls and chats
  'call.createPhoneCall': [
    {
      from_number: US_NUMBER,
      to_number: UK_NUMBER,
      override_agent_id: AGENT,
      override_agent_version: 'prod',
      metadata: { ticket: 'T-1' },
      retell_llm_dynamic_variables: { name: 'Žofie' },
      custom_sip_headers: { 'X-Ticket': 'T-1' },
    },
  ],
  'call.createWebCall': [{ agent_id: AGENT, agent_version: 3, metadata: {} }],
  'call.listenLive': [CALL],
  'call.registerPhoneCall': [
    { agent_id: AGENT, direction: 'inbound', from_number: UK_NUMBER, to_number: US_NUMBER },
  ],
  'call.stop': [CALL],
  'call.takeOverLive': [CALL, { participant_id: 'supervisor-1' }],
  'call.updateLive': [
    CALL,
    { call_control: { additional_context: 'The caller is a VIP', trigger_response: true } },
  ],
  'batchCall.createBatchCall': [
    {
      from_number: US_NUMBER,
      name: 'Reminders',
      trigger_timestamp: 1_798_790_400_000,
      tasks: [
        { to_number: UK_NUMBER, retell_llm_dynamic_variables: { day: 'Monday' } },
        { to_number: '+4930901820', metadata: [1, null, 'x'] },
      ],
    },
  ],
  'chat.create': [{ agent_id: CHAT_AGENT, metadata: { page: '/pricing' } }],
  'chat.createChatCompletion': [{ chat_id: CHAT, content: 'Do you open on Sunday?' }],
  'chat.createSMSChat': [{ from_number: US_NUMBER, to_number: UK_NUMBER, override_agent_id: CHAT_AGENT }],
  'chat.end': [CHAT],

  // Deploy: phone numbers
  'phoneNumber.create': [
    {
      area_code: 415,
      country_code: 'US',
      nickname: 'Front desk',
      inbound_agents: [{ agent_id: AGENT, weight: 1 }],
      toll_free: false,
    },
  ],
  'phoneNumber.retrieve': [US_NUMBER],
  'phoneNumber.update': [US_NUMBER, { nickname: null, fallback_number: UK_NUMBER }],
  'phoneNumber.list': [{ limit: 50 }],
  'phoneNumber.delete': [US_NUMBER],
  'phoneNumber.import': [
    {
      phone_number: UK_NUMBER,
      termination_uri: 'someuri.pstn.twilio.com',
      sip_trunk_auth_username: 'trunk',
      sip_trunk_auth_password: 'pass/word+=',
    },
  ],

  // What any live key may ask
  'concurrency.retrieve': [],
  'identity.retrieve': [],

  // Contacts, apps and CRM, which the API Keys page does not name
  'contact.create': [
    { phone_number: UK_NUMBER, first_name: 'Zoë', tags: ['vip', 'a,b'], do_not_call: false },
  ],
  'contact.update': [CONTACT, { last_name: "O'Neill", custom_fields: { plan: 'gold' } }],
  'contact.list': [{ search_query: 'Zoë', limit: 10, sort_order: 'asc' }],
  'contact.delete': [CONTACT],
  'contact.backfillAnalysisData': [
    { backfill_attributes: ['plan'], backfill_call_filter: { agent: [{ agent_id: AGENT }] } },
  ],
  'contact.createImport': [
    {
      upload_id: 'upload_55',
      column_mapping: [{ external_field_name: 'Telefon', field_name: 'phone_number' }],
      default_country: 'GB',
    },
  ],
  'contact.get': [CONTACT],
  'contact.getBackfillJobStatus': [],
  'contact.getByPhone': [UK_NUMBER],
  'contact.getImport': [],
  'contact.listConversations': [CONTACT, { limit: 2, pagination_key: PAGE }],
  'contact.uploadImportFile': [
    { file: textFile('contacts é.csv', 'text/csv', `phone,name\n${UK_NUMBER},"Zoë ""Z"""\n`) },
  ],
  'app.create': [
    {
      provider: 'hubspot',
      type: 'crm',
      name: 'HubSpot',
      auth_config: { type: 'api_key', api_key: 'pat-eu1-0' },
    },
  ],
  'app.update': [APP, { name: 'HubSpot EU' }],
  'app.list': [{ limit: 10 }],
  'app.delete': [APP, { force_delete: true }],
  'app.get': [APP],
  'app.listUsages': [APP, { sort_order: 'ascending' }],
  'app.testAuth': [APP],
  'crm.getConfig': [],
  'crm.getSchema': [{ app_id: APP }],
  'crm.getSyncJobStatus': [],
  'crm.runSyncJob': [],
  'crm.updateConfig': [
    { app_id: APP, custom_fields: [{ name: 'plan', type: 'enum', options: ['gold', 'free'] }] },
  ],
}
