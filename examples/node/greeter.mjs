#!/usr/bin/env node
// Greets every name it is sent: one line in, one line out.
import { createInterface } from 'node:readline'

for await (const name of createInterface({ input: process.stdin })) {
  console.log(`Hello ${name}!`)
}
