import type { Platform } from '../../../engine/catalogue/program.ts'
import type { ProcessIdentity } from '../../../engine/processes/identity.ts'

/** A process as the sampler sees it: started with these arguments, its executable the first of them unless told. */
export function started(argv: readonly string[], more: Partial<ProcessIdentity> = {}): ProcessIdentity {
  const [argv0 = ''] = argv
  const exe = more.exe === undefined ? argv0.slice(argv0.lastIndexOf('/') + 1) : more.exe
  return {
    exe,
    comm: (exe ?? argv0.slice(argv0.lastIndexOf('/') + 1)).slice(0, 15),
    argv0,
    cmdline: argv.join(' '),
    container: null,
    bundleId: null,
    cwd: null,
    ...more,
  }
}

export type Example = {
  readonly app: string
  readonly role?: string
  readonly on?: Platform
  readonly process: ProcessIdentity
}

/** As the system shows them when they run: a script's interpreter in front, titles where a program gives itself one. */
const python = (...argv: string[]) => started(['/opt/env/bin/python3', ...argv], { exe: 'python3.11' })
const inFolder = (cwd: string, ...argv: string[]) => started(['python', ...argv], { exe: 'python3.12', cwd })
const node = (...argv: string[]) => started(['node', ...argv], { exe: 'node', comm: 'MainThread' })
const titled = (title: string, exe: string) => started([title], { exe, comm: title.slice(0, 15) })
const boxed = (container: string, ...argv: string[]) => started(argv, { container })
const opaque = (comm: string, ...argv: string[]) =>
  started(argv, { exe: null, comm, argv0: argv[0] ?? null, cmdline: argv.join(' ') })

