/*
 * sample SAMPLES APART_MS PID...: what the sampler's system calls cost without us. Each sample reads /proc/PID/stat of the given
 * processes and /proc/stat at offset 0 of kept descriptors and parses the CPU times. Prints the CPU time of each in nanoseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char bytes[1 << 16];

static long cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int kept(const char *path) {
  int file = open(path, O_RDONLY);
  if (file < 0) {
    perror(path);
    exit(1);
  }
  return file;
}

/* utime and stime, the 12th and 13th field behind the name in parentheses (proc_pid_stat(5)). */
static unsigned long ticks_of(int file) {
  ssize_t length = pread(file, bytes, 4096, 0);
  if (length <= 0) {
    fputs("a process has ended\n", stderr);
    exit(1);
  }
  bytes[length] = 0;
  char *at = strrchr(bytes, ')') + 2;
  for (int field = 0; field < 11; field++) at = strchr(at, ' ') + 1;
  unsigned long user = strtoul(at, &at, 10);
  return user + strtoul(at, NULL, 10);
}

/* All fields of the line "cpu", and the count of forks. */
static unsigned long machine_ticks(int file) {
  ssize_t length = pread(file, bytes, sizeof bytes - 1, 0);
  if (length <= 0) exit(1);
  bytes[length] = 0;
  char *at = bytes + 4;
  unsigned long sum = 0;
  for (int field = 0; field < 10; field++) sum += strtoul(at, &at, 10);
  char *forks = strstr(at, "\nprocesses ");
  return sum + (forks == NULL ? 0 : strtoul(forks + 11, NULL, 10));
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const int samples = atoi(argv[1]), count = argc - 3;
  const long apart_ms = atol(argv[2]);
  int *files = calloc(count, sizeof *files);
  for (int i = 0; i < count; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/stat", argv[i + 3]);
    files[i] = kept(path);
  }
  const int machine = kept("/proc/stat");
  volatile unsigned long sum = 0;
  for (int sample = 0; sample < samples; sample++) {
    struct timespec apart = {apart_ms / 1000, apart_ms % 1000 * 1000000L};
    nanosleep(&apart, NULL);
    const long before = cpu_ns();
    sum += machine_ticks(machine);
    for (int i = 0; i < count; i++) sum += ticks_of(files[i]);
    printf("%ld\n", cpu_ns() - before);
  }
  return 0;
}
