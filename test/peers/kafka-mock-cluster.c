/*
 * librdkafka's mock cluster as a process of its own: brokers that keep what is produced, and do on command what brokers do on bad
 * days. Commands are lines on stdin, each answered by "ok" or "failed" with the line:
 *
 *   create TOPIC PARTITIONS      error TOPIC CODE           (of the topic, in metadata and produce)
 *   push APIKEY CODE …           (the next answers)         leader TOPIC PARTITION BROKER
 *   down BROKER, up BROKER       rtt BROKER MS              version APIKEY MIN MAX
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rd_kafka_mock_cluster_t *cluster;

static int push(char *rest) {
  rd_kafka_resp_err_t errors[64];
  size_t count = 0;
  char *at = rest, *end;
  long api = strtol(at, &end, 10);
  while (end != at && count < 64) {
    at = end;
    long code = strtol(at, &end, 10);
    if (end != at) errors[count++] = (rd_kafka_resp_err_t)code;
  }
  rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api, count, errors);
  return 0;
}

static int obey(char *line) {
  char topic[256];
  int a, b, c;
  if (sscanf(line, "create %255s %d", topic, &a) == 2) return rd_kafka_mock_topic_create(cluster, topic, a, 1);
  if (sscanf(line, "error %255s %d", topic, &a) == 2) {
    rd_kafka_mock_topic_set_error(cluster, topic, (rd_kafka_resp_err_t)a);
    return 0;
  }
  if (strncmp(line, "push ", 5) == 0) return push(line + 5);
  if (sscanf(line, "leader %255s %d %d", topic, &a, &b) == 3)
    return rd_kafka_mock_partition_set_leader(cluster, topic, a, b);
  if (sscanf(line, "down %d", &a) == 1) return rd_kafka_mock_broker_set_down(cluster, a);
  if (sscanf(line, "up %d", &a) == 1) return rd_kafka_mock_broker_set_up(cluster, a);
  if (sscanf(line, "rtt %d %d", &a, &b) == 2) return rd_kafka_mock_broker_set_rtt(cluster, a, b);
  if (sscanf(line, "version %d %d %d", &a, &b, &c) == 3)
    return rd_kafka_mock_set_apiversion(cluster, (int16_t)a, (int16_t)b, (int16_t)c);
  return -1;
}

int main(int argc, char **argv) {
  char why[512], line[1024];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
  if (handle == NULL) return fprintf(stderr, "%s\n", why), 1;
  cluster = rd_kafka_mock_cluster_new(handle, argc > 1 ? atoi(argv[1]) : 1);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("ready %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  while (fgets(line, sizeof(line), stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    printf("%s %s\n", obey(line) == 0 ? "ok" : "failed", line);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(handle);
  return 0;
}
