import { randomBytes } from 'node:crypto'
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type InputRequests,
  inputRequired,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import * as z from 'zod'
import { text } from './everything.ts'

/** Handlers that answer with what they need first; the client comes back with it (SEP-2322). */

const codec = createRequestStateCodec<{ round: number }>({ key: randomBytes(32) })

/** What a client brings back is checked before a handler sees it. */
export const requestState = { verify: codec.verify }

const form = (message: string, field: string, type: 'string' | 'boolean') => {
  const property = type === 'string' ? { type: 'string' as const } : { type: 'boolean' as const }
  const requestedSchema = { type: 'object' as const, properties: { [field]: property }, required: [field] }
  return inputRequired.elicit({ message, requestedSchema })
}
const sample = (question: string) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: question } }],
    maxTokens: 100,
  })
const nameForm = () => form('What is your name?', 'name', 'string')
const all = (): InputRequests => ({
  user_name: nameForm(),
  greeting: sample('Generate a greeting'),
  client_roots: inputRequired.listRoots(),
})

type Rounds = (
  context: ServerContext['mcpReq'],
) => Promise<ReturnType<typeof text> | ReturnType<typeof inputRequired>>

/** Asks in one round, and tells in the next what came. */
function once(requests: () => InputRequests): Rounds {
  return async ({ inputResponses = {} }) => {
    const inputRequests = requests()
    const isThere = Object.entries(inputRequests).every(([key, { method }]) =>
      method === 'elicitation/create'
        ? Object.keys(acceptedContent(inputResponses, key) ?? {}).length > 0
        : inputResponses[key] !== undefined,
    )
    return isThere ? text(`Got ${JSON.stringify(inputResponses)}`) : inputRequired({ inputRequests })
  }
}

/** The same, with a state that has to come back. */
function withState(requests: () => InputRequests, words: string): Rounds {
  return async (request) => {
    if (request.requestState() !== undefined && request.inputResponses) return text(words)
    return inputRequired({ inputRequests: requests(), requestState: await codec.mint({ round: 1 }) })
  }
}

const confirm = () => ({ confirm: form('Please confirm', 'ok', 'boolean') })

const tools: Readonly<Record<string, Rounds>> = {
  test_input_required_result_elicitation: once(() => ({ user_name: nameForm() })),
  test_input_required_result_sampling: once(() => ({
    capital_question: sample('What is the capital of France?'),
  })),
  test_input_required_result_list_roots: once(() => ({ client_roots: inputRequired.listRoots() })),
  test_input_required_result_request_state: withState(confirm, 'state-ok'),
  test_input_required_result_tampered_state: withState(confirm, 'integrity-ok'),
  test_input_required_result_multiple_inputs: withState(all, 'Got all of it'),
  // Before anything else it needs a client with a model.
  test_missing_capability: once(() => ({ answer: sample('Which word?') })),
  async test_input_required_result_multi_round(request) {
    const round = request.requestState<{ round: number }>()?.round ?? 0
    if (round === 2) return text('Both steps are done')
    const inputRequests: InputRequests =
      round === 0
        ? { step1: form('Step 1: What is your name?', 'name', 'string') }
        : { step2: form('Step 2: What is your favorite color?', 'color', 'string') }
    return inputRequired({ inputRequests, requestState: await codec.mint({ round: round + 1 }) })
  },
  async test_input_required_result_capabilities({ envelope, inputResponses }) {
    const declared: Readonly<Record<string, unknown>> = { ...envelope }
    const can = Object(declared[CLIENT_CAPABILITIES_META_KEY])
    const needs = { user_name: 'elicitation', greeting: 'sampling', client_roots: 'roots' }
    const inputRequests = Object.fromEntries(
      Object.entries(all()).filter(([key]) => can[needs[key as keyof typeof needs]] !== undefined),
    )
    return inputResponses || Object.keys(inputRequests).length === 0
      ? text('Nothing more is needed')
      : inputRequired({ inputRequests })
  },
}

export function registerInputRequired(server: McpServer): void {
  for (const [name, run] of Object.entries(tools)) {
    server.registerTool(
      name,
      { description: 'Needs something first', inputSchema: z.object({}) },
      (_, { mcpReq }) => run(mcpReq),
    )
  }
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Needs something first', argsSchema: z.object({}) },
    async (_, { mcpReq }) => {
      const given = acceptedContent<{ context: string }>(mcpReq.inputResponses, 'user_context')
      if (!given) {
        const user_context = form('What context should the prompt use?', 'context', 'string')
        return inputRequired({ inputRequests: { user_context } })
      }
      return {
        messages: [{ role: 'user' as const, content: { type: 'text' as const, text: given.context } }],
      }
    },
  )
}
