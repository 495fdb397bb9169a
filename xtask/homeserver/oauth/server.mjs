// An OAuth server for tests: server.mjs FOLDER CERTIFICATE KEY PORT_FILE.
//
// To Synapse it is a Matrix Authentication Service, to clients an authorization server with forms, an account page, and
// the sign-in of older clients; whatever else clients ask of a homeserver it passes on to Synapse. FOLDER holds the
// harness's record of the homeserver. The port is chosen by the system and written to PORT_FILE.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { Accounts, Refused } from './accounts.mjs';
import { answersOf } from './answers.mjs';
import { makeProvider } from './provider.mjs';

process.umask(0o077);
const [folder, certificate, key, portFile] = process.argv.slice(2);
const accounts = new Accounts(folder);
const server = https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) });

/** Passes a request on to Synapse. */
function passOn(request, response) {
  const headers = { ...request.headers, host: new URL(accounts.record().base_url).host };
  const onward = http.request(accounts.record().base_url + request.url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = makeProvider(`https://localhost:${port}/`, accounts);
  const oauth = provider.callback();
  const answers = answersOf(accounts, provider);
  server.on('request', async (request, response) => {
    const url = new URL(request.url, `https://localhost:${port}`);
    const answer = answers.find(([method, path]) => method === request.method && path.test(url.pathname))?.[2];
    try {
      if (answer) {
        const told = await answer({ request, response, url, body: await bodyOf(request) });
        if (told === undefined) return oauth(request, response);
        if (told === null) return undefined;
        const [status, type, text] = typeof told === 'string' ? [200, 'text/html', told] : [200, 'application/json', JSON.stringify(told)];
        response.writeHead(status, { 'content-type': type }).end(text);
      } else if (url.pathname.startsWith('/_')) passOn(request, response);
      else oauth(request, response);
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(500, { error: String(error) });
      if (refused.status === 500) console.error(error);
      response.writeHead(refused.status, { 'content-type': 'application/json' }).end(JSON.stringify(refused.body));
    }
  });
  fs.writeFileSync(`${portFile}.part`, String(port));
  fs.renameSync(`${portFile}.part`, portFile);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
