import { expect, it } from 'vitest'
import { account, button } from './endpoints/account.fixture.ts'
import { ada, setUp } from './endpoints/sign-in.fixture.ts'

// What a provider says of somebody may be whatever that person entered there.
const address = 'mallory@evil.example'
const hostile = `${address}\u202e\n<script>pwned = 1</script>\u200b"'${'\ud83d\ude00'.repeat(5000)}`

it('an account with a hostile name is a short text on the page, in the record and nowhere else', async () => {
  const kept: string[] = []
  const w = setUp({
    verify: async () => ({ sub: '1', account: hostile, claims: { name: hostile } }),
    storage: (inner) => ({
      ...inner,
      put: (key, value, condition) => {
        if (key.startsWith('session/')) kept.push(JSON.stringify(value))
        return inner.put(key, value, condition)
      },
    }),
  })
  const signedOut = await w.person.open(account)
  const there = await w.person.submit(signedOut, button(signedOut, 'provider'))
  const [go] = there.forms.flatMap(({ buttons }) => buttons)
  if (!go) throw new Error(there.text)
  const page = await w.person.submit(there, go, ada.fields)
  expect(page.text).toContain(`signed in as ${address}`)
  expect(page.body).not.toMatch(/<script|[\u202e\u200b]|(\ud83d\ude00){100}/)
  expect(kept).toHaveLength(1)
  expect(kept.join('').length).toBeLessThan(2000)
  for (const { value } of w.person.cookies.list()) expect(value.length).toBeLessThan(200)
  const told = JSON.stringify([w.events, w.lines])
  for (const untold of [address, 'mallory', 'pwned', '\ud83d\ude00']) expect(told).not.toContain(untold)
})

it('an account whose name is nothing that can be seen is there all the same', async () => {
  const w = setUp({ verify: async () => ({ sub: '1', account: '\u200b\u202e', claims: { name: '' } }) })
  const signedOut = await w.person.open(account)
  const there = await w.person.submit(signedOut, button(signedOut, 'provider'))
  const [go] = there.forms.flatMap(({ buttons }) => buttons)
  if (!go) throw new Error(there.text)
  const page = await w.person.submit(there, go, ada.fields)
  expect(page.text).toMatch(/signed in as 1 at your Acme account/)
})
