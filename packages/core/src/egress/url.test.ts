import { describe, expect, it } from 'vitest'
import { EgressFailed, type EgressFailure } from './egress.ts'
import { fetchable } from './url.ts'

function refusal(text: string): EgressFailure | undefined {
  try {
    fetchable(text)
  } catch (error) {
    expect(error).toBeInstanceOf(EgressFailed)
    return (error as EgressFailed).reason
  }
  return undefined
}

it.each<[text: string, host: string, port: number]>([
  ['https://client.example/client.json', 'client.example', 443],
  ['https://client.example', 'client.example', 443],
  ['https://client.example?a=b', 'client.example', 443],
  ['HTTPS://Client.Example:443/', 'client.example', 443],
  ['https://a-b_c.client.example:8443/', 'a-b_c.client.example', 8443],
  ['https://client.example:1024/', 'client.example', 1024],
  ['https://bücher.example/', 'xn--bcher-kva.example', 443],
  ['https://localhost.example/', 'localhost.example', 443],
  ['https://a.mylocal/', 'a.mylocal', 443],
  ['https://10.0.0.1.example/', '10.0.0.1.example', 443],
])('%s is fetched from %s', (text, host, port) => {
  expect(fetchable(text)).toMatchObject({ host, port, isAddress: false })
})

it.each([
  ['https://1.1.1.1/', '1.1.1.1'],
  ['https://0x01010101/', '1.1.1.1'],
  ['https://[2606:4700::1111]/', '2606:4700::1111'],
])('%s is fetched from the address %s', (text, host) => {
  expect(fetchable(text)).toMatchObject({ host, isAddress: true })
})

describe('an address that is not public', () => {
  it.each([
    ['decimal', 'https://2130706433/'],
    ['octal', 'https://0177.0.0.1/'],
    ['octal, padded', 'https://0000177.0.0.01/'],
    ['hexadecimal', 'https://0x7f000001/'],
    ['hexadecimal in parts', 'https://0x7f.0x0.0x0.0x1/'],
    ['of mixed numbers', 'https://0xa9.254.0251.0376/'],
    ['shortened', 'https://127.1/'],
    ['shortened to three parts', 'https://10.0.1/'],
    ['zero', 'https://0/'],
    ['with a dot at its end', 'https://127.0.0.1./'],
    ['in wide digits', 'https://１２７.０.０.１/'],
    ['in circles', 'https://①②⑦.0.0.1/'],
    ['with another dot', 'https://127。0。0。1/'],
    ['escaped', 'https://%31%32%37.0.0.1/'],
    ['mapped', 'https://[::ffff:127.0.0.1]/'],
    ['mapped, in hexadecimal', 'https://[::ffff:7f00:1]/'],
    ['mapped, in full', 'https://[0:0:0:0:0:ffff:7f00:0001]/'],
    ['NAT64', 'https://[64:ff9b::a00:1]/'],
    ['6to4', 'https://[2002:a00:1::]/'],
    ['Teredo', 'https://[2001:0:0:0:0:0:f5ff:fffe]/'],
    ['IPv4-compatible', 'https://[::127.0.0.1]/'],
    ['loopback', 'https://[::1]:8443/'],
    ['link-local', 'https://[fe80::1]/'],
    ['of metadata', 'https://169.254.169.254/latest/meta-data/'],
  ])('%s is refused: %s', (_, text) => {
    expect(refusal(text)).toBe('address')
  })
})

it.each([
  ['another scheme', 'http://client.example/'],
  ['another scheme', 'file:///etc/passwd'],
  ['no scheme', '//client.example/'],
  ['a slash too few', 'https:/client.example/'],
  ['a slash too many', 'https:///client.example/'],
  ['no URL', 'https://'],
  ['nothing', ''],
  ['a user', 'https://user@client.example/'],
  ['a user and a password', 'https://user:password@client.example/'],
  ['no user, but its sign', 'https://@client.example/'],
  ['a fragment', 'https://client.example/#a'],
  ['an empty fragment', 'https://client.example/#'],
  ['a backslash', 'https://client.example\\@10.0.0.1/'],
  ['a backslash', 'https:\\\\client.example/'],
  ['a blank', ' https://client.example/'],
  ['a blank', 'https://client.example/a b'],
  ['a line break', 'https://client.example/\r\nHost: other.example'],
  ['a tab', 'https://cli\tent.example/'],
  ['a name without a dot', 'https://metadata/'],
  ['localhost', 'https://localhost/'],
  ['localhost', 'https://LOCALHOST:8443/'],
  ['localhost', 'https://a.localhost/'],
  ['localhost, with a dot at its end', 'https://localhost./'],
  ['the own network', 'https://localhost.localdomain/'],
  ['the own network', 'https://printer.local/'],
  ['the own network', 'https://metadata.google.internal/computeMetadata/'],
  ['the own network, with another dot', 'https://metadata.google。internal/'],
  ['the own network', 'https://router.home.arpa/'],
  ['a dot at its end', 'https://client.example./'],
  ['an empty label', 'https://client..example/'],
  ['a label that is too long', `https://${'a'.repeat(64)}.example/`],
  ['a name that is too long', `https://${'a.'.repeat(124)}example/`],
  ['a zone', 'https://[fe80::1%25eth0]/'],
  ['an address that is none', 'https://1.2.3.4.5/'],
  ['an address that is none', 'https://256.256.256.256/'],
  ['the port of mail', 'https://client.example:25/'],
  ['the port of SSH', 'https://client.example:22/'],
  ['the port of http', 'https://client.example:80/'],
  ['the port of nobody', 'https://client.example:0/'],
  ['a port that is none', 'https://client.example:65536/'],
])('%s is refused: %j', (_, text) => {
  expect(refusal(text)).toBe('url')
})
