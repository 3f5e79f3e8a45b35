// Calls of a real server, in a page and in Node. Each case is a function, and what it resolves to.

const text = 'hällo\n世界 🙂, no end of a line';
const big = `${text}\n`.repeat(100_000); // 4 MB

/** Does it again while a call comes too late: on a busy machine we may not have sent it within a second. */
async function inTime(test) {
  for (let got; ; ) if (!(got = JSON.stringify(await test().catch(String))).includes('timeout expired')) return got;
}

/** Returns all output of a call. */
async function all(c) {
  let got = '';
  for await (const text of c) got += text;
  return got;
}

/** Returns the output and the result of a call, or how it was rejected. */
async function whole(c) {
  const output = await all(c).catch(error => error.name);
  return [output, await c.result.catch(error => `${error.name}: ${error.message}`)];
}

/** Waits for the first output of a call. */
async function begun(c) {
  for await (const text of c) return text;
}

const cases = {
  'bytes, and the end of the input': [async call => {
    const c = call('cat');
    c.send(text);
    c.closeInput();
    c.closeInput();
    c.send('late');
    return whole(c);
  }, [text, null]],
  'halves of characters': [async call => {
    const c = call('cat');
    for (const unit of text.split('')) c.send(unit);
    c.closeInput();
    return whole(c);
  }, [text, null]],
  'much at once, before there is a connection': [async call => {
    const c = call('cat');
    c.send(big);
    c.closeInput();
    const [output, result] = await whole(c);
    return [output === big, result];
  }, [true, null]],
  'much by streams': [async call => {
    const c = call('cat');
    const [output] = await Promise.all([all(c), new Blob([big]).stream().pipeThrough(new TextDecoderStream()).pipeTo(c.input)]);
    return [output === big, await c.result];
  }, [true, null]],
  'much that is read late': [async call => {
    const c = call('cat');
    c.send(big);
    c.closeInput();
    const result = await c.result;
    return [(await all(c)) === big, result];
  }, [true, null]],
  'a process that leaves its input': [async call => {
    const got = [];
    for (let i = 0; i < 5; i++) {
      const c = call('brief');
      c.send('a'.repeat(8_000_000));
      got.push(...(await whole(c)));
    }
    return got;
  }, Array(5).fill(['', null]).flat()],
  'parameters': [call => whole(call('args', ['a b', '"$x"', '', '世界\n'])), ['(a b)("$x")()(世界\n)', null]],
  'an exit status': [call => whole(call('fail')), ['some', 'RejectedError: process returned error: exit status 3']],
  'a signal': [call => whole(call('killed')), ['', 'RejectedError: process returned error: signal: SIGKILL']],
  'an unknown process': [call => whole(call('none')), ['', 'RejectedError: failed to get process: unknown process']],
  'no name': [call => whole(call()), ['', 'RejectedError: failed to get process: unknown process']],
  'a bad parameter': [async call => {
    const [output, result] = await whole(call('args', ['-x']));
    return [output, result.split(': ', 3).join(': ')];
  }, ['', 'RejectedError: failed to get process: invalid args']],
  'canceled': [async call => {
    const c = call('deaf');
    const first = await begun(c);
    c.cancel();
    return [first, ...(await whole(c))];
  }, ['begun', '', 'RejectedError: process returned error: client requested cancellation (signal: SIGINT)']],
  'canceled before there is a connection': [async call => {
    const c = call('deaf');
    c.cancel();
    return (await whole(c))[1].split(' (')[0];
  }, 'RejectedError: process returned error: client requested cancellation'],
  'canceled for the second time, which ends the input': [async call => {
    const c = call('stubborn');
    await begun(c);
    c.cancel();
    c.cancel();
    return whole(c);
  }, ['the input has ended', null]],
  'a producer that fails': [async call => {
    const c = call('cat'), broken = new ReadableStream({ start: to => to.error(new Error('broken')) });
    const why = await broken.pipeTo(c.input).catch(error => error.message);
    return [why, (await whole(c))[1].split(' (')[0]];
  }, ['broken', 'RejectedError: process returned error: client requested cancellation']],
  'a producer of bytes': [async call => {
    const c = call('cat');
    const why = await new Response('hello').body.pipeTo(c.input).catch(error => error.name);
    return [why, (await whole(c))[1].split(' (')[0]];
  }, ['TypeError', 'RejectedError: process returned error: client requested cancellation']],
  'a signal of the page': [async call => {
    const leave = new AbortController(), c = call('deaf', [], { signal: leave.signal });
    const first = await begun(c);
    leave.abort();
    const [output, result] = await whole(c);
    return [first, output, result.split(':')[0]];
  }, ['begun', 'AbortError', 'AbortError']],
  'not at the base': [async (_, elsewhere) => {
    const [output, result] = await whole(elsewhere());
    return [output, result.split(':')[0]];
  }, ['ConnectionError', 'ConnectionError']],
};

/** Returns what has come of the cases otherwise than it should. */
export async function run(call, server) {
  const failed = [];
  for (const [name, [test, want]] of Object.entries(cases)) {
    const got = await inTime(() => test((...args) => call(server, ...args), () => call(new URL('/cat', server), 'cat')));
    if (got !== JSON.stringify(want)) failed.push(`${name}: ${got}, not ${JSON.stringify(want)}`);
  }
  return failed.join('\n');
}

/** Calls a process that writes without end, and returns how it has lost the connection. */
export function lost(call, server) {
  return inTime(async () => {
    const c = call(server, 'endless');
    let output = '';
    const failure = await (async () => {
      for await (const text of c) output += text;
    })().catch(({ name, code }) => `${name} ${code}`);
    const result = await c.result.catch(({ name, message }) => `${name}: ${message.replace(/[\d.]+:\d+/, 'it')}`);
    return [output.length > 50_000 && /^(one line\n)*/.exec(output)[0].length > output.length - 9, failure, result];
  });
}

/** Returns what a process says of the client, with a token or without. */
export function identity(call, server, token) {
  return inTime(async () => {
    const [output, result] = await whole(call(server, 'user', [], { token }));
    return [output, String(result).replace(/[\d.]+:\d+/, 'it').split(': ', 3).join(': ')];
  });
}
