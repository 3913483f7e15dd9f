/* crowd COUNT [BUSY_PERMILLE]: COUNT children that sleep; itself busy for so much of each tenth of a second. Prints "ready"; ends with its parent. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long SLICE_NS = 100000000L;
static pid_t *children;
static int count;

static void end(int signal_number) {
  (void)signal_number;
  for (int i = 0; i < count; i++) kill(children[i], SIGKILL);
  while (wait(NULL) > 0) {
  }
  _exit(0);
}

static long now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void be_busy(long permille) {
  const long busy_ns = SLICE_NS / 1000 * permille;
  for (;;) {
    long until = now_ns(CLOCK_THREAD_CPUTIME_ID) + busy_ns;
    while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
    }
    struct timespec rest = {0, SLICE_NS - busy_ns};
    nanosleep(&rest, NULL);
  }
}

int main(int argc, char **argv) {
  const int wanted = argc > 1 ? atoi(argv[1]) : 0;
  const long permille = argc > 2 ? atol(argv[2]) : 0;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  children = calloc(wanted > 0 ? wanted : 1, sizeof *children);
  for (count = 0; count < wanted; count++) {
    pid_t child = fork();
    if (child < 0) {
      perror("fork");
      end(0);
    }
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) pause();
    }
    children[count] = child;
  }
  signal(SIGTERM, end);
  signal(SIGINT, end);
  puts("ready");
  fflush(stdout);
  if (permille > 0) be_busy(permille);
  for (;;) pause();
}
