// Makes calls in Node, and prints what has come of them: node.mjs ws|global run|lost|identity URL [TOKEN]
import { call } from '../../../clients/js/dist/pow.mjs';
import * as calls from './calls.mjs';

const [which, what, url, token] = process.argv.slice(2);
const { WebSocket } = which === 'ws' ? await import('../../clients/node_modules/ws/wrapper.mjs') : globalThis;
process.stdout.write(await calls[what]((url, name, params, options) => call(url, name, params, { patience: 120_000, WebSocket, ...options }), url, token));
