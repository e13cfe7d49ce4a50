#include <tapster/error.h>

#include <system_error>

namespace tapster {

Error system_error(int error_number, const std::string& action, const std::string& path) {
  return error(ErrorKind::general, "{} {}: {}", action, path, std::generic_category().message(error_number));
}

}  // namespace tapster
