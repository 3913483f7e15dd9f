import { a1111 } from './a1111.ts'
import { comfyui } from './comfyui.ts'
import type { Connector } from './connector.ts'
import { dockerModelRunner } from './docker-model-runner.ts'
import { infinity } from './infinity.ts'
import { invokeai } from './invokeai.ts'
import { jan } from './jan.ts'
import { koboldcpp } from './koboldcpp.ts'
import { kokoroFastapi } from './kokoro-fastapi.ts'
import { lemonade } from './lemonade.ts'
import { litellm } from './litellm.ts'
import { llamaServer } from './llama-server.ts'
import { llamaSwap } from './llama-swap.ts'
import { lmstudio } from './lmstudio.ts'
import { localai } from './localai.ts'
import { mlxLm } from './mlx-lm.ts'
import { nim } from './nim.ts'
import { ollama } from './ollama.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { sglang } from './sglang.ts'
import { speaches } from './speaches.ts'
import { tabbyapi } from './tabbyapi.ts'
import { tei } from './tei.ts'
import { tgi } from './tgi.ts'
import { tgw } from './tgw.ts'
import { triton } from './triton.ts'
import { vllm } from './vllm.ts'
import { whisperCpp } from './whisper-cpp.ts'

/** Every dialect, in the order in which an unknown server is tried: those that cannot be mistaken for another come first (ai-servers.md §0.3). */
export const connectors: readonly Connector[] = [
  // Before all that ask /health, which loads models there.
  litellm,
  koboldcpp,
  localai,
  llamaSwap,
  tabbyapi,
  llamaServer,
  lmstudio,
  lemonade,
  dockerModelRunner,
  jan,
  ollama,
  tgw,
  vllm,
  sglang,
  tgi,
  tei,
  nim,
  triton,
  infinity,
  comfyui,
  a1111,
  invokeai,
  kokoroFastapi,
  speaches,
  whisperCpp,
  mlxLm,
  openaiCompatible,
]
