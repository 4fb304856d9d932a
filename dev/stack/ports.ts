import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  // Below the ports that the system hands to outgoing connections, so that none of those takes it meanwhile.
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('No free port between 20000 and 32000 on 127.0.0.1');
}

/** The preferred port when it is free; else another one, and `report` hears who holds the preferred one. */
export async function takePort(wanted: { preferred: number; purpose: string; report: (line: string) => void }): Promise<number> {
  if (await isFree(wanted.preferred)) return wanted.preferred;
  const port = await freePort();
  const holder = portHolder(wanted.preferred) ?? 'another program';
  wanted.report(`port ${wanted.preferred} (${wanted.purpose}) is in use by ${holder}, taking ${port}`);
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** "name (pid N)" of the process that listens on a port, as far as this account may see it. */
export function portHolder(port: number): string | undefined {
  try {
    if (process.platform === 'linux') return linuxPortHolder(port);
    if (process.platform === 'win32') return undefined;
    const out = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { encoding: 'utf8' });
    const [, pid, name] = /p(\d+)\nc(.*)/.exec(out) ?? [];
    return pid === undefined ? undefined : `${name} (pid ${pid})`;
  } catch {
    return undefined;
  }
}

function linuxPortHolder(port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((table) => readFileSync(table, 'utf8').split('\n').slice(1))
      .map((row) => row.trim().split(/\s+/))
      .filter((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === listening)
      .map((row) => `socket:[${row[9]}]`),
  );
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const holds = readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
      if (holds) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
    } catch {
      // Ended meanwhile, or somebody else's.
    }
  }
  return undefined;
}
