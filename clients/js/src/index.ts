import type { Connection as Contract, Options } from '../client';
import { Connection } from './connection';

export function connect(url?: string | URL, options?: Options): Contract {
  return new Connection(url, options);
}
