import { type Call, callJson, type NoJson } from '@drawbridge/core/provider'

/** A JSON document that was fetched, or why there is none. Reasons are for the operator. */
export type JsonDocument =
  | { status: 'ok'; body: unknown }
  | { status: 'failed'; reason: string; code?: number }

export type JsonRequest = (url: string, init?: RequestInit) => Promise<JsonDocument>

/** Fetches JSON documents, of which only those count that come with status 200. Throws nothing. */
export function jsonRequest(call: Call): JsonRequest {
  return async (url, init) => {
    try {
      const { status, body } = await callJson(call, url, init)
      if (status === 200) return { status: 'ok', body }
      return { status: 'failed', reason: `${new URL(url).host} answered ${status}`, code: status }
    } catch (error) {
      const { message, status } = error as NoJson
      return { status: 'failed', reason: message, ...(status !== undefined && { code: status }) }
    }
  }
}
