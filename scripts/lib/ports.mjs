// Which ports the demo takes, and whether they are free.
import { createServer } from 'node:net';
import { Halt } from './halt.mjs';

const DEFAULT_BASE = 4600;

/** The demo's three ports, counted from `BYOA_PORT`. @throws {Halt} */
export function demoPorts(text = process.env.BYOA_PORT ?? String(DEFAULT_BASE)) {
  const base = /^\d+$/.test(text) ? Number(text) : 0;
  if (base < 1 || base > 65_533) {
    throw new Halt(`BYOA_PORT is "${text}", not a port from 1 to 65533: run \`BYOA_PORT=4700 npm start\`.`);
  }
  return { page: base, issuer: base + 1, server: base + 2 };
}

/** @param {Record<string, number>} ports  by what wants them @throws {Halt} for the first in use */
export async function checkPorts(ports) {
  const base = Math.min(...Object.values(ports));
  const mend = `run \`BYOA_PORT=${base + 100 > 65_533 ? 4700 : base + 100} npm start\``;
  for (const [name, port] of Object.entries(ports)) {
    const trouble = (await troubleAt(port, '127.0.0.1')) ?? (await troubleAt(port, '::1'));
    if (trouble === 'EADDRINUSE') throw new Halt(`Port ${port}, which the demo's ${name} needs, is in use: ${mend}.`);
    if (trouble === 'EACCES') throw new Halt(`Port ${port}, which the demo's ${name} needs, is not yours to open: ${mend}.`);
  }
}

function troubleAt(port, host) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(error.code));
    probe.listen({ port, host }, () => probe.close(() => resolve(null)));
  });
}
