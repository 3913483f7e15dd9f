import { describe, expect, test } from 'vitest'
import { readProgram } from '../../../engine/catalogue/program.ts'
import type { ProcessIdentity } from '../../../engine/processes/identity.ts'
import { started } from './examples.ts'

const read = (argv: string[], more: Partial<ProcessIdentity> = {}) => readProgram(started(argv, more), 'linux')

describe('a program of its own', () => {
  test('has the name of its executable and of argv[0], and all that follows is its arguments', () => {
    expect(read(['/opt/x/serve-it', '--port', '1'], { exe: 'serve-it-2' })).toEqual({
      names: ['serve-it-2', 'serve-it'],
      cutName: null,
      path: '/opt/x/serve-it',
      module: null,
      args: '--port 1',
      interpreter: 'none',
      script: null,
      isTerminalShell: false,
    })
  })

  test('that was replaced on disk while it runs keeps its name', () => {
    expect(read(['x'], { exe: 'ollama (deleted)' }).names).toEqual(['ollama', 'x'])
  })

  test('may have blanks in its path', () => {
    const program = read(['/Applications/LM Studio.app/Contents/MacOS/LM Studio', '--hidden'])
    expect(program).toMatchObject({ names: ['LM Studio', 'LM Studio'], args: '--hidden' })
  })

  test('that wrote a title over its arguments is read up to the title', () => {
    const title = '/opt/google/chrome/chrome --type=renderer --field=/srv/ollama'
    expect(read([title], { exe: 'chrome' })).toMatchObject({
      names: ['chrome', 'chrome'],
      args: '--type=renderer --field=/srv/ollama',
    })
    expect(read(['postgres: ollama 127.0.0.1 idle'], { exe: 'postgres' }).names).toEqual(['postgres', 'postgres'])
    expect(read(['nginx: master process /usr/sbin/ollama -g x'], { exe: 'nginx' }).names).toEqual(['nginx', 'nginx'])
  })

  test('started by a relative path is placed by its working directory, one found by PATH is not', () => {
    expect(read(['./bin/tool'], { cwd: '/home/ada' }).path).toBe('/home/ada/bin/tool')
    expect(read(['tool'], { cwd: '/home/ada' }).path).toBe('tool')
  })
})

describe('an interpreter runs', () => {
  test.each<[string[], string, string]>([
    [['python3', '/x/bin/vllm', 'serve', 'm'], 'vllm', 'serve m'],
    [['python3', '-u', '-X', 'dev', '-W', 'ignore', 'main.py', '-c', 'x'], 'main.py', '-c x'],
    [['node', '--max-old-space-size=99', '-r', './hook.js', '/x/cli.js', '-p'], 'cli.js', '-p'],
    [['bun', 'run', '/x/cli.ts'], 'cli.ts', ''],
    [['deno', 'run', '-A', '/x/serve.ts', 'now'], 'serve.ts', 'now'],
    [
      ['java', '-Xmx1g', '-cp', '/a:/b', 'org.pytorch.serve.ModelServer', '--start'],
      'org.pytorch.serve.ModelServer',
      '--start',
    ],
    [['java', '-jar', '/x/app.jar', 'run'], 'app.jar', 'run'],
    [['dotnet', 'exec', '/x/SwarmUI.dll', '--port', '1'], 'SwarmUI.dll', '--port 1'],
    [['/bin/bash', '-e', '/x/webui.sh', '-f'], 'webui.sh', '-f'],
    [['/bin/sh', '/x/ollama', 'serve'], 'ollama', 'serve'],
    [['perl', '-w', '/x/tool.pl'], 'tool.pl', ''],
  ])('%j: %s', (argv, script, args) => {
    expect(read(argv)).toMatchObject({ script, args, module: null })
  })

  test.each<[string[], string, string]>([
    [
      ['python3', '-m', 'vllm.entrypoints.openai.api_server', '--model', 'm'],
      'vllm.entrypoints.openai.api_server',
      '--model m',
    ],
    [['python3', '-Im', 'mlx_lm', 'server'], 'mlx_lm', 'server'],
    [['python3', '-mpip', 'list'], 'pip', 'list'],
  ])('%j: module %s', (argv, module, args) => {
    expect(read(argv)).toMatchObject({ module, args, script: null })
  })

  test.each([
    [['python3', '-c', 'import vllm']],
    [['python3', '-Bc', 'import vllm']],
    [['node', '-e', 'require("ollama")']],
    [['bash', '-lc', 'ollama serve']],
    [['perl', '-ne', 'print']],
  ])('code from its command line, which names nothing: %j', (argv) => {
    expect(read(argv)).toMatchObject({ script: null, module: null, args: '', isTerminalShell: false })
  })

  test('nothing but a person typing, where a shell is given neither script nor command', () => {
    expect(read(['-zsh'], { exe: 'zsh' }).isTerminalShell).toBe(true)
    expect(read(['/bin/bash', '--init-file', '/usr/share/code/shell.sh', '-i']).isTerminalShell).toBe(true)
    expect(read(['python3'], { exe: 'python3.12' }).isTerminalShell).toBe(false)
  })

  test('a process that then gave itself a title, which is its name', () => {
    expect(read(['VLLM::EngineCore'], { exe: 'python3.12' })).toMatchObject({
      names: ['python3.12', 'VLLM::EngineCore'],
      path: 'VLLM::EngineCore',
      interpreter: 'python',
      script: null,
    })
  })
})

test('on Windows names are in lower case without .exe, and paths have slashes', () => {
  const identity = started(['C:\\env\\Python.exe', '-s', 'ComfyUI\\Main.py'], { exe: 'Python.exe', cwd: 'C:\\ai' })
  expect(readProgram(identity, 'win32')).toMatchObject({
    names: ['main.py', 'python', 'python'],
    path: 'C:/ai/ComfyUI/Main.py',
  })
})

test('of a path longer than 512 characters the end is kept, of a command line 4,096 characters', () => {
  expect(read([`/${'d'.repeat(600)}/tool`]).path).toHaveLength(512)
  expect(read(['tool', 'x'.repeat(10_000)]).args).toHaveLength(4096 - 'tool '.length)
})
