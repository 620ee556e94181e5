# SPDX-License-Identifier: BSL-1.0
# What typegrad stands on, looked up in one way for its own build and for those who install it.

# Sets TYPEGRAD_MISSING to what was looked for and not found good enough. A macro: find_package sets
# variables that its caller may want.
macro(typegrad_find_dependencies)
  if(POLICY CMP0167)
    cmake_policy(SET CMP0167 NEW)
  endif()
  # A project that adds typegrad by add_subdirectory links these from outside this folder.
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
  set(TYPEGRAD_MISSING "")
  foreach(package "Boost 1.74" "xsimd 13" "xtl 0.7" "xtensor 0.25")
    string(REPLACE " " ";" package "${package}")
    list(POP_FRONT package name)
    find_package(${name} ${package} QUIET)
    if(NOT ${name}_FOUND)
      list(APPEND TYPEGRAD_MISSING "${name}")
    endif()
  endforeach()
  find_package(OpenMP QUIET COMPONENTS CXX)
  find_package(ZLIB QUIET)
endmacro()

# As above; what is missing is fetched from its home, at the version that the tests know.
macro(typegrad_find_or_fetch_dependencies)
  typegrad_find_dependencies()
  if(TYPEGRAD_MISSING)
    message(STATUS "typegrad: fetching what was not found: ${TYPEGRAD_MISSING}")
    include(FetchContent)
    # Headers only, none of their build files: what they would install is not ours to install.
    function(typegrad_fetch name target repository tag)
      FetchContent_Declare(${name} GIT_REPOSITORY https://github.com/${repository} GIT_TAG ${tag}
                           GIT_SHALLOW TRUE SOURCE_SUBDIR no-build-files)
      FetchContent_MakeAvailable(${name})
      add_library(${target} INTERFACE IMPORTED GLOBAL)
      target_include_directories(${target} INTERFACE ${${name}_SOURCE_DIR}/include)
    endfunction()
    if("Boost" IN_LIST TYPEGRAD_MISSING)
      typegrad_fetch(hana Boost::headers boostorg/hana boost-1.84.0)
    endif()
    if("xsimd" IN_LIST TYPEGRAD_MISSING)
      typegrad_fetch(xsimd xsimd xtensor-stack/xsimd 13.2.0)
    endif()
    if("xtl" IN_LIST TYPEGRAD_MISSING)
      typegrad_fetch(xtl xtl xtensor-stack/xtl 0.7.7)
    endif()
    if("xtensor" IN_LIST TYPEGRAD_MISSING)
      typegrad_fetch(xtensor xtensor xtensor-stack/xtensor 0.25.0)
    endif()
  endif()
endmacro()

# typegrad_link_dependencies(TARGET [BUILD_INTERFACE]): what was found, as TARGET's interface; with
# BUILD_INTERFACE only inside this build (an installed package looks for itself).
function(typegrad_link_dependencies target)
  set(open "")
  set(close "")
  if("BUILD_INTERFACE" IN_LIST ARGN)
    set(open "$<BUILD_INTERFACE:")
    set(close ">")
  endif()
  target_link_libraries(${target} INTERFACE ${open}xtl${close} ${open}xtensor${close}
                        ${open}Boost::headers${close})
  # xsimd's headers, not its target: Debian's adds a definition that pulls in xtl's complex numbers,
  # and then a program built by include path alone would have other kernels under the same names.
  target_include_directories(${target} SYSTEM INTERFACE
    ${open}$<TARGET_PROPERTY:xsimd,INTERFACE_INCLUDE_DIRECTORIES>${close})
  if(OpenMP_CXX_FOUND)
    target_link_libraries(${target} INTERFACE ${open}OpenMP::OpenMP_CXX${close})
  endif()
  if(ZLIB_FOUND)
    target_link_libraries(${target} INTERFACE ${open}ZLIB::ZLIB${close})
    target_compile_definitions(${target} INTERFACE ${open}TYPEGRAD_HAS_ZLIB=1${close})
  else()
    target_compile_definitions(${target} INTERFACE ${open}TYPEGRAD_HAS_ZLIB=0${close})
  endif()
endfunction()
