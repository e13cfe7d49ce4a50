# Third-party libraries. Codecs are linked statically by default: wal-archive is started for every
# segment, and each shared library costs a start-up that only some runs would use.
find_package(Threads REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(TAPSTER_PQ REQUIRED IMPORTED_TARGET libpq)  # only barman-cloud-backup ends up with it

# tapster_codec(NAME LIBRARY): an imported target tapster::NAME for libLIBRARY.
function(tapster_codec name library header)
  if(TAPSTER_STATIC_CODECS)
    find_library(TAPSTER_${name}_LIBRARY NAMES lib${library}.a ${library} REQUIRED)
  else()
    find_library(TAPSTER_${name}_LIBRARY NAMES ${library} REQUIRED)
  endif()
  find_path(TAPSTER_${name}_INCLUDE NAMES ${header} REQUIRED)
  add_library(tapster::${name} UNKNOWN IMPORTED)
  set_target_properties(tapster::${name} PROPERTIES
    IMPORTED_LOCATION ${TAPSTER_${name}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${TAPSTER_${name}_INCLUDE})
endfunction()

tapster_codec(zlib z zlib.h)
tapster_codec(deflate deflate libdeflate.h)
tapster_codec(bz2 bz2 bzlib.h)
tapster_codec(lzma lzma lzma.h)
tapster_codec(zstd zstd zstd.h)
tapster_codec(lz4 lz4 lz4frame.h)
tapster_codec(snappy snappy snappy.h)
tapster_codec(pugixml pugixml pugixml.hpp)

# The fastest gzip, where it exists (x86-64, arm64): its headers, the library is opened at first use.
find_path(TAPSTER_ISAL_INCLUDE NAMES isa-l/igzip_lib.h)

# Debian 13's lz4 takes its checksums from a library of their own, which a static one does not bring along.
pkg_check_modules(TAPSTER_LZ4 REQUIRED liblz4)
if(xxhash IN_LIST TAPSTER_LZ4_LIBRARIES)
  tapster_codec(xxhash xxhash xxhash.h)
  set_property(TARGET tapster::lz4 APPEND PROPERTY INTERFACE_LINK_LIBRARIES tapster::xxhash)
endif()
