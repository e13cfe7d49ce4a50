if(TAPSTER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TAPSTER_SANITIZE)
  # -g1: lines for the reports, at two thirds of the time to compile.
  add_compile_options(-fsanitize=${TAPSTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${TAPSTER_SANITIZE})
endif()
