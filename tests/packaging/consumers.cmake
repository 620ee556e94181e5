# SPDX-License-Identifier: BSL-1.0
# The consumers: the one of typegrad::typegrad, and those of the PARTS.
add_executable(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer.cpp)
target_link_libraries(consumer PRIVATE typegrad::typegrad)
if("thrust" IN_LIST PARTS)
  add_executable(consumer_thrust ${CMAKE_CURRENT_LIST_DIR}/consumer_thrust.cpp)
  target_link_libraries(consumer_thrust PRIVATE typegrad::thrust)
endif()
if("cuda" IN_LIST PARTS)
  add_executable(consumer_cuda ${CMAKE_CURRENT_LIST_DIR}/consumer_cuda.cu)
  target_link_libraries(consumer_cuda PRIVATE typegrad::cuda)
endif()
