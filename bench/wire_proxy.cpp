// A long wire: passes TCP connections on to a server of this machine, later, and no faster than such a wire would.
//
//   wire-proxy PORT ROUND_TRIP_MS [MB_PER_SECOND [WINDOW_KIB]]
//
// Listens on a free port of 127.0.0.1, prints it on a line of its own and serves until it is killed.
//
// What counts for a client is simulated, in both directions alike: a byte travels for half a round trip; the first one
// waits for the handshake, a whole one; a connection begins with ten packets in flight and doubles that with each
// round trip (slow start) up to the window (4096 KiB, as much as Linux gives a socket to send from by default); the
// bandwidth, in 10^6 bytes, is shared by all connections and its own for each direction. Without loss, so the window
// never shrinks; without TLS, whose handshake would take another round trip or two.
#include "wire_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connected_to(int port) {
  const sockaddr_in address = loopback(port);
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server >= 0 && ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return server;
  if (server >= 0) ::close(server);
  return -1;
}

void serve(int client, int port, const Wire& wire, Bandwidth& up, Bandwidth& down) {
  const int server = connected_to(port);
  if (server >= 0) {
    const int yes = 1;
    for (const int end : {client, server}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const auto established = WireClock::now() + wire.round_trip;
    std::thread back([&] { Direction(server, client, wire, down, established).run(); });
    Direction(client, server, wire, up, established).run();
    back.join();
    ::close(server);
  }
  ::close(client);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 5) {
    static_cast<void>(std::fputs("usage: wire-proxy PORT ROUND_TRIP_MS [MB_PER_SECOND [WINDOW_KIB]]\n", stderr));
    return 3;
  }
  Wire wire;
  wire.round_trip = std::chrono::duration_cast<WireClock::duration>(
      std::chrono::duration<double, std::milli>(std::strtod(argv[2], nullptr)));
  const double rate = argc > 3 ? std::strtod(argv[3], nullptr) * 1e6 : 0;
  if (argc > 4) wire.window = std::strtoul(argv[4], nullptr, 10) * 1024;
  Bandwidth up(rate);
  Bandwidth down(rate);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, length) != 0 || ::listen(listener, 128) != 0 ||
      ::getsockname(listener, generic, &length) != 0) {
    std::perror("wire-proxy: cannot listen on 127.0.0.1");
    return 4;
  }
  std::printf("%d\n", ntohs(address.sin_port));
  static_cast<void>(std::fflush(stdout));
  const auto port = static_cast<int>(std::strtol(argv[1], nullptr, 10));
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    std::thread([&, client] { serve(client, port, wire, up, down); }).detach();
  }
}
