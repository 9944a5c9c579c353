import { sha256 } from '../crypto/hash.ts'
import { randomText } from '../crypto/random.ts'
import { Unavailable } from '../errors.ts'
import { replace, type Versioned } from '../records/records.ts'
import { type TransactionRecord, transactionExpiry } from '../records/transaction.ts'
import type { LoginServer } from './login-attempt.ts'
import { onward } from './sign-in-location.ts'

/** Begins a second round at the provider, with a verifier and a nonce of its own. */
export async function askAgain(
  server: LoginServer,
  transaction: Versioned<TransactionRecord>,
  callback: URLSearchParams,
): Promise<Response> {
  const { records } = server
  const { approval, attempt, ...rest } = transaction.value
  if (!approval) throw new Unavailable('callback: nothing was approved')
  const again = { spent_code: sha256(callback.get('code') ?? '') }
  const value: TransactionRecord = {
    ...rest,
    approval: { ...approval, code_verifier: randomText(), nonce: randomText(), again },
  }
  const written = await replace(records, transaction, value, transactionExpiry(value))
  if (!written) throw new Unavailable('callback: another request was faster')
  return onward(server, value, callback.get('state') ?? '')
}

/** Whether this code brought the browser to a second round, or to the consent page after all. */
export function isSpent(
  { approval, other_account }: Readonly<TransactionRecord>,
  code: string | undefined,
): boolean {
  const spent = [approval?.again?.spent_code, other_account?.spent_code]
  return spent.includes(sha256(code ?? ''))
}
