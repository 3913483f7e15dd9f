import { ok, type Result } from '../../../../contract/result.ts'
import type { Broker, BrokerMessage, Contact, ContactFault, HttpAnswer } from '../../../../engine/host/host.ts'

type Answer = Result<HttpAnswer, ContactFault>

/** An address whose answers a test sets: a body, an answer, or a function of the path; asked at once, and counted. */
export class ScriptedContact implements Contact {
  answer: string | Answer | ((path: string) => string | Answer | Promise<Answer>) = ''
  readonly asked: string[] = []
  isClosed = false

  async ask(path: string): Promise<Answer> {
    this.asked.push(path)
    const answer = typeof this.answer === 'function' ? await this.answer(path) : this.answer
    return typeof answer === 'string' ? ok({ status: 200, headers: {}, body: answer }) : answer
  }

  async exchange(text: string): Promise<Result<string, ContactFault>> {
    const answer = await this.ask(text)
    return answer.ok ? ok(answer.value.body) : answer
  }

  /** What it says to whoever joins it, and what happens to what is published. */
  broker: {
    readonly joined: Result<null, ContactFault | 'denied'>
    published(topic: string, text: string, take: (message: BrokerMessage) => void): void
  } = { joined: ok(null), published() {} }

  async join(...[{ topics }, take]: Parameters<Contact['join']>): Promise<Result<Broker, ContactFault | 'denied'>> {
    const { broker } = this
    if (!broker.joined.ok) return broker.joined
    this.asked.push(...topics)
    return ok({ problem: null, publish: (topic, text) => broker.published(topic, text, take), close() {} })
  }

  async certificate() {
    return ok({ sha256: 'a'.repeat(64), isTrusted: true })
  }

  close(): void {
    this.isClosed = true
  }
}
