// SPDX-License-Identifier: BSL-1.0
#pragma once

// A program's globals may have the names of the library's locals: g++ would warn of those in
// lambdas that it instantiates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

// nn/model.hpp comes first: the sentence about a wrong model then stands near the top of the
// compiler's output, behind fewer lines of "In file included from".
#include <typegrad/nn/model.hpp>

#include <typegrad/nn/activation.hpp>
#include <typegrad/nn/batch.hpp>
#include <typegrad/nn/batch_normalization.hpp>
#include <typegrad/nn/conv.hpp>
#include <typegrad/nn/conv_transpose.hpp>
#include <typegrad/nn/cropping.hpp>
#include <typegrad/nn/dense.hpp>
#include <typegrad/nn/depthwise_conv.hpp>
#include <typegrad/nn/dropout.hpp>
#include <typegrad/nn/einsum_dense.hpp>
#include <typegrad/nn/embedding.hpp>
#include <typegrad/nn/frozen.hpp>
#include <typegrad/nn/functional.hpp>
#include <typegrad/nn/group_normalization.hpp>
#include <typegrad/nn/lambda.hpp>
#include <typegrad/nn/layer_normalization.hpp>
#include <typegrad/nn/losses.hpp>
#include <typegrad/nn/merge.hpp>
#include <typegrad/nn/metrics.hpp>
#include <typegrad/nn/network.hpp>
#include <typegrad/nn/noise.hpp>
#include <typegrad/nn/permute.hpp>
#include <typegrad/nn/pooling.hpp>
#include <typegrad/nn/rebind.hpp>
#include <typegrad/nn/repeat_vector.hpp>
#include <typegrad/nn/reshape.hpp>
#include <typegrad/nn/rms_normalization.hpp>
#include <typegrad/nn/separable_conv.hpp>
#include <typegrad/nn/sequential.hpp>
#include <typegrad/nn/submodel.hpp>
#include <typegrad/nn/up_sampling.hpp>
#include <typegrad/nn/with_name.hpp>
#include <typegrad/nn/zero_padding.hpp>
#include <typegrad/ops/registry.hpp>  // all ops, for layers of one's own

#pragma GCC diagnostic pop
