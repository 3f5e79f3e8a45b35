#!/usr/bin/env node
// Shows what the script knows of its client: the CGI variables, then the request's headers.
import { env } from 'node:process'

const names = `
  SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
  GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
  UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS
`.trim().split(/\s+/)

const headers = Object.keys(env).filter(name => name.startsWith('HTTP_')).sort()

for (const name of [...names, ...headers]) {
  console.log(`${name}=${env[name] ?? '<unset>'}`)
}
