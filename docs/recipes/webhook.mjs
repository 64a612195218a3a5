import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { showup } from './showup.mjs';

const server = createServer(async (request, answer) => {
  let body = '';
  for await (const part of request) body += part;
  try {
    const told = checker.verify(body, request.headers);
    console.log(told.type, told.data.id);
    answer.writeHead(204).end();
  } catch {
    answer.writeHead(400).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

// In earnest: an address with https that the world can reach, made once, and its secret kept.
const url = `http://127.0.0.1:${server.address().port}/`;
const hook = await showup('POST', '/webhook-endpoints', { url, events: ['contact.created', 'message.received'] });
const checker = new Webhook(hook.secret);
console.log('ready');
