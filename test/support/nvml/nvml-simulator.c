/*
 * Stands in for NVIDIA's libnvidia-ml.so.1 where there is no card: the same C interface (nvml.h, API version 13), driven by a text file
 * named by PERWATT_NVML_SCENARIO, which is read anew by every call, so that a test changes the machine while it runs. nvml-scenario.ts
 * writes the file; a line each:
 *   stride BYTES                     length of a process record: 16, 24 or 32
 *   card INDEX PCI UUID ARCHITECTURE LIMIT_MW MEMORY_BYTES MIG ENERGY_MJ WATTS AVERAGE_MW INSTANT_MW USAGE_MW GPU_PCT NAME…
 *                                    the energy grows by WATTS from the first nvmlInit of this process on
 *   process INDEX KIND INSTANCE PID MEMORY_BYTES      KIND: compute, graphics or mps; INSTANCE: of a split card, else -1
 *   sample INDEX PID TIME_US SM_PCT
 *   fail INDEX FUNCTION CODE         INDEX -1: of every card
 *   hang FUNCTION MS
 *   crash FUNCTION
 *   driver NUMBER                    the kernel module that runs; a process that was initialised with another one is told of a mismatch
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, DRIVER_NOT_LOADED = 9, MISMATCH = 18 };
enum { CARDS = 16, PROCESSES = 2048, SAMPLES = 512, INSTANCES = 8 };

typedef struct {
  int is_there, is_split;
  char pci[32], uuid[96], name[96];
  unsigned architecture;
  long long limit_mw, average_mw, instant_mw, usage_mw, gpu_pct, energy_mj;
  unsigned long long memory_bytes;
  double watts;
} card_t;
typedef struct { int card, instance; char kind[16]; unsigned pid; unsigned long long bytes; } process_t;
typedef struct { int card; unsigned pid; unsigned long long time_us; unsigned pct; } sample_t;

static card_t cards[CARDS];
static process_t processes[PROCESSES];
static sample_t samples[SAMPLES];
static int process_count, sample_count, stride, initialised, first_driver;
static double started_ms;

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void wait_ms(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0) {}
}

/* Reads the scenario, and gives what `function` of card `index` returns. */
static int enter(const char *function, int index) {
  const char *path = getenv("PERWATT_NVML_SCENARIO");
  FILE *file = path == NULL ? NULL : fopen(path, "r");
  if (file == NULL) return DRIVER_NOT_LOADED;
  memset(cards, 0, sizeof cards);
  process_count = sample_count = 0;
  stride = 24;
  int result = OK, driver = 1;
  char line[1024], name[128];
  while (fgets(line, sizeof line, file) != NULL) {
    int at, code;
    long ms;
    card_t card = {.is_there = 1};
    process_t *process = &processes[process_count];
    sample_t *sample = &samples[sample_count];
    if (sscanf(line, "card %d %31s %95s %u %lld %llu %d %lld %lf %lld %lld %lld %lld %95[^\n]", &at, card.pci, card.uuid,
               &card.architecture, &card.limit_mw, &card.memory_bytes, &card.is_split, &card.energy_mj, &card.watts,
               &card.average_mw, &card.instant_mw, &card.usage_mw, &card.gpu_pct, card.name) == 14 && at < CARDS) {
      cards[at] = card;
    } else if (process_count < PROCESSES && sscanf(line, "process %d %15s %d %u %llu", &process->card, process->kind,
                                                   &process->instance, &process->pid, &process->bytes) == 5) {
      process_count++;
    } else if (sample_count < SAMPLES && sscanf(line, "sample %d %u %llu %u", &sample->card, &sample->pid,
                                                &sample->time_us, &sample->pct) == 4) {
      sample_count++;
    } else if (sscanf(line, "fail %d %127s %d", &at, name, &code) == 3) {
      if ((at < 0 || at == index) && strcmp(name, function) == 0) result = code;
    } else if (sscanf(line, "hang %127s %ld", name, &ms) == 2) {
      if (strcmp(name, function) == 0) wait_ms(ms);
    } else if (sscanf(line, "crash %127s", name) == 1) {
      if (strcmp(name, function) == 0) abort();
    } else if (sscanf(line, "driver %d", &driver) != 1) {
      sscanf(line, "stride %d", &stride);
    }
  }
  fclose(file);
  if (first_driver == 0 && result == OK) first_driver = driver;
  return first_driver == 0 || first_driver == driver ? result : MISMATCH;
}

