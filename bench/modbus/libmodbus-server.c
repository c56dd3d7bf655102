/* A server of libmodbus alone: prints its port, serves one connection after the other, registers 0, 1, 2 … */
#include <arpa/inet.h>
#include <modbus.h>
#include <stdio.h>

int main(void) {
  modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
  modbus_mapping_t *mapping = modbus_mapping_new(0, 0, 125, 0);
  struct sockaddr_in address;
  socklen_t length = sizeof(address);
  for (int i = 0; i < 125; i++) mapping->tab_registers[i] = i;
  int listener = modbus_tcp_listen(context, 8);
  if (listener == -1 || getsockname(listener, (struct sockaddr *)&address, &length) == -1) return 1;
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    if (modbus_tcp_accept(context, &listener) == -1) return 1;
    for (;;) {
      uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      int received = modbus_receive(context, query);
      if (received == -1) break;
      if (received > 0 && modbus_reply(context, query, received, mapping) == -1) break;
    }
    modbus_close(context);
  }
}
