#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Loads tests/io/architecture_*.json with Keras and compares parameter counts and predictions.

usage: check_architecture.py    (Keras 3 with any back end; see requirements.txt)

architecture.safetensors has, for each model, weights by their paths, inputs, and typegrad's
predictions for them. A weight's path with '_' for '/' begins with the name of Keras's layer, which
has it at the same place among its weights.
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy
from safetensors.numpy import load_file

folder = pathlib.Path(__file__).resolve().parent.parent / "io"
stored = load_file(folder / "architecture.safetensors")
wrong = 0
for path in sorted(folder.glob("architecture_*.json")):
    name = path.stem.removeprefix("architecture_")
    mine = {key.removeprefix(name + "/"): value for key, value in stored.items()
            if key.startswith(name + "/")}
    model = keras.models.model_from_json(path.read_text())
    weights = {key.removeprefix("weights/"): value for key, value in mine.items()
               if key.startswith("weights/")}
    counted = sum(value.size for value in weights.values())
    for layer in model.layers:
        for weight in layer.weights:
            own = [key for key in weights
                   if key.replace("/", "_") == f"{layer.name}_{weight.name}"]
            if not own and isinstance(layer, keras.layers.DepthwiseConv2D):
                own = [f"{layer.name}/kernel"]
            if len(own) != 1:
                sys.exit(f"{name}: {layer.name} has {weight.name}, stored are {sorted(weights)}")
            weight.assign(weights.pop(own[0]))
    inputs = [mine["inputs/" + i.name] for i in model.inputs]
    inputs = [x.astype(i.dtype) for x, i in zip(inputs, model.inputs)]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    error = max(float(numpy.max(numpy.abs(y - mine[f"outputs/{k}"]) / numpy.maximum(1, abs(y))))
                for k, y in enumerate(outputs))
    good = (model.count_params() == counted and not weights and error < 1e-5 and
            len(outputs) == sum(key.startswith("outputs/") for key in mine))
    wrong += not good
    print(f"{name}: {model.count_params()} parameters of {counted}, "
          f"error {error:.1e}{'' if good else '  WRONG'}")
sys.exit(wrong > 0)
