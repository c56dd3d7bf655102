/*
 * A Modbus TCP server made of libmodbus alone that does not read everything: libmodbus-picky PORT REFUSED SILENT MOST.
 * Requests that cover register REFUSED get exception 02, those that cover SILENT get no answer (-1: none), those for more than
 * MOST registers exception 03. Holding register n is 100 + n. Prints each connection and each request with what came of it.
 */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>

static int covers(int address, int count, int which) {
  return which >= 0 && address <= which && which < address + count;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int refused = atoi(argv[2]), silent = atoi(argv[3]), most = atoi(argv[4]);
  modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  modbus_mapping_t *mapping = modbus_mapping_new(0, 0, 200, 0);
  if (context == NULL || mapping == NULL) return 1;
  for (int i = 0; i < 200; i++) mapping->tab_registers[i] = 100 + i;
  int header = modbus_get_header_length(context);
  int listener = modbus_tcp_listen(context, 1);
  if (listener == -1) return 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("listening\n");
  for (;;) {
    if (modbus_tcp_accept(context, &listener) == -1) return 1;
    printf("connected\n");
    for (;;) {
      uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      int length = modbus_receive(context, query);
      if (length == -1) break;
      if (length == 0) continue;
      int address = query[header + 1] << 8 | query[header + 2];
      int count = query[header + 3] << 8 | query[header + 4];
      int sent = 0;
      const char *what = "read";
      if (covers(address, count, silent)) {
        what = "silent";
      } else if (covers(address, count, refused)) {
        what = "refused";
        sent = modbus_reply_exception(context, query, MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS);
      } else if (count > most) {
        what = "refused";
        sent = modbus_reply_exception(context, query, MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE);
      } else {
        sent = modbus_reply(context, query, length, mapping);
      }
      printf("%s %d+%d\n", what, address, count);
      if (sent == -1) break;
    }
    modbus_close(context);
  }
}
