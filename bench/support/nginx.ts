import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endOf } from './crowd.ts'

export type Nginx = { readonly port: number; readonly workerPid: number; end(): Promise<void> }

/** nginx with one worker in front of a server on loopback, kept alive on both sides, nothing buffered. `null` where there is none. */
export async function startNginx(target: number, directory: string): Promise<Nginx | null> {
  if (spawnSync('nginx', ['-v']).error !== undefined) return null
  const port = await freePort()
  mkdirSync(join(directory, 'tmp'))
  const config = join(directory, 'nginx.conf')
  writeFileSync(config, configText(port, target, directory))
  const child = spawn('nginx', ['-c', config, '-p', directory], { stdio: 'ignore' })
  for (let tries = 0; tries < 100; tries++) {
    await wait(50)
    const workers = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).stdout.trim()
    if (workers !== '') return { port, workerPid: Number(workers.split('\n')[0]), end: () => endOf(child) }
  }
  await endOf(child)
  return null
}

function configText(port: number, target: number, directory: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/tmp;`,
  )
  return [
    `daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log /dev/null;`,
    'events { worker_connections 1024; }',
    `http { access_log off; keepalive_requests 1000000; ${temporary.join(' ')}`,
    `upstream model { server 127.0.0.1:${target}; keepalive 128; keepalive_requests 1000000; }`,
    `server { listen 127.0.0.1:${port}; location / { proxy_pass http://model; proxy_buffering off;`,
    'proxy_http_version 1.1; proxy_set_header Connection ""; } } }',
  ].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
