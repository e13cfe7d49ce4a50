// "Scalability and performance targets for Blob storage", of service versions since 2019-12-12.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapster::azure_limits {

inline constexpr std::uint64_t kMaxPut = 5000ULL << 20U;    // of one Put Blob, bytes
inline constexpr std::uint64_t kMaxBlock = 4000ULL << 20U;  // of one Put Block, bytes
inline constexpr int kMaxBlocks = 50'000;                   // of one blob
inline constexpr std::size_t kMaxBatch = 256;               // requests in one Blob Batch

}  // namespace tapster::azure_limits
