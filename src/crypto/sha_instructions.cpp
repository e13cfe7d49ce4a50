#include "crypto/sha_instructions.h"

#include <tapster/environment.h>

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdlib>
#include <string>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace tapster {

#if defined(__x86_64__)
namespace {

constexpr unsigned kExtendedFeatures = 7, kShaInEbx = 1U << 29U;

// OPENSSL_ia32cap is up to two numbers, "0x1:0x2". The lower half of the second one replaces EBX; after '~' it names
// the bits of EBX to clear.
bool hidden(const std::string& capabilities) {
  const std::size_t colon = capabilities.find(':');
  if (colon == std::string::npos) return false;
  const bool clears = capabilities[colon + 1] == '~';
  const bool named = (std::strtoull(capabilities.c_str() + colon + 1 + (clears ? 1 : 0), nullptr, 0) & kShaInEbx) != 0;
  return named == clears;
}

}  // namespace

bool has_sha_instructions(const Environment& environment) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(kExtendedFeatures, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kShaInEbx) != 0 &&
         !hidden(environment.get("OPENSSL_ia32cap").value_or(""));
}

#elif defined(__aarch64__)

bool has_sha_instructions(const Environment&) {
  constexpr unsigned long kSha2 = 1U << 6U;  // HWCAP_SHA2
  return (getauxval(AT_HWCAP) & kSha2) != 0;
}

#else

bool has_sha_instructions(const Environment&) { return true; }

#endif

}  // namespace tapster
