if(TAPSTER_SANITIZE)
  add_compile_options(-fsanitize=${TAPSTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TAPSTER_SANITIZE})
endif()
