# SPDX-License-Identifier: BSL-1.0
# find_package(typegrad): the targets typegrad::typegrad and typegrad::native.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
typegrad_find_dependencies()
if(TYPEGRAD_MISSING)
  list(JOIN TYPEGRAD_MISSING ", " TYPEGRAD_MISSING)
  set(typegrad_FOUND FALSE)
  set(typegrad_NOT_FOUND_MESSAGE
      "typegrad needs ${TYPEGRAD_MISSING}; install them or add their folder to CMAKE_PREFIX_PATH")
  return()
endif()
if(NOT TARGET typegrad::typegrad)
  include(${CMAKE_CURRENT_LIST_DIR}/typegradTargets.cmake)
  typegrad_link_dependencies(typegrad::typegrad)
endif()
