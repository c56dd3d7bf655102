/* A Modbus TCP server made of libmodbus alone: libmodbus-server PORT. One connection after the other. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  modbus_mapping_t *mapping = modbus_mapping_new(100, 100, 200, 200);
  if (context == NULL || mapping == NULL) return 1;
  for (int i = 0; i < 200; i++) {
    mapping->tab_registers[i] = 100 + i;
    mapping->tab_input_registers[i] = 1000 + i;
  }
  for (int i = 0; i < 100; i++) mapping->tab_input_bits[i] = i % 3 == 0;
  int listener = modbus_tcp_listen(context, 1);
  if (listener == -1) return 1;
  printf("listening\n");
  fflush(stdout);
  for (;;) {
    if (modbus_tcp_accept(context, &listener) == -1) return 1;
    for (;;) {
      uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      int length = modbus_receive(context, query);
      if (length == -1) break;
      if (length > 0 && modbus_reply(context, query, length, mapping) == -1) break;
    }
    modbus_close(context);
  }
}