/* Handles: 0x1000 + card, and from 0x2000 on instances of a split card. */
static uintptr_t handle_of(int card) { return 0x1000 + card; }
static int card_of(uintptr_t handle) { return handle >= 0x2000 ? (handle - 0x2000) / INSTANCES : handle - 0x1000; }
static int instance_of(uintptr_t handle) { return handle >= 0x2000 ? (int)((handle - 0x2000) % INSTANCES) : -1; }

static int enter_card(const char *function, uintptr_t handle) {
  int code = enter(function, card_of(handle));
  if (!initialised) return UNINITIALIZED;
  if (code != OK) return code;
  return card_of(handle) >= 0 && card_of(handle) < CARDS && cards[card_of(handle)].is_there ? OK : 15;
}

#define ENTER(handle) \
  do { \
    int code = enter_card(__func__, handle); \
    if (code != OK) return code; \
  } while (0)

int nvmlInit_v2(void) {
  int code = enter(__func__, -1);
  if (code == OK && initialised++ == 0 && started_ms == 0) started_ms = now_ms();
  return code;
}

int nvmlShutdown(void) {
  if (initialised == 0) return UNINITIALIZED;
  initialised--;
  return OK;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
  int code = enter(__func__, -1);
  *count = 0;
  for (int i = 0; i < CARDS; i++) *count += cards[i].is_there;
  return initialised ? code : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, uintptr_t *handle) {
  *handle = handle_of(index);
  return enter_card(__func__, *handle);
}

/* Takes any number of digits, in either case, as the library does. */
int nvmlDeviceGetHandleByPciBusId_v2(const char *address, uintptr_t *handle) {
  unsigned wanted[4], own[4];
  int code = enter(__func__, -1);
  if (code != OK) return code;
  if (sscanf(address, "%x:%x:%x.%x", &wanted[0], &wanted[1], &wanted[2], &wanted[3]) != 4) return INVALID;
  for (int i = 0; i < CARDS; i++) {
    if (!cards[i].is_there || sscanf(cards[i].pci, "%x:%x:%x.%x", &own[0], &own[1], &own[2], &own[3]) != 4) continue;
    if (memcmp(wanted, own, sizeof own) != 0) continue;
    *handle = handle_of(i);
    return enter_card(__func__, *handle);
  }
  return NOT_FOUND;
}

int nvmlDeviceGetPciInfo_v3(uintptr_t device, char *pci) {
  unsigned part[4];
  ENTER(device);
  memset(pci, 0, 68);
  sscanf(cards[card_of(device)].pci, "%x:%x:%x.%x", &part[0], &part[1], &part[2], &part[3]);
  snprintf(pci + 36, 32, "%08X:%02X:%02X.%X", part[0], part[1], part[2], part[3]);
  return OK;
}

static int text(const char *from, char *to, unsigned length) {
  if (strlen(from) + 1 > length) return TOO_SMALL;
  strcpy(to, from);
  return OK;
}

int nvmlDeviceGetName(uintptr_t device, char *to, unsigned length) {
  ENTER(device);
  return text(cards[card_of(device)].name, to, length);
}

int nvmlDeviceGetUUID(uintptr_t device, char *to, unsigned length) {
  ENTER(device);
  return text(cards[card_of(device)].uuid, to, length);
}

static int number(long long value, unsigned *to) {
  if (value < 0) return NOT_SUPPORTED;
  *to = value;
  return OK;
}

#define NUMBER(function, value) \
  int function(uintptr_t device, unsigned *to) { \
    ENTER(device); \
    return number(cards[card_of(device)].value, to); \
  }
NUMBER(nvmlDeviceGetArchitecture, architecture)
NUMBER(nvmlDeviceGetEnforcedPowerLimit, limit_mw)
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit, limit_mw)
NUMBER(nvmlDeviceGetPowerUsage, usage_mw)

int nvmlDeviceGetMemoryInfo(uintptr_t device, unsigned long long *memory) {
  ENTER(device);
  memory[0] = cards[card_of(device)].memory_bytes;
  memory[1] = memory[0];
  memory[2] = 0;
  return OK;
}

int nvmlDeviceGetTotalEnergyConsumption(uintptr_t device, unsigned long long *mj) {
  ENTER(device);
  const card_t *card = &cards[card_of(device)];
  if (card->energy_mj < 0) return NOT_SUPPORTED;
  *mj = card->energy_mj + (unsigned long long)(card->watts * (now_ms() - started_ms));
  return OK;
}

