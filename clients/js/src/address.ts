/** Returns the http(s) URL of a program. What names no host is relative to the page. */
export function locate(url: string | URL | undefined): URL {
  const page = globalThis.location?.href, found = new URL(url ?? page, page);
  found.protocol = found.protocol.replace(/^ws/, 'http');
  if (!/^https?:$/.test(found.protocol) || found.username || found.password) {
    throw new TypeError(`${found.protocol}//${found.host} is not http, https, ws or wss without a user`);
  }
  found.hash = '';
  return found;
}

/** Returns the URL with more in its query. What is undefined is left out. */
export function withQuery(url: URL, query: Record<string, string | undefined>): URL {
  const asked = new URL(url);
  for (const key in query) if (query[key] !== undefined) asked.searchParams.set(key, query[key]);
  return asked;
}
