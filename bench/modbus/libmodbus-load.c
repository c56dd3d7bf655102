/* The C client as the near-limit: libmodbus-load PORT, then lines "N" on stdin; answers "N seconds cpuSeconds p50 p99" (µs). */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  uint16_t registers[10];
  int requests;
  if (argc < 2) return 2;
  modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  modbus_set_slave(context, 1);
  if (modbus_connect(context) == -1) return 1;
  while (scanf("%d", &requests) == 1) {
    double *trips = malloc(sizeof(double) * requests);
    double before = cpu(), start = now();
    for (int i = 0; i < requests; i++) {
      double sent = now();
      int sum = 0;
      if (modbus_read_registers(context, 0, 10, registers) != 10) return 1;
      for (int j = 0; j < 10; j++) sum += registers[j];
      if (sum != 45) return 1;
      trips[i] = (now() - sent) * 1e6;
    }
    double seconds = now() - start, used = cpu() - before;
    qsort(trips, requests, sizeof(double), compare);
    printf("%d %f %f %f %f\n", requests, seconds, used, trips[requests / 2], trips[(int)(requests * 0.99)]);
    fflush(stdout);
    free(trips);
  }
  return 0;
}