const linux: readonly Example[] = [
  { app: 'ollama', role: 'server', process: started(['/usr/local/bin/ollama', 'serve']) },
  { app: 'ollama', role: 'client', process: started(['ollama', 'run', 'llama3.2']) },
  {
    app: 'ollama',
    role: 'runner',
    process: started(['/usr/local/lib/ollama/llama-server', '--model', '/b/sha256-aa', '--port', '41003']),
  },
  {
    app: 'ollama',
    role: 'runner',
    process: started(['/usr/bin/ollama', 'runner', '--ollama-engine', '--port', '33211']),
  },
  {
    app: 'ollama',
    role: 'runner',
    process: started(['/tmp/ollama12/runners/cuda_v12/ollama_llama_server', '--model', 'x']),
  },
  { app: 'ollama', process: boxed('docker.io/ollama/ollama:latest', '/bin/sh', '-c', 'sleep 1') },
  { app: 'ollama', process: opaque('ollama', '/usr/local/bin/ollama', 'serve') },
  {
    app: 'llama-server',
    role: 'server',
    process: started(['./build/bin/llama-server', '-m', 'qwen.gguf'], { cwd: '/home/ada/llama.cpp' }),
  },
  { app: 'llama-server', process: boxed('ghcr.io/ggml-org/llama.cpp:server', '/app/entry') },
  { app: 'llama-cli', process: started(['llama-cli', '-m', 'q.gguf', '-p', 'a secret prompt']) },
  { app: 'llama-bench', process: started(['/home/ada/llama.cpp/build/bin/llama-bench', '-m', 'q.gguf']) },
  { app: 'llama-rpc', process: started(['/home/ada/llama.cpp/build/bin/rpc-server', '-p', '50052']) },
  { app: 'llama-swap', role: 'proxy', process: started(['llama-swap', '--config', 'config.yaml']) },
  { app: 'llama-cpp-python', process: python('-m', 'llama_cpp.server', '--model', 'q.gguf') },
  { app: 'lmstudio', role: 'ui', process: started(['/tmp/.mount_LM-StuAbc/lm-studio', '--no-sandbox']) },
  {
    app: 'lmstudio',
    role: 'worker',
    process: started(['/home/ada/.lmstudio/.internal/utils/node', '/home/ada/.lmstudio/x/llmworker.js'], {
      exe: 'node',
    }),
  },
  { app: 'lmstudio', process: started(['/home/ada/.lmstudio/bin/lms', 'server', 'start']) },
  { app: 'vllm', role: 'api-server', process: python('/opt/env/bin/vllm', 'serve', 'Qwen/Qwen3-8B', '--api-key', 'k') },
  { app: 'vllm', role: 'api-server', process: python('-m', 'vllm.entrypoints.openai.api_server', '--model', 'm') },
  { app: 'vllm', role: 'engine-core', process: titled('VLLM::EngineCore', 'python3.12') },
  { app: 'vllm', role: 'worker', process: titled('VLLM::Worker_TP1', 'python3.12') },
  { app: 'sglang', role: 'http', process: python('-m', 'sglang.launch_server', '--model-path', 'm') },
  { app: 'sglang', role: 'scheduler', process: titled('sglang::scheduler_TP0', 'python3.10') },
  { app: 'tgi', role: 'launcher', process: started(['text-generation-launcher', '--model-id', 'm']) },
  { app: 'tgi', role: 'launcher', process: opaque('text-generation') },
  { app: 'tei', process: started(['text-embeddings-router', '--model-id', 'm']) },
  { app: 'triton', role: 'server', process: started(['/opt/tritonserver/bin/tritonserver', '--model-store', '/m']) },
  { app: 'tensorrt-llm', process: python('/usr/local/bin/trtllm-serve', 'm') },
  { app: 'localai', role: 'server', process: started(['local-ai', 'run']) },
  { app: 'koboldcpp', process: started(['./koboldcpp-linux-x64-cuda1210', '--model', 'm'], { cwd: '/home/ada' }) },
  { app: 'koboldcpp', process: inFolder('/srv/k', 'koboldcpp.py', '--model', 'm') },
  {
    app: 'text-generation-webui',
    role: 'server',
    process: inFolder('/home/ada/text-generation-webui', 'server.py', '--api'),
  },
  { app: 'tabbyapi', process: inFolder('/home/ada/tabbyAPI', 'main.py') },
  { app: 'llamafile', process: started(['./mistral-7b.llamafile', '--server'], { exe: 'ape-1.10', cwd: '/home/ada' }) },
  { app: 'mlx-lm', process: python('-m', 'mlx_lm', 'server') },
  { app: 'exo', process: python('/opt/env/bin/exo') },
  { app: 'lemonade', process: started(['/usr/bin/lemond']) },
  { app: 'ramalama', role: 'client', process: python('/usr/bin/ramalama', '--nocontainer', 'serve', 'granite') },
  { app: 'ramalama', role: 'engine', process: boxed('quay.io/ramalama/cuda:latest', 'llama-server', '--port', '8080') },
  { app: 'litellm', process: python('/opt/env/bin/litellm', '--config', 'c.yaml') },
  { app: 'ray-serve', process: titled('ray::ServeReplica:llm:LLMServer', 'python3.11') },
  { app: 'jan', role: 'ui', process: started(['/usr/bin/Jan']) },
  { app: 'gpt4all', process: started(['/home/ada/gpt4all/bin/chat']) },
  { app: 'open-webui', process: python('/opt/env/bin/open-webui', 'serve', '--port', '3000') },
  { app: 'open-webui', process: python('-m', 'uvicorn', 'open_webui.main:app', '--host', '0.0.0.0') },
  { app: 'sillytavern', process: started(['node', 'server.js'], { cwd: '/home/ada/SillyTavern' }) },
  { app: 'claude-desktop', process: started(['/usr/lib/claude-desktop/claude-desktop', '--no-sandbox']) },
  { app: 'comfyui', role: 'server', process: python('/srv/ComfyUI/main.py', '--listen') },
  { app: 'comfyui', role: 'server', process: inFolder('/home/ada/ComfyUI', 'main.py') },
  { app: 'comfyui', process: python('/opt/env/bin/comfy', '--workspace', '/srv/c', 'launch') },
  {
    app: 'krita-ai',
    role: 'server',
    process: inFolder('/home/ada/.local/share/krita/ai_diffusion/server/ComfyUI', '-su', 'main.py'),
  },
  { app: 'a1111', process: inFolder('/home/ada/stable-diffusion-webui', '-u', 'launch.py', '--api') },
  { app: 'forge', process: inFolder('/home/ada/stable-diffusion-webui-forge', 'launch.py') },
  { app: 'sdnext', process: inFolder('/home/ada/sdnext', 'launch.py') },
  { app: 'invokeai', process: python('/opt/env/bin/invokeai-web') },
  { app: 'fooocus', process: inFolder('/home/ada/Fooocus', 'entry_with_update.py') },
  { app: 'sd-cpp', process: started(['./sd-cli', '-m', 'm.safetensors', '-p', 'a cat'], { cwd: '/home/ada' }) },
  { app: 'whisper-cpp', process: started(['/usr/bin/whisper-server', '-m', 'ggml-base.bin']) },
  { app: 'openai-whisper', process: python('/opt/env/bin/whisper', 'talk.mp3') },
  { app: 'faster-whisper', process: python('/opt/env/bin/whisperx', 'talk.mp3') },
  { app: 'piper', process: started(['/usr/bin/piper', '--model', 'en_US.onnx']) },
  { app: 'wyoming-faster-whisper', process: python('-m', 'wyoming_faster_whisper', '--uri', 'tcp://0.0.0.0:10300') },
  {
    app: 'kokoro-fastapi',
    process: started(['/srv/Kokoro-FastAPI/.venv/bin/python', '-m', 'uvicorn', 'api.src.main:app'], {
      exe: 'python3.10',
    }),
  },
  { app: 'vibe', process: started(['vibe']) },
  { app: 'mistral-vibe', process: python('/home/ada/.local/bin/vibe', '--prompt', 'x') },
  { app: 'claude-code', process: titled('claude', 'node') },
  { app: 'claude-code', process: node('/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js', '-p', 'x') },
  {
    app: 'claude-code',
    process: started(['claude'], { exe: '2.1.14', argv0: '/home/ada/.local/share/claude/versions/2.1.14' }),
  },
  { app: 'codex', process: started(['/usr/lib/node_modules/@openai/codex/vendor/x/codex', 'exec', 'fix it']) },
  { app: 'gemini-cli', process: node('/usr/bin/gemini', '-p', 'x') },
  { app: 'qwen-code', process: node('--no-warnings=DEP0040', '/usr/bin/qwen') },
  { app: 'opencode', process: started(['/home/ada/.opencode/bin/opencode']) },
  { app: 'aider', process: python('/home/ada/.local/bin/aider', '--model', 'ollama/qwen') },
  { app: 'aider', process: python('-m', 'aider') },
  { app: 'goose', process: started(['/home/ada/.local/bin/goose', 'session']) },
  { app: 'crush', process: started(['crush']) },
  { app: 'amp', process: node('/usr/lib/node_modules/@sourcegraph/amp/dist/main.js') },
  { app: 'copilot-cli', process: started(['copilot', '--allow-all-tools']) },
  { app: 'cursor-agent', process: node('/home/ada/.local/share/cursor-agent/versions/2026.1/index.js') },
  { app: 'kimi-cli', process: python('/home/ada/.local/bin/kimi') },
  { app: 'droid', process: started(['droid', 'exec', 'x']) },
  { app: 'pi-agent', process: node('/usr/lib/node_modules/@mariozechner/pi-coding-agent/dist/cli.js') },
  { app: 'openclaw', process: titled('openclaw-gateway', 'node') },
  { app: 'llm-cli', process: python('/home/ada/.local/bin/llm', 'explain this') },
  { app: 'vscode', process: started(['/usr/share/code/code', '--type=renderer', '--lang=en']) },
  {
    app: 'github-copilot',
    process: node('/home/ada/.vscode/extensions/github.copilot-1.270.0/dist/language-server.js'),
  },
  { app: 'cursor', process: started(['/usr/share/cursor/cursor', '--type=gpu-process']) },
  { app: 'windsurf', process: started(['/usr/share/windsurf/windsurf']) },
  { app: 'zed', process: started(['/home/ada/.local/zed.app/libexec/zed-editor']) },
  { app: 'jetbrains', process: started(['/opt/pycharm/bin/pycharm']) },
  { app: 'tabby', role: 'server', process: started(['/opt/tabby/bin/tabby', 'serve', '--model', 'm']) },
  { app: 'torchrun', role: 'launcher', process: python('/opt/env/bin/torchrun', '--nproc_per_node', '2', 'train.py') },
  { app: 'accelerate', process: python('/opt/env/bin/accelerate', 'launch', 'train.py') },
  { app: 'axolotl', process: python('-m', 'axolotl.cli.train', 'c.yml') },
  { app: 'unsloth', process: python('/opt/env/bin/unsloth', 'studio') },
  { app: 'kohya', process: python('/srv/sd-scripts/sdxl_train_network.py', '--config', 'c') },
  { app: 'ultralytics', process: python('/opt/env/bin/yolo', 'detect', 'train', 'data=coco8.yaml') },
  { app: 'jupyter', role: 'kernel', process: python('-m', 'ipykernel_launcher', '-f', '/run/user/1000/k.json') },
  { app: 'jupyter', role: 'server', process: python('/opt/env/bin/jupyter-lab', '--no-browser') },
  { app: 'streamlit', process: python('/opt/env/bin/streamlit', 'run', 'src/app.py') },
  { app: 'n8n', process: node('/usr/local/bin/n8n', 'start') },
  { app: 'qdrant', process: started(['./qdrant'], { cwd: '/qdrant' }) },
  {
    app: 'chrome-on-device',
    process: started(
      ['/opt/google/chrome/chrome --type=utility --utility-sub-type=on_device_model.mojom.OnDeviceModelService'],
      {
        exe: 'chrome',
      },
    ),
  },
  { app: 'immich-ml', process: python('-m', 'immich_ml') },
  { app: 'frigate', process: titled('frigate.detector:onnx', 'python3.11') },
  { app: 'home-assistant', process: python('-m', 'homeassistant', '--config', '/config') },
]

