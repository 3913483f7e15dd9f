import type { Clock } from '../clock/clock.ts'
import { createHearing } from './hearing.ts'
import type { MessagePort } from './ports.ts'
import { ENDS_WITHIN_MS, type StartVendor } from './vendor-process.ts'

/** The app around the engine, which alone can start a utility process. */
export interface VendorLauncher {
  launch(events: {
    /** It runs, and this is the way to it. Not called where it did not start. */
    onPort(port: MessagePort, pid: number): void
    /** Once, when it is gone or did not start. */
    onEnd(how: string): void
  }): { kill(): void }
}

/**
 * Has the app start it as a utility process of Electron, and speaks to it over a message port: a packaged app is no Node (fuse `runAsNode`),
 * and only its main process can start another. What is said is the same as over the pipe.
 */
export function vendorUnderApp(launcher: VendorLauncher, clock: Clock): StartVendor {
  return (events) => {
    const hearing = createHearing(events)
    const waiting: string[] = []
    let port: MessagePort | null = null
    let pid: number | undefined
    const launched = launcher.launch({
      onPort(opened, startedPid) {
        // It was let go before it had started.
        if (!hearing.isHeard) return opened.close()
        port = opened
        pid = startedPid
        opened.on('message', ({ data }) => hearing.line(data))
        // A process that lost its port is of no use; how it ended is told by the app.
        opened.on('close', () => {
          if (hearing.isHeard) launched.kill()
        })
        opened.start()
        for (const line of waiting.splice(0)) opened.postMessage(line)
      },
      onEnd: hearing.ended,
    })
    const kill = () => {
      hearing.stop()
      port?.close()
      launched.kill()
    }
    return {
      get pid() {
        return pid
      },
      get hasEnded() {
        return hearing.hasEnded
      },
      ask(question) {
        const line = JSON.stringify(question)
        if (port === null) waiting.push(line)
        else port.postMessage(line)
      },
      // The engine lives as long as the app does, whoever waits.
      keepAlive() {},
      end() {
        if (port === null) return kill()
        hearing.stop()
        port.close()
        clock.after(ENDS_WITHIN_MS, () => hearing.hasEnded || kill(), { background: true })
      },
      kill,
    }
  }
}
