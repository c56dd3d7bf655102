/* Every function of libmodbus' client against 127.0.0.1 PORT or the serial device /…, unit 1; prints one line a function.
 * With a second argument also the server's id. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>

static void words(const char *what, int got, const uint16_t *values) {
  printf("%s %d:", what, got);
  for (int i = 0; i < got; i++) printf(" %u", values[i]);
  printf("\n");
}

static void bits(const char *what, int got, const uint8_t *values) {
  printf("%s %d: ", what, got);
  for (int i = 0; i < got; i++) printf("%u", values[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  uint16_t registers[130], some[3] = {7, 8, 9};
  uint8_t coils[20], on[11] = {1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  if (argc < 2) return 2;
  modbus_t *context = argv[1][0] == '/' ? modbus_new_rtu(argv[1], 19200, 'N', 8, 1) : modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  modbus_set_response_timeout(context, 2, 0);
  modbus_set_slave(context, 1);
  if (modbus_connect(context) == -1) return 1;
  printf("write coil %d\n", modbus_write_bit(context, 3, 1));
  printf("write coils %d\n", modbus_write_bits(context, 8, 11, on));
  bits("coils", modbus_read_bits(context, 0, 19, coils), coils);
  bits("discrete inputs", modbus_read_input_bits(context, 0, 10, coils), coils);
  printf("write register %d\n", modbus_write_register(context, 1, 0xBEEF));
  printf("write registers %d\n", modbus_write_registers(context, 10, 3, some));
  words("holding", modbus_read_registers(context, 10, 3, registers), registers);
  words("input", modbus_read_input_registers(context, 5, 3, registers), registers);
  printf("mask %d\n", modbus_mask_write_register(context, 1, 0x00FF, 0x1200));
  words("masked", modbus_read_registers(context, 1, 1, registers), registers);
  words("read write", modbus_write_and_read_registers(context, 10, 1, some + 2, 10, 2, registers), registers);
  words("longest", modbus_read_registers(context, 0, 125, registers) == 125 ? 0 : -1, registers);
  uint8_t id[64];
  int length = argc > 2 ? modbus_report_slave_id(context, sizeof id, id) : 0;
  if (argc > 2) printf("server id %d: %u %u %.*s\n", length, id[0], id[1], length - 2, id + 2);
  int refused = modbus_read_registers(context, 5000, 1, registers);
  printf("illegal address %d %d\n", refused, errno == EMBXILADD);
  modbus_close(context);
  modbus_free(context);
  return 0;
}
