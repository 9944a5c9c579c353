import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { detailOf } from '../../../packages/core/src/events.ts'
import { issuer, world } from './world.ts'

it('a log that is async and fails does not end the process when a stranger comes by', async () => {
  const unhandled: unknown[] = []
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const note = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const { fetch } = world({
      log: async () => {
        throw new Error('ENOSPC')
      },
    })
    await fetch(`${issuer}/authorize?client_id=nobody`)
    await wait(20)
  } finally {
    process.off('unhandledRejection', note)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
  expect(unhandled).toEqual([])
})

it.each([
  ['percent-encoded', 'GET https://login.test/authorize?login_hint=ada%40acme.dev failed', 'ada%40acme.dev'],
  ['of a domain that is not ASCII', 'User account ада@почта.рф does not exist', 'ада'],
  ['with a quoted local part', 'unknown user "ada.lovelace"@acme.dev', 'ada.lovelace'],
])('an e-mail address is in no detail: %s', (_, text, address) => {
  expect(detailOf(new Error(text))).not.toContain(address)
})

it('a secret in plain base64 is in no detail, wherever its slashes are', () => {
  const secret = 'Vq3x8m0TtS2yYk7s/zR5uWb1cDf4gHj6/lN9oQeXaZB8='
  expect(detailOf(new Error(`the client_secret ${secret} is wrong`))).not.toContain('Vq3x8m0TtS2yYk7s')
})
