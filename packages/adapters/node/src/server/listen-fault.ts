import { ConfigurationError } from '@drawbridge/core'

/** Why a server cannot listen, with what to do about it. */
export function listenFault(
  error: NodeJS.ErrnoException,
  { port, host }: { port: number; host: string | undefined },
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        'listen.port',
        `${port} is in use${host ? ` on ${host}` : ''}`,
        'Stop what listens there, perhaps an earlier start of this server, or choose another port with `port` or PORT; 0 is any that is free.',
      )
    case 'EACCES':
      return new ConfigurationError(
        'listen.port',
        `${port} needs more rights than this process has`,
        'Choose one above 1023, such as 3000, behind a reverse proxy.',
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(
        'listen.host',
        `"${host}" is no address of this machine`,
        'Pass one that is, `0.0.0.0` for all of them, or 127.0.0.1 for none but this machine.',
      )
    default:
      return error
  }
}
