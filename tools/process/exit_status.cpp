#include "process/exit_status.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <exception>
#include <new>

namespace tapster {

int run_command(std::string_view prefix, NetworkExit network_exit, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& failure) {
    log::error("{}: {}", prefix, failure.what());
    if (failure.kind() == ErrorKind::network) return static_cast<int>(network_exit);
    return static_cast<int>(failure.kind());
  } catch (const std::bad_alloc&) {
    log::error("{}: out of memory", prefix);
  } catch (const std::exception& failure) {
    log::error("{}: internal error: {}", prefix, failure.what());
  }
  return static_cast<int>(ErrorKind::general);
}

}  // namespace tapster
