// Prints the messages of a program, each as it comes, and then how it ended. What comes
// from stdin is for the program.
import { connect } from '../../../clients/js/dist/client.mjs';

const connection = connect(process.argv[2], { queue: 1000, patience: 2000 });
process.stdin.on('data', data => {
  try { connection.send(data.toString().trim()); } catch { /* it is said again */ }
});
for await (const line of connection) process.stdout.write(`${line}\n`);
const { code, reason } = await connection.ended;
process.stdout.write(`${JSON.stringify({ Code: code, Reason: reason })}\n`);
process.exit(); // not before the system gives up a dead socket, otherwise

