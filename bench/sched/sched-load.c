/*
 * Processes that are busy, or sleep and wake, in control groups and on cores of one's choice.
 *
 *   sched-load SECONDS SPEC...
 *   SPEC = GROUP,CORE,busy | GROUP,CORE,wake,PERIOD_US,WORK_US
 *
 * GROUP is a file that a process writes its id to in order to enter a group, or -; CORE is a number, or * for all. A waker sleeps for half to one and
 * a half periods, at random, and then works for WORK_US of CPU. One line of JSON for each SPEC, in order: cpu (seconds used), jobs, and
 * in us the quantiles of `start` (from due to running) and `end` (from due to done), for a busy one those of `gap`, times above 0.1 ms in which it
 * did not run.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 200000
#define GAP_NS 100000

struct spec {
  char group[256];
  int core, period_us, work_us; /* core -1: all; period 0: busy */
};

struct samples {
  int count;
  double sum;
  float us[SAMPLES_MAX];
};

struct result {
  double cpu_seconds;
  struct samples first, end;
};

static volatile uint64_t sink;

static int64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void spin(int64_t turns) {
  uint64_t state = 88172645463325252u;
  for (int64_t turn = 0; turn < turns; turn++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  sink = state;
}

/* Turns of `spin` for a microsecond: the best of some, since others may be on the core. */
static double turns_per_us(void) {
  const int64_t turns = 2000000;
  double best = 0;
  for (int attempt = 0; attempt < 20; attempt++) {
    int64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    spin(turns);
    double rate = turns * 1000.0 / (now_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
    if (rate > best) best = rate;
  }
  return best;
}

static void enter(const struct spec *spec) {
  if (strcmp(spec->group, "-") != 0) {
    int file = open(spec->group, O_WRONLY);
    char pid[16];
    int length = snprintf(pid, sizeof pid, "%d", getpid());
    if (file < 0 || write(file, pid, length) != length) fail(spec->group);
    close(file);
  }
  if (spec->core >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(spec->core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
  }
  prctl(PR_SET_TIMERSLACK, 1);
}

static void add(struct samples *to, int64_t ns) {
  if (to->count < SAMPLES_MAX) to->us[to->count++] = ns / 1000.0f;
  to->sum += ns / 1000.0;
}

static void play(const struct spec *spec, struct result *result, int64_t begin, int64_t end, double rate) {
  enter(spec);
  uint64_t state = 0x9E3779B97F4A7C15u * (getpid() + 1);
  struct timespec due = {begin / 1000000000, begin % 1000000000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  int64_t used = now_ns(CLOCK_THREAD_CPUTIME_ID);
  int64_t last = now_ns(CLOCK_MONOTONIC);
  int64_t now = last;
  while (now < end) {
    if (spec->period_us == 0) {
      now = now_ns(CLOCK_MONOTONIC);
      if (now - last > GAP_NS) add(&result->end, now - last);
      last = now;
      continue;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    int64_t at = now + (int64_t)(spec->period_us * (500 + state % 1001));
    struct timespec until = {at / 1000000000, at % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    add(&result->first, now_ns(CLOCK_MONOTONIC) - at);
    spin((int64_t)(spec->work_us * rate));
    now = now_ns(CLOCK_MONOTONIC);
    add(&result->end, now - at);
  }
  result->cpu_seconds = (now_ns(CLOCK_THREAD_CPUTIME_ID) - used) / 1e9;
}

static int ascending(const void *x, const void *y) {
  float a = *(const float *)x, b = *(const float *)y;
  return (a > b) - (a < b);
}

static void print(const char *name, struct samples *of) {
  if (of->count == 0) return;
  qsort(of->us, of->count, sizeof of->us[0], ascending);
  const double quantiles[] = {0.5, 0.9, 0.99, 1};
  const char *names[] = {"p50", "p90", "p99", "max"};
  printf(",\"%s\":{\"mean\":%.1f", name, of->sum / of->count);
  for (int index = 0; index < 4; index++)
    printf(",\"%s\":%.1f", names[index], of->us[(int)(quantiles[index] * (of->count - 1))]);
  printf("}");
}

static struct spec parse(const char *text) {
  struct spec spec = {.core = -1};
  char core[16], kind[16];
  int found = sscanf(text, "%255[^,],%15[^,],%15[^,],%d,%d", spec.group, core, kind, &spec.period_us, &spec.work_us);
  if (found != (strcmp(kind, "wake") == 0 ? 5 : 3)) {
    fprintf(stderr, "sched-load: cannot read \"%s\"\n", text);
    exit(2);
  }
  if (strcmp(core, "*") != 0) spec.core = atoi(core);
  return spec;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "sched-load SECONDS SPEC...\n");
    return 2;
  }
  int specs = count - 2;
  size_t bytes = specs * sizeof(struct result);
  struct result *results = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (results == MAP_FAILED) fail("mmap");
  double rate = turns_per_us();
  int64_t begin = now_ns(CLOCK_MONOTONIC) + 200000000;
  int64_t end = begin + (int64_t)(atof(arguments[1]) * 1e9);
  for (int index = 0; index < specs; index++) {
    struct spec spec = parse(arguments[index + 2]);
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
      play(&spec, &results[index], begin, end, rate);
      return 0;
    }
  }
  int failed = 0, status;
  while (wait(&status) > 0) failed |= status != 0;
  for (int index = 0; index < specs && !failed; index++) {
    struct result *of = &results[index];
    int busy = parse(arguments[index + 2]).period_us == 0;
    printf("{\"cpu\":%.4f,\"jobs\":%d", of->cpu_seconds, of->end.count);
    print("start", &of->first);
    print(busy ? "gap" : "end", &of->end);
    printf("}\n");
  }
  return failed;
}
