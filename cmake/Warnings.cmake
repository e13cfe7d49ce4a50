# Warnings for our own targets: link them to tapster_warnings.
add_library(tapster_warnings INTERFACE)
target_compile_options(tapster_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>  # raised falsely in std::optional, up to GCC 13
  $<$<BOOL:${TAPSTER_WERROR}>:-Werror>)
