/** Requests to a registry by Node.js's own client, over connections that stay open. No more than the bare programs need. @module */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** The answer, unread. @param send writes the body and ends it; default none */
export function ask(
  method: string,
  url: URL,
  headers: OutgoingHttpHeaders = {},
  send: (body: ReturnType<typeof request>) => void | Promise<void> = (body) => void body.end(),
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode < 300) resolve(answer);
      else reject(new Error(`${method} ${url}: ${statusCode}`));
    });
    sent.on('error', reject);
    Promise.resolve(send(sent)).catch(reject);
  });
}

export function hangUp(): void {
  agent.destroy();
}