int nvmlDeviceGetFieldValues(uintptr_t device, int count, char *values) {
  ENTER(device);
  const card_t *card = &cards[card_of(device)];
  for (int i = 0; i < count; i++) {
    char *value = values + i * 40;
    unsigned field, mw = 0;
    memcpy(&field, value, 4);
    int code = number(field == 185 ? card->average_mw : field == 186 ? card->instant_mw : -1, &mw), type = 1;
    memcpy(value + 24, &type, 4);
    memcpy(value + 28, &code, 4);
    memcpy(value + 32, &mw, 4);
  }
  return OK;
}

int nvmlDeviceGetUtilizationRates(uintptr_t device, unsigned *rates) {
  ENTER(device);
  rates[1] = 0;
  return number(cards[card_of(device)].gpu_pct, rates);
}

int nvmlDeviceGetMigMode(uintptr_t device, unsigned *current, unsigned *pending) {
  ENTER(device);
  *current = *pending = cards[card_of(device)].is_split;
  return OK;
}

int nvmlDeviceGetMaxMigDeviceCount(uintptr_t device, unsigned *count) {
  ENTER(device);
  *count = INSTANCES;
  return OK;
}

int nvmlDeviceGetMigDeviceHandleByIndex(uintptr_t device, unsigned index, uintptr_t *instance) {
  ENTER(device);
  for (int i = 0; i < process_count; i++) {
    if (processes[i].card != card_of(device) || processes[i].instance != (int)index) continue;
    *instance = 0x2000 + card_of(device) * INSTANCES + index;
    return OK;
  }
  return NOT_FOUND;
}

/* A list of one kind. Of a split card, the card itself shows nobody's processes, its instances show theirs. */
static int list(uintptr_t device, const char *kind, int length, unsigned *count, unsigned char *to) {
  unsigned found = 0, room = *count;
  for (int i = 0; i < process_count; i++) {
    const process_t *process = &processes[i];
    if (process->card != card_of(device) || process->instance != instance_of(device)) continue;
    if (strcmp(process->kind, kind) != 0) continue;
    /* As the driver that did so: room is counted in records of 24 bytes, whatever is written. */
    if (found < room) {
      unsigned char *record = to + found * length;
      unsigned instance[2] = {process->instance < 0 ? 0xffffffffu : (unsigned)process->instance, 0xffffffffu};
      unsigned long long confidential = 0;
      memcpy(record, &process->pid, 4);
      memcpy(record + 8, &process->bytes, 8);
      if (length >= 24) memcpy(record + 16, instance, 8);
      if (length >= 32) memcpy(record + 24, &confidential, 8);
    }
    found++;
  }
  *count = found;
  return found > room ? TOO_SMALL : OK;
}

#define LIST(function, kind, length) \
  int function(uintptr_t device, unsigned *count, unsigned char *to) { \
    ENTER(device); \
    return list(device, kind, length, count, to); \
  }
LIST(nvmlDeviceGetComputeRunningProcesses_v3, "compute", stride)
LIST(nvmlDeviceGetGraphicsRunningProcesses_v3, "graphics", stride)
LIST(nvmlDeviceGetComputeRunningProcesses_v2, "compute", 24)
LIST(nvmlDeviceGetGraphicsRunningProcesses_v2, "graphics", 24)
LIST(nvmlDeviceGetComputeRunningProcesses, "compute", 16)
LIST(nvmlDeviceGetGraphicsRunningProcesses, "graphics", 16)
LIST(nvmlDeviceGetMPSComputeRunningProcesses_v3, "mps", stride)

int nvmlDeviceGetProcessUtilization(uintptr_t device, unsigned char *to, unsigned *count, unsigned long long last_us) {
  ENTER(device);
  unsigned found = 0, room = to == NULL ? 0 : *count;
  if (cards[card_of(device)].is_split) return NOT_SUPPORTED;
  for (int i = 0; i < sample_count; i++) {
    if (samples[i].card != card_of(device) || samples[i].time_us <= last_us) continue;
    if (found < room) {
      memset(to + found * 32, 0, 32);
      memcpy(to + found * 32, &samples[i].pid, 4);
      memcpy(to + found * 32 + 8, &samples[i].time_us, 8);
      memcpy(to + found * 32 + 16, &samples[i].pct, 4);
    }
    found++;
  }
  *count = found;
  if (found == 0) return NOT_FOUND;
  return found > room ? TOO_SMALL : OK;
}
