/**
 * Id of the container that a process is in, from /proc/PID/cgroup (either version): Docker and Podman (`docker-<id>.scope`,
 * `/docker/<id>`, `libpod-<id>.scope`), Kubernetes (`cri-containerd-<id>.scope`, `crio-<id>.scope`, `/kubepods/…/<id>`).
 * `null` outside. A process in a cgroup namespace of its own shows a relative path and gives `null` too.
 */
export function containerId(cgroup: string): string | null {
  for (const line of cgroup.split('\n')) {
    const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1)
    const match = CONTAINER.exec(path)
    if (match?.[1] !== undefined) return match[1]
  }
  return null
}

const CONTAINER = /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/
