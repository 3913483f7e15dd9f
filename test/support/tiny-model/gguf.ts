import { closeSync, openSync, writeSync } from 'node:fs'

/**
 * A model file with random weights, as llama.cpp loads it: GGUF version 3 (ggml/docs/gguf.md), architecture `llama`, F32, a vocabulary of the 256
 * bytes and as many words beside them. It knows nothing; it computes like every other model of its shape.
 */
export type TinyModel = {
  readonly name: string
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly contextTokens: number
  /** The same seed gives the same file. */
  readonly seed: number
}

export const TINY: TinyModel = { name: 'tiny', layers: 4, width: 256, heads: 4, contextTokens: 4_096, seed: 1 }

export const VOCABULARY = 512
/** The first tokens: unknown, begin, end. The 256 bytes follow. */
export const BEGIN_TOKEN = 1
export const FIRST_BYTE_TOKEN = 3

/** Types of values and of tensors (gguf.md), and of tokens (llama.h). */
const [UINT32, FLOAT32, STRING, ARRAY, INT32] = [4, 6, 8, 9, 5]
const F32 = 0
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 }
const ALIGNMENT = 32

type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly isNorm: boolean }

export function writeTinyModel(path: string, model: TinyModel = TINY): void {
  const tensors = tensorsOf(model)
  const random = randomOf(model.seed)
  const fd = openSync(path, 'w')
  try {
    const head = Buffer.concat([headOf(model, tensors)])
    writeSync(fd, padded(head))
    for (const tensor of tensors) writeSync(fd, padded(Buffer.from(weights(tensor, random).buffer)))
  } finally {
    closeSync(fd)
  }
}

export function parametersOf(model: TinyModel): number {
  return tensorsOf(model).reduce((sum, { shape }) => sum + countOf(shape), 0)
}

function tensorsOf({ layers, width }: TinyModel): readonly Tensor[] {
  const matrix = (name: string, ...shape: number[]): Tensor => ({ name, shape, isNorm: false })
  const norm = (name: string): Tensor => ({ name, shape: [width], isNorm: true })
  const wide = feedForwardOf(width)
  const blocks = Array.from({ length: layers }, (_, layer) => [
    norm(`blk.${layer}.attn_norm.weight`),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((what) => matrix(`blk.${layer}.${what}.weight`, width, width)),
    norm(`blk.${layer}.ffn_norm.weight`),
    matrix(`blk.${layer}.ffn_gate.weight`, width, wide),
    matrix(`blk.${layer}.ffn_up.weight`, width, wide),
    matrix(`blk.${layer}.ffn_down.weight`, wide, width),
  ])
  return [
    matrix('token_embd.weight', width, VOCABULARY),
    ...blocks.flat(),
    norm('output_norm.weight'),
    matrix('output.weight', width, VOCABULARY),
  ]
}

function headOf({ name, layers, width, heads, contextTokens }: TinyModel, tensors: readonly Tensor[]): Buffer {
  const values = [
    ...[text('general.architecture', 'llama'), text('general.name', name), whole('general.file_type', 0)],
    ...[whole('llama.context_length', contextTokens), whole('llama.embedding_length', width)],
    ...[whole('llama.block_count', layers), whole('llama.feed_forward_length', feedForwardOf(width))],
    ...[whole('llama.attention.head_count', heads), whole('llama.attention.head_count_kv', heads)],
    ...[whole('llama.rope.dimension_count', width / heads), whole('llama.vocab_size', VOCABULARY)],
    Buffer.concat([string('llama.attention.layer_norm_rms_epsilon'), uint32(FLOAT32), float32(1e-5)]),
    text('tokenizer.ggml.model', 'llama'),
    list(
      'tokenizer.ggml.tokens',
      STRING,
      tokens().map(({ piece }) => string(piece)),
    ),
    list(
      'tokenizer.ggml.scores',
      FLOAT32,
      tokens().map((_, index) => float32(-index)),
    ),
    list(
      'tokenizer.ggml.token_type',
      INT32,
      tokens().map(({ type }) => uint32(type)),
    ),
    ...[whole('tokenizer.ggml.bos_token_id', 1), whole('tokenizer.ggml.eos_token_id', 2)],
    whole('tokenizer.ggml.unknown_token_id', 0),
  ]
  let offset = 0
  const infos = tensors.map(({ name: of, shape }) => {
    const info = [string(of), uint32(shape.length), ...shape.map((size) => uint64(size)), uint32(F32), uint64(offset)]
    offset += Math.ceil((4 * countOf(shape)) / ALIGNMENT) * ALIGNMENT
    return Buffer.concat(info)
  })
  const magic = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(values.length)]
  return Buffer.concat([...magic, ...values, ...infos])
}

function tokens(): readonly { piece: string; type: number }[] {
  const special = [
    { piece: '<unk>', type: TOKEN.unknown },
    { piece: '<s>', type: TOKEN.control },
    { piece: '</s>', type: TOKEN.control },
  ]
  const bytes = Array.from({ length: 256 }, (_, byte) => ({
    piece: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    type: TOKEN.byte,
  }))
  const words = Array.from({ length: VOCABULARY - special.length - bytes.length }, (_, index) => ({
    piece: `\u2581word${index}`,
    type: TOKEN.normal,
  }))
  return [...special, ...bytes, ...words]
}

/** Of a scale at which what flows through the layers neither dies nor grows. */
function weights({ shape, isNorm }: Tensor, random: () => number): Float32Array {
  const scale = 2 / Math.sqrt(shape[0] ?? 1)
  return Float32Array.from({ length: countOf(shape) }, () => (isNorm ? 1 : scale * (2 * random() - 1)))
}

/** xorshift32 (Marsaglia 2003), 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

function feedForwardOf(width: number): number {
  return 3 * width
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)])
}

function text(key: string, value: string): Buffer {
  return Buffer.concat([string(key), uint32(STRING), string(value)])
}

function whole(key: string, value: number): Buffer {
  return Buffer.concat([string(key), uint32(UINT32), uint32(value)])
}

function list(key: string, type: number, values: readonly Buffer[]): Buffer {
  return Buffer.concat([string(key), uint32(ARRAY), uint32(type), uint64(values.length), ...values])
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}
