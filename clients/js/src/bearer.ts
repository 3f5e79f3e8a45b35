/** Returns the subprotocol in which a WebSocket carries a token: it can have no header. */
export function bearer(token: string): string {
  return `bearer.${btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}
