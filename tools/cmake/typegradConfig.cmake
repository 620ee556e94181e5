# SPDX-License-Identifier: BSL-1.0
# find_package(typegrad): the targets typegrad::typegrad and typegrad::native; typegrad::thrust (the
# component `thrust`) where Thrust's headers are found; typegrad::cuda (the component `cuda`) where
# the project has enabled the language CUDA before.
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

include(${CMAKE_CURRENT_LIST_DIR}/thrust.cmake)
typegrad_add_thrust()
typegrad_add_cuda()
foreach(typegrad_component IN LISTS typegrad_FIND_COMPONENTS)
  if(TARGET typegrad::${typegrad_component})
    set(typegrad_${typegrad_component}_FOUND TRUE)
  elseif(typegrad_FIND_REQUIRED_${typegrad_component})
    set(typegrad_FOUND FALSE)
    set(typegrad_NOT_FOUND_MESSAGE "typegrad has no typegrad::${typegrad_component} here")
    if(typegrad_component STREQUAL "cuda")
      string(APPEND typegrad_NOT_FOUND_MESSAGE
             "; enable the language CUDA before: project(... LANGUAGES CXX CUDA)")
    elseif(typegrad_component STREQUAL "thrust")
      string(APPEND typegrad_NOT_FOUND_MESSAGE
             "; set TYPEGRAD_THRUST_INCLUDE_DIR to the folder that thrust/ is in")
    endif()
  endif()
endforeach()