const elsewhere: readonly Example[] = [
  { app: 'ollama', on: 'darwin', process: started(['/Applications/Ollama.app/Contents/Resources/ollama', 'serve']) },
  { app: 'claude-desktop', on: 'darwin', process: started(['/Applications/Claude.app/Contents/MacOS/Claude']) },
  { app: 'claude-code', on: 'darwin', process: started(['claude']) },
  { app: 'lmstudio', on: 'darwin', process: started(['/Applications/LM Studio.app/Contents/MacOS/LM Studio']) },
  { app: 'codex', on: 'darwin', process: started(['codex']) },
  { app: 'codex-app', on: 'darwin', process: started(['/Applications/Codex.app/Contents/MacOS/Codex']) },
  {
    app: 'chatgpt-desktop',
    on: 'darwin',
    process: started(['/Applications/Renamed.app/Contents/MacOS/Renamed'], { bundleId: 'com.openai.chat' }),
  },
  {
    app: 'comfyui',
    on: 'darwin',
    process: started(['/opt/homebrew/Frameworks/Python.app/Contents/MacOS/Python', 'main.py'], {
      cwd: '/Users/ada/ComfyUI',
    }),
  },
  { app: 'apple-intelligence', on: 'darwin', process: started(['/usr/libexec/modelmanagerd']) },
  {
    app: 'ollama',
    role: 'tray',
    on: 'win32',
    process: started(['C:\\Users\\ada\\AppData\\Local\\Programs\\Ollama\\ollama app.exe'], { exe: 'ollama app.exe' }),
  },
  { app: 'ollama', on: 'win32', process: started(['C:\\Ollama\\OLLAMA.EXE', 'serve'], { exe: 'OLLAMA.EXE' }) },
  {
    app: 'comfyui',
    on: 'win32',
    process: started(['.\\python_embeded\\python.exe', '-s', 'ComfyUI\\main.py', '--windows-standalone-build'], {
      exe: 'python.exe',
      cwd: 'C:\\ComfyUI_windows_portable',
    }),
  },
  {
    app: 'claude-desktop',
    on: 'win32',
    process: started(['C:\\Users\\ada\\AppData\\Local\\AnthropicClaude\\claude.exe'], { exe: 'claude.exe' }),
  },
  {
    app: 'claude-code',
    on: 'win32',
    process: started(['C:\\Users\\ada\\.local\\bin\\claude.exe'], { exe: 'claude.exe' }),
  },
  { app: 'codex', on: 'win32', process: started(['C:\\npm\\codex.exe'], { exe: 'codex.exe' }) },
  {
    app: 'codex-app',
    on: 'win32',
    process: started(['C:\\Program Files\\WindowsApps\\OpenAI.Codex\\Codex.exe'], { exe: 'Codex.exe' }),
  },
  { app: 'aider', on: 'win32', process: started(['python.exe', 'C:\\env\\Scripts\\aider.exe'], { exe: 'python.exe' }) },
]

export const examples: readonly Example[] = [...linux, ...elsewhere]
