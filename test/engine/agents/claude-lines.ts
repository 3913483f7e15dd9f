/** One answer of Claude Code as one line of its log tells it. */
export type Answer = {
  readonly id: string
  readonly request?: string
  readonly isSidechain?: boolean
  readonly input?: number
  readonly output: number
  readonly atMs?: number
  readonly model?: string
  readonly text?: string
}

export function claudeLine({
  id,
  request = `req-${id}`,
  isSidechain = false,
  input = 10,
  output,
  atMs,
  model,
  text = '',
}: Answer): string {
  return `${JSON.stringify({
    isSidechain,
    cwd: '/home/ada/shop',
    sessionId: 'session-1',
    message: {
      model: model ?? 'claude-sonnet-4-5',
      id,
      role: 'assistant',
      content: [{ type: 'text', text }],
      usage: {
        input_tokens: input,
        cache_creation_input_tokens: 3,
        cache_read_input_tokens: 100,
        output_tokens: output,
      },
    },
    requestId: request,
    type: 'assistant',
    uuid: `uuid-${id}`,
    timestamp: new Date(atMs ?? Date.UTC(2026, 10, 2, 9)).toISOString(),
  })}\n`
}

export const CLAUDE_LOG = '/home/ada/.claude/projects/-home-ada-shop/session-1.jsonl'
