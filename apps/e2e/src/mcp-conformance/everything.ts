import * as z from 'zod'

/**
 * What the `server` scenarios of the MCP conformance suite ask a server for, by the names that they know. Both lines of
 * the SDK register the same; only how a handler reaches its client differs, and that is {@link Asking}.
 */

/** The client that a tool runs for. */
export interface Asking {
  progressToken: string | number | undefined
  /** Sends a notification along with the answer. */
  notify(method: string, params: Record<string, unknown>): Promise<void>
  /** Asks the client for something, and waits for it. */
  ask(method: 'sampling/createMessage' | 'elicitation/create', params: object): Promise<object>
  /** Ends the stream while the tool goes on, where streams can be resumed. */
  closeStream?(): void
}

export interface Tool {
  description: string
  arguments: z.ZodObject
  run(args: Readonly<Record<string, unknown>>, client: Asking): Promise<Answer>
}

export type Content =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType: string; text: string } }

export interface Answer {
  content: Content[]
  /** The SDKs' types of results are open. */
  [more: string]: unknown
}

/** One red dot. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
/** The head of a recording, and nothing recorded. */
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

export const text = (value: string): Answer => ({ content: [{ type: 'text', text: value }] })
const image: Content = { type: 'image', data: png, mimeType: 'image/png' }
const embedded = (uri: string, mimeType: string, value: string): Content => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
})

const nothing = z.object({})
/** As long as the scenarios want between two messages of a tool. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))

function answering(description: string, ...content: Content[]): Tool {
  return { description, arguments: nothing, run: async () => ({ content }) }
}

function asking(description: string, message: string, properties: object): Tool {
  const requestedSchema = { type: 'object', properties, required: [] }
  return {
    description,
    arguments: nothing,
    run: async (_, client) =>
      text(
        `Answered: ${JSON.stringify(await client.ask('elicitation/create', { message, requestedSchema }))}`,
      ),
  }
}

export const tools: Readonly<Record<string, Tool>> = {
  test_simple_text: answering('Says a sentence', {
    type: 'text',
    text: 'This is a simple text response for testing.',
  }),
  test_image_content: answering('Shows an image', image),
  test_audio_content: answering('Plays nothing', { type: 'audio', data: wav, mimeType: 'audio/wav' }),
  test_embedded_resource: answering(
    'Embeds a resource',
    embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ),
  test_multiple_content_types: answering(
    'Several kinds of content',
    { type: 'text', text: 'Multiple content types test:' },
    image,
    embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ),
  test_error_handling: {
    description: 'Fails',
    arguments: nothing,
    async run() {
      throw new Error('This tool intentionally returns an error for testing')
    },
  },
  test_tool_with_logging: {
    description: 'Logs while it runs',
    arguments: nothing,
    async run(_, client) {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await client.notify('notifications/message', { level: 'info', data })
        await pause()
      }
      return text('logged')
    },
  },
  test_tool_with_progress: {
    description: 'Tells how far it is',
    arguments: nothing,
    async run(_, client) {
      const { progressToken } = client
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined)
          await client.notify('notifications/progress', { progressToken, progress, total: 100 })
        await pause()
      }
      return text('done')
    },
  },
  test_reconnection: {
    description: 'Answers on a stream that was resumed',
    arguments: nothing,
    async run(_, client) {
      client.closeStream?.()
      await pause()
      return text('resumed')
    },
  },
  test_sampling: {
    description: 'Asks the model of the client',
    arguments: z.object({ prompt: z.string() }),
    async run({ prompt }, client) {
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }]
      const answer = await client.ask('sampling/createMessage', { messages, maxTokens: 100 })
      return text(`LLM response: ${JSON.stringify(answer)}`)
    },
  },
  test_elicitation: {
    description: 'Asks the person',
    arguments: z.object({ message: z.string() }),
    async run({ message }, client) {
      const field = (description: string) => ({ type: 'string', description })
      const requestedSchema = {
        type: 'object',
        properties: { username: field("User's response"), email: field("User's email address") },
        required: ['username', 'email'],
      }
      return text(
        `User response: ${JSON.stringify(await client.ask('elicitation/create', { message, requestedSchema }))}`,
      )
    },
  },
  test_elicitation_sep1034_defaults: asking('Asks with answers filled in', 'Is this right?', {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  }),
  test_elicitation_sep1330_enums: asking('Asks for a choice', 'Which?', {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('value1', 'value2', 'value3') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('value1', 'value2', 'value3') } },
  }),
}

function titled(...values: string[]): { const: string; title: string }[] {
  return values.map((value) => ({ const: value, title: `The ${value}` }))
}

export interface Resource {
  name: string
  uri: string
  description: string
  mimeType: string
  contents: { text: string } | { blob: string }
}

export const resources: readonly Resource[] = [
  {
    name: 'static-text',
    uri: 'test://static-text',
    description: 'A text',
    mimeType: 'text/plain',
    contents: { text: 'This is the content of the static text resource.' },
  },
  {
    name: 'static-binary',
    uri: 'test://static-binary',
    description: 'An image',
    mimeType: 'image/png',
    contents: { blob: png },
  },
  {
    name: 'watched-resource',
    uri: 'test://watched-resource',
    description: 'One to subscribe to',
    mimeType: 'text/plain',
    contents: { text: 'It never changes.' },
  },
]

export const template = {
  uri: 'test://template/{id}/data',
  description: 'By number',
  mimeType: 'application/json',
  read: (id: string) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
}

export interface Prompt {
  description: string
  arguments?: z.ZodObject<Record<string, z.ZodString>>
  contents(args: Readonly<Record<string, string>>): Content[]
}

export const prompts: Readonly<Record<string, Prompt>> = {
  test_simple_prompt: {
    description: 'One sentence',
    contents: () => [{ type: 'text', text: 'This is a simple prompt for testing.' }],
  },
  test_prompt_with_arguments: {
    description: 'Repeats its arguments',
    arguments: z.object({ arg1: z.string(), arg2: z.string() }),
    contents: ({ arg1, arg2 }) => [
      { type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` },
    ],
  },
  test_prompt_with_embedded_resource: {
    description: 'Embeds a resource',
    arguments: z.object({ resourceUri: z.string() }),
    contents: ({ resourceUri = '' }) => [
      embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
      { type: 'text', text: 'Please process the embedded resource above.' },
    ],
  },
  test_prompt_with_image: {
    description: 'Shows an image',
    contents: () => [image, { type: 'text', text: 'Please analyze the image above.' }],
  },
}

export const capabilities = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
}

/** In the vocabulary of JSON Schema 2020-12; a schema library would write another. */
export const schema2020 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object' as const,
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}
