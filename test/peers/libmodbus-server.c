/*
 * A Modbus server made of libmodbus alone: libmodbus-server PORT, one connection after the other, or libmodbus-server PATH, unit 1
 * on a serial line (RTU, 19,200 baud, even parity).
 */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int serial = argv[1][0] == '/';
  modbus_t *context = serial ? modbus_new_rtu(argv[1], 19200, 'E', 8, 1) : modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  modbus_mapping_t *mapping = modbus_mapping_new(100, 100, 200, 200);
  if (context == NULL || mapping == NULL) return 1;
  for (int i = 0; i < 200; i++) {
    mapping->tab_registers[i] = 100 + i;
    mapping->tab_input_registers[i] = 1000 + i;
  }
  for (int i = 0; i < 100; i++) mapping->tab_input_bits[i] = i % 3 == 0;
  int listener = serial ? 0 : modbus_tcp_listen(context, 1);
  if (listener == -1 || (serial && (modbus_set_slave(context, 1) == -1 || modbus_connect(context) == -1))) return 1;
  printf("listening\n");
  fflush(stdout);
  for (;;) {
    if (!serial && modbus_tcp_accept(context, &listener) == -1) return 1;
    for (;;) {
      uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      int length = modbus_receive(context, query);
      if (length == -1 && serial) continue;
      if (length == -1) break;
      if (length > 0 && modbus_reply(context, query, length, mapping) == -1) break;
    }
    modbus_close(context);
  }
}
